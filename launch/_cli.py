"""Flags, help and errors of the programs, without TensorFlow."""

import contextlib
import difflib
import logging
import os
import sys
import tempfile
import textwrap

from absl import flags

from launch.run import _pipes
from launch.run import _signals

_FLAGS = {"folder": "workdir", "data": "dataset", "path": "output"}


def parse(argv, define, about, keys=()):
    """The flags of a command line.

    They are kept apart from `absl.flags.FLAGS`, to which any import may add, and
    whose help shows those of the main module only.

    Args:
        argv: A list of str, the program first.
        define: A function that defines flags in the `absl.flags.FlagValues` it gets.
        about: What `--help` says before and after the list of flags, two str.
        keys: What `--set` takes, to be suggested too.

    Returns:
        The `absl.flags.FlagValues`, or `None` after `--help`.

    Raises:
        ValueError: For an unknown flag, with the nearest one, a value that is none of
            its type, anything that is no flag, or another backend than TensorFlow.
    """
    values = flags.FlagValues()
    define(values)
    names = list(values)
    flags.DEFINE_boolean("help", False, "Show this.", values, short_name="h")
    try:
        rest = values(argv)[1:]
    except flags.UnrecognizedFlagError as error:
        raise _unknown_flag(error, names, keys) from None
    except flags.Error as error:
        raise ValueError(str(error)) from None
    if values.help:
        print(_help([values[name] for name in names], *about))
        return None
    for name in names:
        if isinstance(values[name].value, str):  # Shells leave the ~ of --flag=~/x.
            values[name].value = os.path.expanduser(values[name].value)
    if rest:
        raise ValueError(f"Every argument must be a flag. Received: {rest[0]!r}")
    _check_backend()
    return values


def _unknown_flag(error, names, keys):
    name, value = error.flagname, error.flagvalue.partition("=")[2]
    near = difflib.get_close_matches(name, [*names, *keys], n=1)
    hint = f" Did you mean --{near[0]}?" if near else ""
    if near and near[0] not in names:
        hint = f" Did you mean --set {near[0]}={value or '...'}?"
    return ValueError(f"There is no flag --{name}.{hint}")


def _check_backend():
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    if backend != "tensorflow":
        raise ValueError(
            "`KERAS_BACKEND` must be tensorflow, or not set, for these programs. "
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
    """A text, indented and in lines that are not too long."""
    first_indent = indent if first_indent is None else first_indent
    return textwrap.fill(
        " ".join(text.split()),
        88,
        initial_indent=" " * first_indent,
        subsequent_indent=" " * indent,
        break_long_words=False,
    )


def complain(program, error):
    """Prints an error as one line."""
    text = " ".join(str(error).split())
    for name, flag in _FLAGS.items():  # What the engine calls arguments.
        text = text.replace(f"`{name}`", f"`{flag}`").replace(f" {name}=", f" {flag}=")
    print(f"{program}: error: {text}", file=sys.stderr)


@contextlib.contextmanager
def interruptions(program):
    """Ends the program with one line after a signal, and no trace."""
    try:
        yield
    except BaseException as error:
        signal = _signals.received(error)
        is_end = isinstance(error, SystemExit) and signal is not type(error)
        if signal is None or is_end:
            raise
        what, code = _signals.words(signal)
        complain(program, f"{what}.")
        sys.exit(code)


@contextlib.contextmanager
def user_errors(program):
    """Ends the program with one line for errors in what the user gave, and no trace.

    Nothing else belongs into this context: other errors are ours, and need theirs.
    """
    with interruptions(program):
        try:
            yield
        except (ValueError, OSError) as error:
            complain(program, error)
            sys.exit(2)


def main(program, argv, define, about, action):
    """Does what flags ask for, or shows help; returns the exit code."""
    with _signals.handled(), _pipes.lasting(), user_errors(program):
        values = parse(argv, define, about)
        if values is not None:
            action(values)
    return 0


def builder():
    """The module `launch._build`, imported without what TensorFlow prints when it is.

    TensorFlow 2.21 prints some lines whatever TF_CPP_MIN_LOG_LEVEL says. Whoever
    sets it to less than 3 sees all of them.
    """
    if os.environ["TF_CPP_MIN_LOG_LEVEL"] != "3":
        return _import_builder()
    with _held_stderr():
        build = _import_builder()
    for name in ("tensorflow", "absl"):  # The latter is TensorFlow Datasets'.
        logging.getLogger(name).setLevel(logging.ERROR)
    return build


def _import_builder():
    from launch import _build

    return _build


@contextlib.contextmanager
def _held_stderr():
    """Keeps back what is written to the file of stderr, unless there is an error."""
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except Exception:
            held.seek(0)
            os.write(stderr, held.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(stderr, 2)
            os.close(stderr)
