"""The data that samples are compared with, from flags, without TensorFlow."""

import dataclasses
from typing import Annotated
from typing import Any

from absl import flags
from pydantic import BaseModel
from pydantic import ValidationError

from launch.config import changes as changing
from launch.config import errors
from launch.config import fields
from launch.config import help
from launch.config.datasets import Dataset
from launch.config.fields import OneOf
from launch.config.fields import option
from tfgan_tricks import _checks

_OPTIONS = ("data_dir", "image_size", "channels")
_SPLITS = ("train", "test")


class Data(BaseModel):
    """A dataset to compare with."""

    model_config = fields.FORM

    dataset: Annotated[Dataset, OneOf()] = option(
        ..., "Dataset to compare with. Default: the dataset of the run.", flag=True
    )


@dataclasses.dataclass(frozen=True)
class Against:
    """The flags about the data."""

    changes: dict[str, Any]
    split: str
    download: bool

    def dataset(self, of_run: Dataset | None = None, **defaults: Any) -> Dataset:
        """Returns the row of the dataset.

        Args:
            of_run: Dataset of the run, or `None`.
            **defaults: Options that hold if the flags and the dataset do not set them.

        Raises:
            ValueError: If no dataset or an invalid one is given.
            OSError: If its files are missing.
        """
        if "dataset" not in self.changes and of_run is None:
            raise ValueError(
                "`dataset` must be given with --samples, to compare with. "
                "Received: dataset=None"
            )
        entries = {"dataset": {"name": ""} if of_run is None else of_run.model_dump()}
        try:
            found, spelled = changing.applied(Data, entries, self.changes)
            row = Data.model_validate(found).dataset
        except ValidationError as error:
            raise errors.one_line(error, Data, spelled) from None
        unset = {
            name: value
            for name, value in defaults.items()
            if getattr(row, name, value) is None
        }
        row = row.model_copy(update=unset)
        row.check(self.download)
        return row


def define(values):
    """Defines the flags about the data in an `absl.flags.FlagValues`."""
    keys = fields.by_name(Data)
    for name in ("dataset", *_OPTIONS):
        flags.DEFINE_string(name, None, help.meaning(keys[name]), flag_values=values)
    flags.DEFINE_string(
        "split",
        "train",
        "Part of the dataset, train or test. Some datasets have train only.",
        flag_values=values,
    )
    flags.DEFINE_boolean(
        "download",
        False,
        "Download and prepare the dataset tfds:NAME if it is missing.",
        flag_values=values,
    )


def of_flags(values: Any) -> Against:
    """Returns the flags about the data.

    Raises:
        ValueError: If `split` is unknown.
    """
    if values.split not in _SPLITS:
        raise _checks.unknown_name("split", values.split, _SPLITS)
    given = {name: values[name].value for name in ("dataset", *_OPTIONS)}
    changes = {name: value for name, value in given.items() if value is not None}
    return Against(changes, values.split, values.download)
