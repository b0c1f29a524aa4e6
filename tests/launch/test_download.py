"""Datasets of TensorFlow Datasets that are not prepared; the builder is local."""

import shutil

import pytest
import tensorflow_datasets as tfds

from launch import train
from tests.data import tiny_pictures
from tests.launch.programs import TINY
from tests.launch.programs import files
from tests.launch.programs import run

NAME = "tiny_pictures/fixed"
FLAGS = tuple(flag for flag in TINY if "batch_size" not in flag)
FLAGS += (f"dataset=tfds:{NAME}", "batch_size=2", "steps=1")


@pytest.fixture
def told(capsys):
    """Returns a function that runs a program in vain and returns its line of error."""

    def line(*arguments):
        assert run(train, *FLAGS, *arguments) == 2
        (line,) = capsys.readouterr().err.splitlines()
        return line

    return line


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    data_dir = tmp_path_factory.mktemp("prepared")
    tfds.builder(NAME, data_dir=str(data_dir)).download_and_prepare()
    return data_dir


@pytest.mark.parametrize("is_begun", [False, True])
def test_the_line_names_the_command_that_prepares(tmp_path, told, is_begun):
    """The folder shows it before TensorFlow is imported, or the builder does."""
    data_dir = tmp_path / "data"
    (data_dir / "tiny_pictures" if is_begun else data_dir).mkdir(parents=True)
    line = told(f"workdir={tmp_path}/run", f"data_dir={data_dir}")
    assert line == (
        f"tfgan-train: error: `tfds:{NAME}` must be prepared. Prepare it once with the "
        f"same command and --download. Received: data_dir='{data_dir}'"
    )
    assert files(tmp_path) == {} and not (tmp_path / "run").exists()


@pytest.mark.filterwarnings("ignore:`x` has values from")  # The images are dark.
def test_download_prepares_once_and_is_not_part_of_the_run(tmp_path):
    flags = (*FLAGS, f"workdir={tmp_path}/run", f"data_dir={tmp_path}/data")
    assert run(train, *flags, "download") == 0
    made = files(tmp_path / "data")
    assert made and '"download"' not in (tmp_path / "run" / "config.json").read_text()
    again = (f"workdir={tmp_path}/run", "resume", "steps=2")
    assert run(train, *again, "download") == 0
    assert files(tmp_path / "data") == made
    assert run(train, *again[:2], "steps=3") == 0


def test_a_download_that_fails_is_one_line(tmp_path, told, monkeypatch):
    def fail(*_):
        raise ConnectionError("nobody is there\nat all")

    monkeypatch.setattr(tiny_pictures.TinyPictures, "_generate_examples", fail)
    line = told(f"workdir={tmp_path}/run", f"data_dir={tmp_path}/data", "download")
    assert "(nobody is there). Received: --download, data_dir=" in line
    assert "download=True" not in line and not (tmp_path / "run").exists()


def test_a_truncated_record_is_one_line(prepared, tmp_path, told):
    data_dir = tmp_path / "data"
    shutil.copytree(prepared, data_dir)
    (record,) = data_dir.rglob("*train*tfrecord*")
    record.write_bytes(record.read_bytes()[:-7])
    before = files(tmp_path)
    line = told(f"workdir={tmp_path}/run", f"data_dir={data_dir}")
    assert f"`tfds:{NAME}` must be undamaged (" in line
    assert f"Delete '{record.parent}' and prepare it again with the same" in line
    assert files(tmp_path) == before
