"""Compares configurations over seeds: `python -m launch.compare`, `tfgan-compare`."""

import importlib.util
import os
import sys

from absl import flags

from launch import _cli
from launch import _endings
from launch import _plan
from launch import _training_flags
from launch import _workdir
from launch._compare import _cells
from launch._compare import _cluster
from launch._compare import _comparison
from launch._compare import _local
from launch._compare import _report
from launch._compare import _results
from launch._compare import _search
from launch._compare import _tensorboard
from launch.config import configuration
from launch.run import _lock
from launch.run import _signals
from tfgan_tricks import _files

PROGRAM = "tfgan-compare"
PAGE = "report.html"
TABLE = "results.csv"
_NOT_PASSED = ("seed",)
_MOST = 10_000


def define_flags(values):
    """Defines the flags of this program in an `absl.flags.FlagValues`."""

    def text(name, meaning, default=None):
        flags.DEFINE_string(name, default, meaning, flag_values=values)

    meaning = (
        "Key of --set and its values, as in trainer=ls_gan,r3_gan. Several --vary "
        "compare every combination of their values."
    )
    flags.DEFINE_multi_string("vary", [], meaning, flag_values=values)
    text("axes", "YAML file with vary, which has lists of values by key, and seeds.")
    text("seeds", "Seeds of each combination, as in 0..4 or 0,3,7. Default: 0..2.")
    meaning = "Folder of the comparison. Default: runs/compare-<preset>-<time>."
    text("workdir", meaning)
    meaning = (
        "Number of runs at once, on this machine or on each machine of the cluster, "
        "which share its cores. 0 only writes the report."
    )
    _cli.define_integer("processes", 1, meaning, values, least=0, most=_MOST)
    text("ray", "Address of a Ray cluster to run on, as in auto or HOST:PORT.")
    meaning = (
        "Let Optuna choose combinations: min:SCORE or max:SCORE, with the name of a "
        "score in the report."
    )
    text("search", meaning)
    meaning = "Number of combinations that --search tries. Default: 20."
    _cli.define_integer("trials", None, meaning, values, least=1, most=_MOST)
    meaning = "Print the commands of the missing runs, one a line, and do nothing."
    flags.DEFINE_boolean("list", False, meaning, flag_values=values)
    _training_flags.define(values, without=_NOT_PASSED)


def about():
    """Returns the texts of `--help` before and after the flags."""
    before = (
        "Trains every combination of some values with several seeds, and writes a "
        "report. The same\ncommand continues. Further flags are for tfgan-train."
    )
    return before, _training_flags.keys()


def main(argv):
    """Runs the program; returns its exit code."""
    program = _endings.Program(PROGRAM, _training_flags.MEANT)
    keys = [key for key in configuration.KEYS if key not in _NOT_PASSED]
    return _cli.main(program, argv, define_flags, about(), _compare, keys)


def _compare(values):
    axes, seeds = _axes(values)
    _cells.check(axes)
    _check_flags(values)
    base, changes = _plan.base(values), _plan.changes(values)
    cells = _cells.cells(base, changes, _passed(values), axes, seeds)
    workdir = values.workdir or _workdir.default(f"compare-{base.preset}")
    _check_folder(workdir)
    for cell in cells:
        if cell.config is not None:
            _check_cell(workdir, cell, values.download)
    if values.list:
        _list(workdir, cells)
        return
    _check_packages(values)
    with _lock.held(workdir, "workdir"):
        comparison = _comparison.Comparison(workdir, cells, _runner(values))
        try:
            _run(comparison, axes, seeds, values)
        except (KeyboardInterrupt, _signals.Terminated) as error:
            what, code = _signals.words(type(error))
            told = f"{what}. {comparison.progress()} The same command continues."
            raise _endings.Stopped(told, code) from error
        results = comparison.results(bool(values.search))
        _write(workdir, results, _command(workdir, values))
    print(f"{comparison.progress()} The report is {os.path.join(workdir, PAGE)}")


def _axes(values):
    """Returns the axes, and the seeds of each combination."""
    if bool(values.vary) == bool(values.axes):
        raise ValueError(
            "`vary` must be given, or `axes`, but not both. "
            f"Received: vary={values.vary!r} with axes={values.axes!r}"
        )
    axes, seeds = _cells.axes(values.vary), None
    if values.axes:
        axes, seeds = _cells.from_file(values.axes)
    if values.seeds is not None or seeds is None:
        seeds = _cells.seeds("0..2" if values.seeds is None else values.seeds)
    return axes, seeds


def _check_flags(values):
    if values.strategy == "multi_worker":
        raise ValueError(
            "`strategy` must not be multi_worker, because each run of a comparison has "
            "one worker. Use --ray for several machines. "
            f"Received: strategy={values.strategy!r}"
        )
    _plan.devices_of(values)
    if values.ray is not None and not values.ray:
        raise ValueError("`ray` must be an address. Received: ray=''")
    if values.trials is not None and values.search is None:
        raise ValueError(
            "`trials` must be given only with --search. "
            f"Received: trials={values.trials}"
        )
    if values.search is not None:
        direction, _, score = values.search.partition(":")
        if direction not in ("min", "max") or not score:
            raise ValueError(
                "`search` must be min:SCORE or max:SCORE. "
                f"Received: search={values.search!r}"
            )
        if not values.processes:
            raise ValueError(
                "`processes` must be at least 1 with --search. Received: processes=0"
            )


def _passed(values):
    """Returns the given flags that are for `launch.train`, as they were given."""
    names = _training_flags.define(flags.FlagValues(), without=_NOT_PASSED)
    return [
        text
        for name in names
        if values[name].present
        for text in _as_arguments(values[name])
    ]


def _as_arguments(flag):
    if flag.boolean:
        return [f"--{flag.name}"] if flag.value else []
    several = flag.value if isinstance(flag.value, list) else [flag.value]
    return [f"--{flag.name}={value}" for value in several]


def _check_folder(workdir):
    """Raises `ValueError` if the folder cannot be one of a comparison."""
    found = _workdir.folder(workdir).holds(_workdir.CONFIG)
    if found:
        raise ValueError(
            "`workdir` must be the folder of a comparison, but contains a run "
            f"({', '.join(found)}). Choose another folder. "
            f"Received: workdir={workdir!r}"
        )


def _check_cell(workdir, cell, download):
    """Raises an error if data are missing, or the folder has another run."""
    cell.config.check_there(download)
    folder = _comparison.folder(workdir, cell.name)
    if not os.path.isfile(os.path.join(folder, _workdir.CONFIG)):
        return
    old = _workdir.read_config(folder)
    refused = configuration.refused_changes(old, cell.config)
    if refused:
        raise ValueError(
            "`workdir` must be another folder for another comparison. Received: "
            f"workdir={workdir!r}, whose run {cell.name} has {', '.join(refused)}"
        )
    _workdir.check_steps(folder, cell.config.steps)


def _check_packages(values):
    """Raises `ValueError` if a package is missing that the flags need."""
    needed = {"jinja2": "compare", "ray": "ray", "optuna": "search"}
    if not values.ray:
        del needed["ray"]
    if not values.search:
        del needed["optuna"]
    for package, extra in needed.items():
        if importlib.util.find_spec(package) is None:
            raise ValueError(
                f"`{package}` must be installed for this. Install it with pip install "
                f"'tfgan_tricks[{extra}]'. Received: no package {package}"
            )


def _list(workdir, cells):
    refused = {cell.label: cell.refused for cell in cells if cell.refused}
    for label, reason in refused.items():
        print(f"{label} is not possible: {reason}", file=sys.stderr)
    for cell in cells:
        if not cell.refused:
            job = _comparison.job(workdir, cell)
            if not job.is_trained:
                print(_comparison.shell(job.training()))


def _runner(values):
    """Returns the function that runs jobs."""
    if values.ray:
        return lambda jobs: _cluster.run(jobs, values.ray, values.processes)
    return lambda jobs: _local.run(jobs, values.processes)


def _run(comparison, axes, seeds, values):
    if not values.processes:
        return
    if values.search is None:
        comparison.run_missing(comparison.cells)
        return
    direction, _, score = values.search.partition(":")
    best = _search.run(
        axes,
        values.trials or 20,
        direction == "min",
        max(1, values.processes // len(seeds)),
        lambda several: comparison.scores(several, score),
    )
    told = ", ".join(f"{key}={value}" for key, value in (best or {}).items())
    print(f"Best for {values.search}: {told or 'no combination has finished'}")


def _write(workdir, results, command):
    """Writes the report, the table and the files for TensorBoard."""
    texts = {PAGE: _report.html(results, command), TABLE: _results.table(results)}
    for name, text in texts.items():
        with _files.whole_file(os.path.join(workdir, name), "workdir") as file:
            file.write(text.encode())
    _tensorboard.write(workdir, results)


def _command(workdir, values):
    """Returns the command of this program for the shell, with the same folder."""
    own = ("vary", "axes", "seeds", "processes", "ray", "search", "trials")
    given = [values[name] for name in own if values[name].present]
    arguments = [text for flag in given for text in _as_arguments(flag)]
    every = [*arguments, *_passed(values), f"--workdir={workdir}"]
    return _comparison.shell(["-m", "launch.compare", *every])


def run():
    """Runs the console script."""
    sys.exit(main(sys.argv))


if __name__ == "__main__":
    run()
