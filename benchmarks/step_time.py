"""Times of a training step, next to what people would use instead.

    python -m benchmarks.step_time --python=torch=PYTHON --output=FILE
    python -m benchmarks.step_time --workloads=growth --contenders=fit --output=FILE
    python -m benchmarks.step_time --workloads= --probes=start,checkpoint --output=FILE
    python -m benchmarks.step_time --output=FILE --markdown=docs/performance.md

Each contender trains in a process of its own. The contenders of a workload take turns,
in rounds, so that the machine's moods meet all of them. A contender without its
framework is skipped: PyTorch and JAX come with the extra `speed`, or have a Python of
their own, `--python`.

A workload's results replace its earlier ones in `--output`, where all others stay, so
that a measurement may be split. `--markdown` measures nothing. It writes the tables
into a page and draws its figures.
"""

import datetime
import json
import os
import pathlib
import platform
import subprocess
import sys

from absl import app
from absl import flags

from benchmarks import _results
from benchmarks._commit import commit
from benchmarks._speed import contenders
from benchmarks._speed import flops
from benchmarks._speed import probes
from benchmarks._speed import processes
from benchmarks._speed import report
from benchmarks._speed import workloads

GROUPS = {
    "targets": workloads.TARGETS,
    "tricks": tuple(workloads.TRICKS),
    "growth": tuple(workloads.GROWTH),
    "all": tuple(workloads.ROWS),
}
# JAX's convolutions are many times slower on a CPU.
USUAL = [
    name
    for name in contenders.ROWS
    if name not in ("jax", "fit_xla", "keras_no_xla", "pipeline")
]


def chosen(names):
    """Returns the names of workloads, with groups replaced by their members."""
    return [each for name in names for each in GROUPS.get(name, (name,))]


def pairs_of(name, contestants):
    """Returns the contenders that train a workload, and `fit` of its baseline."""
    workload = workloads.ROWS[name]
    pairs = [
        (each, name) for each in contestants if contenders.ROWS[each].trains(workload)
    ]
    return pairs + [("fit", workload.baseline)] * bool(workload.baseline)


def measure(name, contestants, rounds, seconds, pythons=None, peaks=None):
    """Returns the results of a workload.

    Args:
        name: Name of the workload.
        contestants: Names of contenders.
        rounds: Number of rounds.
        seconds: How long a turn takes, about.
        pythons: The Python of each engine that has one of its own.
        peaks: The fastest product of this machine by precision, in GFLOP/s.
    """
    workload = workloads.ROWS[name]
    done = processes.measured(
        pairs_of(name, contestants),
        rounds=rounds,
        seconds=seconds,
        granularity=workload.steps_per_execution,
        pythons=pythons or {},
    )
    own = {each.contender: each for each in done if each.workload == name}
    check_parameters(workload, own)
    return {
        "gflop": round(flops.of_step(workload) / 1e9, 4),
        "peak": (peaks or {}).get(workload.precision),
        "contenders": {key: each.result() for key, each in own.items()},
        "baseline": next((p.result() for p in done if p.workload != name), None),
        "commit": commit(),
    }


def check_parameters(workload, running):
    """Raises `RuntimeError` if contenders train different networks."""
    layers = workload.generator_layers + workload.discriminator_layers
    expected = flops.parameters(layers)
    counts = {name: each.parameters for name, each in running.items()}
    if any(count != expected for count in counts.values()):
        raise RuntimeError(f"Contenders differ: {counts} weights, not {expected}.")


def measured_peaks():
    command = [sys.executable, "-m", "benchmarks._speed.peak"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return json.loads(output)


def machine():
    """Returns what the results depend on besides the code."""
    info = pathlib.Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [
        line.partition(": ")[2] for line in lines if line.startswith("model name")
    ]
    return {
        "processor": models[0] if models else platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "date": datetime.date.today().isoformat(),
    }


def summary(name, result):
    times = {key: each["milliseconds"] for key, each in result["contenders"].items()}
    if result["baseline"]:
        times["baseline"] = result["baseline"]["milliseconds"]
    return f"{name}: {times}"


def measure_all(results, path):
    """Measures what the flags choose, and stores it after each workload."""
    names = chosen(flags.FLAGS.workloads)
    pythons = dict(each.split("=", 1) for each in flags.FLAGS.python)
    results["machine"] = machine()
    if names:
        results["peaks"] = measured_peaks()
        print(results["peaks"], flush=True)
    options = {
        "rounds": flags.FLAGS.rounds,
        "seconds": flags.FLAGS.seconds,
        "pythons": pythons,
    }
    for name in names:
        result = measure(
            name, flags.FLAGS.contenders, peaks=results["peaks"], **options
        )
        results["workloads"][name] = result
        print(summary(name, result), flush=True)
        _results.write(path, results)
    for name in flags.FLAGS.probes:
        results["probes"][name] = probes.ROWS[name]() | {"commit": commit()}
        print(f"{name}: {results['probes'][name]}", flush=True)
        _results.write(path, results)


def main(_):
    path = flags.FLAGS.output
    results = _results.read(path, {"workloads": {}, "probes": {}})
    if flags.FLAGS.markdown:
        report.write(results, pathlib.Path(flags.FLAGS.markdown))
    else:
        measure_all(results, path)


if __name__ == "__main__":
    flags.DEFINE_list(
        "workloads", ["targets"], f"Names of workloads, or of {', '.join(GROUPS)}."
    )
    flags.DEFINE_list("contenders", USUAL, "Names of contenders.")
    flags.DEFINE_list("probes", [], f"Any of {', '.join(probes.ROWS)}.")
    flags.DEFINE_integer("rounds", 5, "Number of turns of each contender.")
    flags.DEFINE_float("seconds", 0.8, "How long a turn takes, about.")
    flags.DEFINE_list("python", [], "Pythons of engines, such as torch=PATH,jax=PATH.")
    flags.DEFINE_string("output", None, "JSON file for the results.")
    flags.DEFINE_string("markdown", None, "Page for the results in --output.")
    app.run(main)
