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

_NOT_OURS = ("flagfile", "undefok")
_LONGEST_NAME = 80


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
        if isinstance(values[name].value, str):  # Shells leave the ~ of --flag=~/x.
            values[name].value = os.path.expanduser(values[name].value)
    if rest:
        raise ValueError(f"Every argument must be a flag. Received: {rest[0]!r}")
    _check_backend()
    return values


class _Integer(flags.ArgumentParser):
    """Reads an integer from `least` to `most`."""

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


def _bad_value(error, values):
    """The error for a value that the parser of a flag has refused."""
    reason = error.__context__
    given = str(error).removeprefix("flag --").removesuffix(f": {reason}")
    name, _, value = given.partition("=")
    expected = "must be true or false" if values[name].boolean else reason
    shown = value if re.fullmatch(r"-?[0-9]+", value) else repr(value)
    return ValueError(f"`{name}` {expected}. Received: {name}={shown}")


def _check_names(arguments, names, keys):
    """Raises `ValueError` for flags of `absl` itself, or what it takes long to read."""
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
    """Raises `ValueError` for another backend; Keras' own file does not count."""
    backend = os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    if backend not in ("", "tensorflow"):
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


def main(program, argv, define, about, action, keys=()):
    """Does what flags ask for, or shows help; returns the exit code.

    Args:
        program: An `_endings.Program`.
        argv: As `define`, `about` and `keys` in `parse`.
        action: A function of the flags.
    """
    with _streams(), _signals.handled(), _pipes.lasting(), program.ending():
        values = parse(argv, define, about, keys)
        if values is not None:
            program.workdir = values.workdir
            action(values)
        sys.stdout.flush()
    return 0


@contextlib.contextmanager
def _streams():
    """Lets anything be printed: to no stream at all, or letters that it has not."""
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
    """Keeps back what TensorFlow prints when it is imported.

    TensorFlow 2.21 prints some lines whatever TF_CPP_MIN_LOG_LEVEL says. Whoever
    sets it to less than 3 sees all of them.
    """
    if os.environ["TF_CPP_MIN_LOG_LEVEL"] != "3":
        yield
        return
    with _held_stderr():
        yield
    for name in ("tensorflow", "absl"):  # The latter is TensorFlow Datasets'.
        logging.getLogger(name).setLevel(logging.ERROR)


def _scratch_file():
    try:
        return tempfile.TemporaryFile()
    except OSError:  # There is no room for it.
        return open(os.devnull, "w+b")


@contextlib.contextmanager
def _held_stderr():
    """Keeps back what is written to the file of stderr; errors get it as a note."""
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
