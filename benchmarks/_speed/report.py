"""The results as tables and figures of a page."""

import math
import re

from benchmarks._speed import contenders
from benchmarks._speed import flops
from benchmarks._speed import workloads

# The fastest of each is compared with `fit`.
RIVALS = {
    "PyTorch's best": ("torch", "torch_channels_last", "torch_compile"),
    "plain Keras loop": ("keras", "keras_no_xla"),
    "JAX": ("jax",),
    "bare step": ("step",),
}
NONE = "-"
_COLUMNS = 3
GROWTH_FIGURE = {"batch": "batch size", "size": "image size", "width": "width"}


def write(results, page):
    """Writes the tables between the marks of a page, and draws its figures next to it.

    Args:
        results: Results as `benchmarks.step_time` stores them.
        page: Path of the page, whose figures are in the folder of its name.
    """
    text = page.read_text()
    for name, table in tables(results).items():
        text = replaced(text, name, table)
    page.write_text(text)
    folder = page.with_suffix("")
    folder.mkdir(exist_ok=True)
    draw_contenders(results, folder / "contenders.png")
    draw_growth(results, folder / "growth.png")


def replaced(text, name, table):
    """Returns a page with another table between the marks of its name."""
    marks = f"<!-- {name} -->", f"<!-- end of {name} -->"
    between = re.compile(f"(?s)(?<={marks[0]}\n).*?(?=\n{marks[1]})")
    text, count = between.subn(lambda _: f"\n{table}\n", text)
    if count != 1:
        raise ValueError(f"The page must have the marks {marks} once.")
    return text


def tables(results):
    """Returns the tables in Markdown, by name."""
    measured = {
        name: each
        for name, each in results["workloads"].items()
        if "fit" in each["contenders"]
    }
    compared = {
        name: each
        for name, each in measured.items()
        if name not in workloads.GROWTH and name not in workloads.TRICKS
    }
    tricks = {name: measured[name] for name in workloads.TRICKS if name in measured}
    growth = {name: measured[name] for name in workloads.GROWTH if name in measured}
    return {
        "machine": table(["what", "measured"], machine_rows(results)),
        "times": table(*times(compared)),
        "ratios": table(
            ["workload", *RIVALS, "share of peak"],
            [ratios(name, each) for name, each in compared.items()],
        ),
        "tricks": table(
            ["trick", "without, ms", "with, ms", "cost", "cost of its products"],
            [trick(name, each) for name, each in tricks.items() if each["baseline"]],
        ),
        "growth": table(
            ["workload", "`fit`, ms", "data alone, ms", "examples/s", "of peak", "MiB"],
            [grown(name, each) for name, each in growth.items()],
        ),
        "details": table(
            ["workload", "contender", "ms", "range", "of peak", "memory", "first step"],
            [row for name in measured for row in details(name, measured[name])],
        ),
        "probes": table(["what", "measured"], probe_rows(results["probes"])),
    }


def table(header, rows):
    """Returns a table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def title(name):
    row = workloads.ROWS[name]
    half = row.precision == "bfloat16" and "bfloat16" not in row.title
    return f"{row.title}, bfloat16" if half else row.title


def time(result, digits=1):
    return NONE if result is None else f"{result['milliseconds']:.{digits}f}"


def digits_of(result):
    """Returns the number of digits after the point that a workload's times have."""
    times = [each["milliseconds"] for each in result["contenders"].values()]
    return 2 if min(times, default=0.0) < 10 else 1


def times(measured):
    """Returns the header and the rows of the table of medians."""
    names = [
        name
        for name in contenders.ROWS
        if any(name in each["contenders"] for each in measured.values())
    ]
    header = ["ms a step", *(contenders.ROWS[name].title for name in names)]
    rows = []
    for name, each in measured.items():
        cells = [time(each["contenders"].get(key), digits_of(each)) for key in names]
        rows.append([title(name), *cells])
    return header, rows


def best(result, names):
    """Returns the least median of some contenders, or `None`."""
    found = [
        result["contenders"][name]["milliseconds"]
        for name in names
        if name in result["contenders"]
    ]
    return min(found, default=None)


def ratios(name, result):
    """Returns how many times as long as `fit` others take."""
    ours = best(result, ["fit"])
    others = [best(result, names) for names in RIVALS.values()]
    cells = [f"{other / ours:.2f}" if ours and other else NONE for other in others]
    return [title(name), *cells, percent(share(result, ours) if ours else None)]


def trick(name, result):
    workload = workloads.ROWS[name]
    base = workloads.ROWS[workload.baseline]
    without, ours = result["baseline"], result["contenders"]["fit"]
    cost = ours["milliseconds"] / without["milliseconds"] - 1
    products = flops.of_step(workload) / flops.of_step(base) - 1
    cells = [time(without), time(ours), f"{cost:+.0%}", f"{products:+.0%}"]
    return [title(name), *cells]


def share(result, milliseconds):
    """Returns the share of the fastest product that a time is, or `None`."""
    if not result["peak"]:
        return None
    return result["gflop"] / result["peak"] / milliseconds * 1000


def percent(value):
    return NONE if value is None else f"{value:.0%}"


def grown(name, result):
    ours = result["contenders"]["fit"]
    milliseconds = ours["milliseconds"]
    rate = workloads.ROWS[name].batch_size / milliseconds * 1000
    of_peak = percent(share(result, milliseconds))
    alone = time(result["contenders"].get("pipeline"), 2)
    return [title(name), time(ours), alone, f"{rate:.0f}", of_peak, mebibytes(ours)]


def mebibytes(result):
    return f"{result['peak_bytes'] / 2**20:.0f}"


def details(name, result):
    """Yields a row for each contender of a workload."""
    digits = digits_of(result)
    for key, each in result["contenders"].items():
        least, most = min(each["rounds"]), max(each["rounds"])
        yield [
            title(name),
            contenders.ROWS[key].title,
            time(each, digits),
            f"{least:.{digits}f} to {most:.{digits}f}",
            percent(share(result, each["milliseconds"])),
            f"{mebibytes(each)} MiB",
            f"{each['first_step_seconds']:.1f} s",
        ]


def machine_rows(results):
    about = results.get("machine", {})
    rows = [[key, about[key]] for key in ("processor", "cores", "date") if key in about]
    for precision, rate in results.get("peaks", {}).items():
        rows.append([f"products in {precision}", f"{rate:,.0f} GFLOP/s"])
    return rows


STARTS = {
    "help": "`python -m launch.train --help`",
    "import_tensorflow": "`import tensorflow, keras`",
    "import_library": "import of this package after that",
    "first_step": "`python -m launch.train`, until step 1 is logged",
}


def probe_rows(probes):
    rows = [
        [STARTS[name], f"{seconds:.2f} s"]
        for name, seconds in probes.get("start", {}).items()
        if name in STARTS
    ]
    for name, each in probes.get("checkpoint", {}).items():
        if name in workloads.ROWS:
            size = f"{each['bytes'] / 2**20:.0f} MiB"
            rows.append([f"checkpoint, {title(name)}", f"{each['seconds']} s, {size}"])
    for count, each in probes.get("folder", {}).items():
        if count.isdigit():
            size = f"{each['bytes'] / 2**20:.0f} MiB"
            what = f"folder of {int(count):,} 32x32 images, until the first batch"
            rows.append([what, f"{each['seconds']} s, {size}"])
    return rows


def figure(count):
    """Returns a figure, and its axes in rows of three."""
    import matplotlib
    from matplotlib import pyplot

    matplotlib.use("Agg")
    rows = max(1, math.ceil(count / _COLUMNS))
    options = {"layout": "constrained", "squeeze": False, "figsize": (10, 3 * rows)}
    drawn, axes = pyplot.subplots(rows, _COLUMNS, **options)
    for axis in axes.flat[count:]:
        axis.remove()
    return drawn, axes.flat


def save(drawn, path):
    """Writes a figure as a PNG file without a date."""
    from matplotlib import pyplot

    drawn.savefig(path, dpi=100, metadata={"Software": None})
    pyplot.close(drawn)


def draw_contenders(results, path):
    """Draws the times of the DCGAN of 32x32 images, and the time of its products."""
    names = [
        name
        for name in results["workloads"]
        if name in workloads.TARGETS and workloads.ROWS[name].family == "dcgan"
    ]
    names = [name for name in names if name not in workloads.TRICKS]
    drawn, axes = figure(len(names))
    for axis, name in zip(axes, names, strict=False):
        result = results["workloads"][name]
        keys = list(result["contenders"])[::-1]
        values = [result["contenders"][key]["milliseconds"] for key in keys]
        ours = [contenders.ROWS[key].module == "ours" for key in keys]
        colors = ["C0" if own else "0.7" for own in ours]
        labels = [contenders.ROWS[key].title.replace("`", "") for key in keys]
        axis.barh(labels, values, color=colors)
        if result["peak"]:
            limit = 1000 * result["gflop"] / result["peak"]
            axis.axvline(limit, color="k", linestyle=":")
        axis.set_title(title(name), fontsize=9)
        axis.set_xlabel("ms a step")
        axis.tick_params(labelsize=7)
    save(drawn, path)


def draw_growth(results, path):
    """Draws the time of a step against the batch size, the image size and the width."""
    drawn, axes = figure(len(GROWTH_FIGURE))
    for axis, (kind, label) in zip(axes, GROWTH_FIGURE.items(), strict=True):
        points = {
            int(name.rpartition("_")[2]): each["contenders"]["fit"]["milliseconds"]
            for name, each in results["workloads"].items()
            if name in workloads.GROWTH and name.startswith(f"{kind}_")
        }
        axis.loglog(list(points), list(points.values()), "o-", base=2)
        axis.set_xlabel(label)
        axis.set_ylabel("ms a step")
    save(drawn, path)
