"""Exit codes and errors of programs after unexpected failures."""

import os
import pathlib
import subprocess
import sys
import tempfile

import pytest

import launch
from launch import export
from launch import sample
from launch import train
from tests.launch.programs import ROOT
from tests.launch.programs import files
from tests.launch.programs import run
from tests.launch.test_cli import folder as folder


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Makes the folder for temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def trace(capsys, program, told):
    """Returns the path of the file with the full trace, which the error names."""
    line = capsys.readouterr().err.rstrip("\n")
    begin = f"{program.PROGRAM}: error: {told}. The full trace is in "
    assert line.startswith(begin), line
    return pathlib.Path(line.removeprefix(begin))


class Broken:
    """Stands for `launch._build` and its runs; every method raises an error."""

    def __init__(self, error):
        self.error = error

    def fail(self, *_):
        raise self.error

    run = restored = train = fail


ERRORS = [
    ValueError("a bug\nof two lines"),
    OSError("a bug"),
    TypeError("a bug"),
    MemoryError("a bug."),
    RecursionError("a bug"),
    ImportError("a bug"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize(
    ("program", "arguments"),
    [
        (train, ["workdir={tmp}/new/run", "preset=ring8"]),
        (sample, ["workdir={tmp}/trained", "output={tmp}/new.png"]),
        (export, ["workdir={tmp}/trained", "output={tmp}/new"]),
    ],
)
def test_unexpected_errors_are_one_line_and_a_trace_in_a_file(
    error, program, arguments, folder, temporary, monkeypatch, capsys
):
    monkeypatch.setattr(launch, "_build", Broken(error), raising=False)
    before = files(folder)
    assert run(program, *(text.format(tmp=folder) for text in arguments)) == 1
    path = trace(capsys, program, f"{type(error).__name__}: a bug")
    in_run = program is not train
    assert path.parent == (folder / "trained" if in_run else temporary)
    assert "Traceback" in path.read_text() and "in fail" in path.read_text()
    path.unlink()
    assert files(folder) == before and not (folder / "new").exists()


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_errors_of_the_run_itself_are_not_hidden(
    error, tmp_path, temporary, monkeypatch, capsys
):
    class Builder:
        def run(self, *_):
            return Broken(error)

    monkeypatch.setattr(launch, "_build", Builder(), raising=False)
    assert run(train, f"workdir={tmp_path}/run", "preset=ring8") == 1
    path = trace(capsys, train, f"{type(error).__name__}: a bug")
    assert "run.train()" in path.read_text()


def test_a_trace_that_cannot_be_written_is_still_one_line(monkeypatch, capsys):
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    monkeypatch.setattr(launch, "_build", Broken(TypeError("a bug")), raising=False)
    assert run(train, "workdir=/dev/shm/never", "preset=ring8") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("TypeError: a bug. There is no room for its full trace.")


@pytest.mark.parametrize(
    ("redirection", "code", "told"),
    [
        ("| head -1", 0, ""),
        (">&-", 0, ""),
        (">&- 2>&-", 0, ""),
        ("> /dev/full", 2, "tfgan-train: error: [Errno 28] No space left on device\n"),
        ("> /dev/full 2> /dev/full", 2, ""),
    ],
)
def test_output_that_cannot_be_written(redirection, code, told):
    command = f"set -o pipefail; {sys.executable} -m launch.train --help {redirection}"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True)
    assert (done.returncode, done.stderr.decode()) == (code, told)


BLOCKED_IMPORT = """
import sys
from importlib.abc import MetaPathFinder

class Broken(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "tensorflow":
            import os
            os.write(2, b"the library is too old\\n")
            raise ImportError("cannot open shared object file")

sys.meta_path.insert(0, Broken())
from launch import train
sys.exit(train.main(["program", "--preset=ring8", "--workdir=" + sys.argv[1]]))
"""


def test_an_import_of_tensorflow_that_fails_is_one_line(tmp_path):
    command = [sys.executable, "-c", BLOCKED_IMPORT, f"{tmp_path}/run"]
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    result = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env=environment
    )
    assert (result.returncode, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert "error: ImportError: cannot open shared object file. The full" in line
    (path,) = tmp_path.iterdir()
    assert line.endswith(f" {path}") and "the library is too old" in path.read_text()
