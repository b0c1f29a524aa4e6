"""Trains a GAN: `python -m launch.train`, or `tfgan-train`."""

import contextlib
import sys

from absl import flags

from launch import _cli
from launch import _config
from launch import _devices
from launch import _lock
from launch import _plan
from launch import _presets
from launch import _signals
from launch import _tables
from launch import _workdir
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
        _cli.interruptions(PROGRAM),
        contextlib.ExitStack() as until_the_end,
    ):
        with _cli.user_errors(PROGRAM):
            job = _prepared(argv, until_the_end)
        return 0 if job is None else _trained(job)


def _prepared(argv, until_the_end):
    """The training that is asked for, or `None` where there is nothing to train."""
    values = _cli.parse(argv, define_flags, about())
    if values is None:
        return None
    config, workdir, devices = _plan.plan(values)
    if values.dry_run:
        print(_config.to_json(config))
        return None
    if devices.is_chief:
        until_the_end.enter_context(_lock.held(workdir))
    return _cli.runner().prepare(config, workdir, devices)


def _trained(job):
    try:
        job.run()
        return 0
    except FloatingPointError as error:
        return _stopped(error, 1)
    except (ConnectionError, _workdir.DiskFull) as error:
        return _stopped(_to_go_on(job, error), 1)
    except KeyboardInterrupt as error:
        what, code = _signals.words(type(error))
        return _stopped(_to_go_on(job, what), code)


def _to_go_on(job, what):
    step = _workdir.last_step(job.workdir)
    again = f"--workdir={job.workdir} --resume"
    return f"{what} at step {step}; {again} goes on from there."


def _stopped(reason, code):
    print(flush=True)  # Ends the line of the progress bar.
    _cli.complain(PROGRAM, reason)
    return code


def run():
    """The console script."""
    sys.exit(main(sys.argv))


if __name__ == "__main__":
    run()
