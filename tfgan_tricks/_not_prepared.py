"""The error for data of TensorFlow Datasets that are missing or damaged."""


class NotPrepared(FileNotFoundError):
    """An error for a dataset of TensorFlow Datasets that is not prepared, or damaged.

    Its message names the call that prepares the dataset. Command-line programs name
    their flag instead, with `told`.

    Args:
        dataset: NAME of `tfds:NAME`.
        data_dir: Folder in which the dataset is missing. `None` means the default of
            TensorFlow Datasets.
        damage: Reason why the prepared data cannot be read. `None` means that there are
            none.
        folder: Folder of the damaged data, or `None`.

    >>> error = NotPrepared("mnist", None)
    >>> error.told(how="--download")
    '`tfds:mnist` must be prepared. Prepare it once with --download. Received: ...'
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
        """Returns the message with another way to prepare the data.

        Args:
            how: Call or flag that prepares the data, such as "--download".

        Returns:
            The message, a str.
        """
        received = f"Received: data_dir={self.data_dir!r}"
        name = f"`tfds:{self.dataset}`"
        if self.damage is None:
            return f"{name} must be prepared. Prepare it once with {how}. {received}"
        return (
            f"{name} must be undamaged ({self.damage}). Delete {self.folder!r} and "
            f"prepare it again with {how}. {received}"
        )
