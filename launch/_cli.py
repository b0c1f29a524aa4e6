"""Flags and help of the programs, without TensorFlow."""

import contextlib
import difflib
import logging
import os
import re
import sys
import tempfile
import textwrap

from absl import flags

from launch.run import _pipes
from launch.run import _signals
from launch.run._folder import CHECKPOINT_NAMES as CHECKPOINTS
from tfgan_tricks import _checks

_NOT_OURS = ("flagfile", "undefok")
_LONGEST_NAME = 80


def parse(argv, define, about, keys=()):
    """Returns the flags of a command line.

    They are separate from `absl.flags.FLAGS`, to which any import may add, and whose
    help shows only the flags of the main module.

    Args:
        argv: List of str, the program first.
        define: Function that defines flags in the `absl.flags.FlagValues` it gets.
        about: Two str, the texts of `--help` before and after the list of flags.
        keys: Keys of `--set`, which errors suggest too.

    Returns:
        The `absl.flags.FlagValues`, or `None` after `--help`.

    Raises:
        ValueError: If a flag is unknown, a value has the wrong type, an argument is not
            a flag, or the backend is not TensorFlow.
    """
    values = flags.FlagValues()
    define(values)
    names = list(values)
    flags.DEFINE_boolean("help", False, "Show this help.", values, short_name="h")
    _check_names(argv[1:], names, keys)
    try:
        rest = values(argv)[1:]
    except flags.UnrecognizedFlagError as error:
        value = error.flagvalue.partition("=")[2]
        raise _unknown_flag(error.flagname, value, names, keys) from None
    except flags.IllegalFlagValueError as error:
        raise _bad_value(error, values) from None
    except (flags.Error, ValueError) as error:
        raise ValueError(str(error)) from None
    if values.help:
        print(_help([values[name] for name in names], *about))
        return None
    for name in names:
        if isinstance(values[name].value, str):  # Shells do not expand --flag=~/x.
            values[name].value = os.path.expanduser(values[name].value)
    if rest:
        raise ValueError(f"Every argument must be a flag. Received: {rest[0]!r}")
    _check_backend()
    return values


class _Integer(flags.ArgumentParser):
    """Parser of an integer from `least` to `most`."""

    syntactic_help = "an integer"

    def __init__(self, least, most):
        self._bounds = least, most

    def parse(self, argument):
        least, most = self._bounds
        is_number = re.fullmatch(r"[+-]?[0-9]{1,20}", str(argument))
        if not is_number or not least <= int(argument) <= most:
            raise ValueError(f"must be an integer from {least} to {most}")
        return int(argument)


def define_integer(name, default, meaning, values, least, most):
    """Defines a flag for an integer that is at least `least` and at most `most`."""
    flags.DEFINE(_Integer(least, most), name, default, meaning, values)


def define_checkpoint(values):
    """Defines the flag for one of a run's two selected checkpoints."""
    flags.DEFINE_string(
        "checkpoint",
        CHECKPOINTS[0],
        "Checkpoint: last, or best for the best one of several that --evaluate_every "
        "of tfgan-train has evaluated.",
        flag_values=values,
    )


def check_checkpoint(name):
    """Raises `ValueError` for an unknown value of this flag."""
    if name not in CHECKPOINTS:
        raise _checks.unknown_name("checkpoint", name, CHECKPOINTS)


def _bad_value(error, values):
    """Returns the error for a value that a flag's parser has rejected."""
    reason = error.__context__
    given = str(error).removeprefix("flag --").removesuffix(f": {reason}")
    name, _, value = given.partition("=")
    expected = "must be true or false" if values[name].boolean else reason
    shown = value if re.fullmatch(r"-?[0-9]+", value) else repr(value)
    return ValueError(f"`{name}` {expected}. Received: {name}={shown}")


def _check_names(arguments, names, keys):
    """Raises `ValueError` for flags of `absl` itself and for very long flags."""
    for argument in arguments:
        name, _, value = argument.lstrip("-").partition("=")
        is_flag = argument.startswith("-")
        if is_flag and (name in _NOT_OURS or len(name) > _LONGEST_NAME):
            raise _unknown_flag(name, value, names, keys)


def _unknown_flag(name, value, names, keys):
    near = difflib.get_close_matches(name[:_LONGEST_NAME], [*names, *keys], n=1)
    hint = f" Did you mean --{near[0]}?" if near else ""
    if near and near[0] not in names:
        hint = f" Did you mean --set {near[0]}={value or '...'}?"
    return ValueError(f"There is no flag --{name}.{hint}")


def _check_backend():
    """Raises `ValueError` for another backend; `keras.json` is ignored."""
    backend = os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    if backend not in ("", "tensorflow"):
        raise ValueError(
            "`KERAS_BACKEND` must be tensorflow or unset for this program. "
            f"Received: KERAS_BACKEND={backend!r}"
        )


def check_suffix(value, suffixes):
    """Raises `ValueError` unless the path that `--output` names has a suffix."""
    if os.path.splitext(value)[1].lower() not in suffixes:
        raise ValueError(
            f"`output` must end in {' or '.join(suffixes)}. Received: output={value!r}"
        )


def _help(known, before, after):
    lines = [before, ""]
    for flag in known:
        kind = "" if flag.boolean else "=..."
        default = f" Default: {flag.default}." if flag.default else ""
        lines += [f"  --{flag.name}{kind}", paragraph(flag.help + default, 8)]
    return "\n".join([*lines, "", after])


def paragraph(text, indent, first_indent=None):
    """Returns a text in indented lines of at most 88 characters."""
    first_indent = indent if first_indent is None else first_indent
    return textwrap.fill(
        " ".join(text.split()),
        88,
        initial_indent=" " * first_indent,
        subsequent_indent=" " * indent,
        break_long_words=False,
    )


def main(program, argv, define, about, action, keys=()):
    """Runs a program with its flags, or shows its help; returns the exit code.

    Args:
        program: An `_endings.Program`.
        argv: List of str, see `parse`.
        define: Function that defines flags, see `parse`.
        about: Texts of `--help`, see `parse`.
        action: Function of the flags, which does the work.
        keys: Keys of `--set`, see `parse`.
    """
    with _streams(), _signals.handled(), _pipes.lasting(), program.ending():
        values = parse(argv, define, about, keys)
        if values is not None:
            program.workdir = getattr(values, "workdir", None)
            action(values)
        sys.stdout.flush()
    return 0


@contextlib.contextmanager
def _streams():
    """Makes every text printable, even without a stream or in its encoding."""
    before = sys.stdout, sys.stderr
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))
        getattr(sys, name).reconfigure(errors="backslashreplace")
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


@contextlib.contextmanager
def quiet_imports():
    """Suppresses what TensorFlow prints when it is imported.

    TensorFlow 2.21 prints some lines regardless of TF_CPP_MIN_LOG_LEVEL. A value below
    3 shows all of them.
    """
    if os.environ["TF_CPP_MIN_LOG_LEVEL"] != "3":
        yield
        return
    with _held_stderr():
        yield
    for name in ("tensorflow", "absl"):  # TensorFlow Datasets logs to absl.
        logging.getLogger(name).setLevel(logging.ERROR)


def _scratch_file():
    try:
        return tempfile.TemporaryFile()
    except OSError:  # The disk is full.
        return open(os.devnull, "w+b")


@contextlib.contextmanager
def _held_stderr():
    """Suppresses what is written to stderr; an error gets it as a note."""
    sys.stderr.flush()
    stderr = os.dup(2)
    with _scratch_file() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except Exception as error:
            held.seek(0)
            error.add_note(held.read().decode(errors="replace"))
            raise
        finally:
            sys.stderr.flush()
            os.dup2(stderr, 2)
            os.close(stderr)
