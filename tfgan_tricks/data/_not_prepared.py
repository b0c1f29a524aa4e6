"""The error for data of TensorFlow Datasets that are not there to be read."""


class NotPrepared(FileNotFoundError):
    """A data set of TensorFlow Datasets is not prepared, or is damaged.

    Its message names the call that prepares the data. A program whose users give
    flags names its own with `told`.

    Args:
        dataset: the NAME of `tfds:NAME`.
        data_dir: where the data were looked for; `None` is the default place.
        damage: what is wrong with the data that are there, if there are some.
        folder: the folder of the damaged data.

    >>> error = NotPrepared("mnist", None)
    >>> error.told(how="--download")
    '`tfds:mnist` must be prepared. Prepare it once by --download. Received: ...'
    """

    def __init__(
        self,
        dataset: str,
        data_dir: str | None,
        damage: str | None = None,
        folder: str | None = None,
    ) -> None:
        self.dataset = dataset
        self.data_dir = data_dir
        self.damage = damage
        self.folder = folder
        place = "" if data_dir is None else f", data_dir={data_dir!r}"
        call = f"data.load({f'tfds:{dataset}'!r}{place}, download=True)"
        super().__init__(self.told(f"`{call}`"))

    def told(self, how: str) -> str:
        """Returns the message, with another way to prepare the data."""
        received = f"Received: data_dir={self.data_dir!r}"
        name = f"`tfds:{self.dataset}`"
        if self.damage is None:
            return f"{name} must be prepared. Prepare it once by {how}. {received}"
        return (
            f"{name} must be undamaged ({self.damage}). Delete {self.folder!r} and "
            f"prepare it again by {how}. {received}"
        )
