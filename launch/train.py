"""Trains a GAN: `python -m launch.train`, or `tfgan-train`."""

import contextlib
import shlex
import sys

from absl import flags

from launch import _cli
from launch import _config
from launch import _plan
from launch import _presets
from launch import _tables
from launch.run import _devices
from launch.run import _files
from launch.run import _lock
from launch.run import _pipes
from launch.run import _signals
from tfgan_tricks import _addons

PROGRAM = "tfgan-train"


def define_flags(values):
    """Defines the flags of this program in an `absl.flags.FlagValues`."""
    names = ", ".join

    def text(name, meaning):
        flags.DEFINE_string(name, None, meaning, flag_values=values)

    def number(name, meaning):
        flags.DEFINE_integer(name, None, meaning, flag_values=values)

    def switch(name, meaning):
        flags.DEFINE_boolean(name, False, meaning, flag_values=values)

    text("preset", f"One of {names(_presets.PRESETS)}. Default: digits.")
    text("trainer", f"One of {names(_tables.TRAINERS)}.")
    text("loss", f"For relativistic trainers, one of {names(_tables.LOSSES)}.")
    text("dataset", f"One of {names(_tables.DATASETS)}. Nothing is downloaded.")
    text("data_dir", "The folder of TensorFlow Datasets, and where a PATH starts.")
    text("optimizer", f"Of TensorFlow Addons: one of {names(_addons.NAMES)}.")
    number("steps", "Training steps.")
    number("batch_size", "Examples in a batch.")
    number("seed", "Of all that is random.")
    text("workdir", "Where all files go. Default: runs/<preset>-<time>.")
    number("checkpoint_every", "Steps from checkpoint to checkpoint.")
    number("sample_every", "Steps from picture to picture.")
    number("rollbacks", "How often to go back, with lower rates, after a divergence.")
    strategy = (
        f"One of {names(_devices.STRATEGIES)}: one device, all GPUs of this machine, "
        "or the machines that TF_CONFIG names."
    )
    flags.DEFINE_string("strategy", "none", strategy, flag_values=values)
    number("num_virtual_devices", "Parts of the CPU that stand for devices.")
    switch("resume", "Go on with the training in --workdir.")
    switch("dry_run", "Print the whole configuration as JSON, and do nothing.")
    meaning = "key=value, for any key below"
    flags.DEFINE_multi_string("set", [], meaning, flag_values=values)


def about():
    """What `--help` says before and after the flags."""
    keys = [
        _cli.paragraph(f"{key}: {field.metadata['meaning']}", 8, first_indent=4)
        for key, field in _config.KEYS.items()
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
    values = _cli.parse(argv, define_flags, about())
    if values is None:
        return None
    config, workdir, devices = _plan.plan(values)
    if values.dry_run:
        print(_config.to_json(config))
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
