"""Trains a GAN: `python -m launch.train`, or `tfgan-train`."""

import contextlib
import os
import shlex
import sys

from absl import flags

from launch import _cli
from launch import _endings
from launch import _plan
from launch import _training_flags
from launch import _workdir
from launch.config import configuration
from launch.run import _devices
from launch.run import _lock
from launch.run import _signals

PROGRAM = "tfgan-train"


def define_flags(values):
    """Defines the flags of this program in an `absl.flags.FlagValues`."""
    _training_flags.define(values)
    meaning = "Run folder, which gets all files. Default: runs/<preset>-<time>."
    flags.DEFINE_string("workdir", None, meaning, flag_values=values)

    def switch(name, meaning):
        flags.DEFINE_boolean(name, False, meaning, flag_values=values)

    switch("resume", "Resume the run in --workdir.")
    switch("dry_run", "Print the complete configuration as JSON, without training.")


def about():
    """Returns the texts of `--help` before and after the flags."""
    before = "Trains a GAN. Without flags it trains on real handwritten digits."
    return before, _training_flags.keys()


def main(argv):
    """Runs the program; returns its exit code."""
    program = _endings.Program(PROGRAM, _training_flags.MEANT)
    return _cli.main(program, argv, define_flags, about(), _train, configuration.KEYS)


def _train(values):
    if values.resume and not values.workdir:
        raise ValueError(
            "`workdir` must be given with --resume, to name the run to resume. "
            f"Received: workdir={values.workdir!r}"
        )
    old = _workdir.read_config(values.workdir) if values.resume else None
    config, devices = _plan.plan(values, old)
    workdir = values.workdir or _workdir.default(config.preset)
    if values.resume:
        _workdir.check_steps(workdir, config.steps)
    elif devices.is_chief:  # Other workers may find the files of worker 0.
        _workdir.check_new(workdir)
    if values.dry_run:
        print(configuration.to_json(config))
        return
    with contextlib.ExitStack() as until_the_end:
        if devices.is_chief:
            until_the_end.enter_context(_lock.held(workdir, "workdir"))
        with _cli.quiet_imports():
            from launch import _build
        run = _build.run(config, workdir, devices, values.download)
        with _to_be_resumed(run):
            run.train()


@contextlib.contextmanager
def _to_be_resumed(run):
    """Makes errors that interrupt a run say how to resume it."""
    try:
        yield
    except (FloatingPointError, _lock.FolderLost) as error:
        raise _endings.Stopped(error) from error
    except OSError as error:  # For example, the disk is full.
        if not _endings.is_of_user(error):
            raise
        raise _endings.Stopped(
            f"{error}. {_resuming(run, 'The run has stopped')}"
        ) from error
    except _devices.WorkersLost as error:
        raise _endings.Stopped(_resuming(run, error)) from error
    except (KeyboardInterrupt, _signals.Terminated) as error:
        what, code = _signals.words(type(error))
        raise _endings.Stopped(_resuming(run, what), code) from error


def _resuming(run, what):
    """Returns what has happened, with the flags that resume the run if possible."""
    told = f"{str(what).removesuffix('.')} at step {run.folder.last_step()}"
    if not os.path.isfile(run.folder.file(_workdir.CONFIG)):
        return f"{told}."
    again = f"--workdir={shlex.quote(run.folder.path)} --resume"
    return f"{told}; {again} continues from there."


def run():
    """Runs the console script."""
    sys.exit(main(sys.argv))


if __name__ == "__main__":
    run()
