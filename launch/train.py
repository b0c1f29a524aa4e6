"""Trains a GAN: `python -m launch.train`, or `tfgan-train`."""

import contextlib
import shlex
import sys

from absl import flags

from launch import _cli
from launch import _plan
from launch.config import configuration
from launch.config import help
from launch.run import _devices
from launch.run import _files
from launch.run import _lock
from launch.run import _pipes
from launch.run import _signals

PROGRAM = "tfgan-train"


def define_flags(values):
    """Defines the flags of this program in an `absl.flags.FlagValues`."""

    def text(name, meaning, default=None):
        flags.DEFINE_string(name, default, meaning, flag_values=values)

    def switch(name, meaning):
        flags.DEFINE_boolean(name, False, meaning, flag_values=values)

    names = ", ".join(configuration.PRESETS)
    text("preset", f"One of {names}. Default: {configuration.DEFAULT}.")
    text("config", "JSON or YAML file of a whole configuration, as a run writes it.")
    for name in configuration.FLAGS:
        text(name, help.meaning(configuration.KEYS[name]))
    text("workdir", "Where all files go. Default: runs/<preset>-<time>.")
    strategy = (
        f"One of {', '.join(_devices.STRATEGIES)}: one device, all GPUs of this "
        "machine, or the machines that TF_CONFIG names."
    )
    text("strategy", strategy, "none")
    flags.DEFINE_integer(
        "num_virtual_devices",
        None,
        "Number of virtual CPU devices, to try --strategy=mirrored without GPUs.",
        flag_values=values,
    )
    switch("resume", "Go on with the run in --workdir.")
    switch("dry_run", "Print the whole configuration as JSON, and do nothing.")
    meaning = "key=value, for any key below, or its row and key, as in trainer.a=-1."
    flags.DEFINE_multi_string("set", [], meaning, flag_values=values)


def about():
    """What `--help` says before and after the flags."""
    keys = [
        _cli.paragraph(f"{name}: {help.meaning(keys)}", 8, first_indent=4)
        for name, keys in configuration.KEYS.items()
    ]
    before = "Trains a GAN; without flags, on real handwritten digits."
    return before, "\n".join(["Keys for --set:", "", *keys])


def main(argv):
    """Runs the program; returns its exit code."""
    with (
        _signals.handled(),
        _pipes.lasting(),
        _cli.interruptions(PROGRAM),
        contextlib.ExitStack() as until_the_end,
    ):
        with _cli.user_errors(PROGRAM):
            run = _prepared(argv, until_the_end)
        return 0 if run is None else _trained(run)


def _prepared(argv, until_the_end):
    """The `Run` that is asked for, or `None` where there is nothing to train."""
    values = _cli.parse(argv, define_flags, about(), configuration.KEYS)
    if values is None:
        return None
    config, workdir, devices = _plan.plan(values)
    if values.dry_run:
        print(configuration.to_json(config))
        return None
    if devices.is_chief:
        until_the_end.enter_context(_lock.held(workdir, "workdir"))
    return _cli.builder().run(config, workdir, devices)


def _trained(run):
    try:
        run.train()
        return 0
    except ValueError as error:
        _cli.complain(PROGRAM, error)
        return 2
    except (FloatingPointError, _lock.FolderLost) as error:
        return _stopped(error, 1)
    except (_devices.WorkersLost, _files.NotWritable) as error:
        return _stopped(_to_resume(run, error), 1)
    except (KeyboardInterrupt, _signals.Terminated) as error:
        what, code = _signals.words(type(error))
        return _stopped(_to_resume(run, what), code)


def _to_resume(run, what):
    """What has happened, and the flags that go on from there."""
    path = shlex.quote(run.folder.path)
    again = f"--workdir={path} --resume"
    return f"{what} at step {run.folder.last_step()}; {again} goes on from there."


def _stopped(reason, code):
    print(flush=True)  # Ends the line of the progress bar.
    _cli.complain(PROGRAM, reason)
    return code


def run():
    """The console script."""
    sys.exit(main(sys.argv))


if __name__ == "__main__":
    run()
