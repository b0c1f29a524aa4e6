"""Values that hold inside a `with` block, for functions called in it."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any


class Scoped(threading.local):
    """A value that each thread, hence each replica, sets separately, or `None`.

    >>> rows = Scoped()
    >>> with rows.set_to(3):
    ...     rows.value
    3
    """

    value = None

    @contextlib.contextmanager
    def set_to(self, value: Any) -> Iterator[None]:
        outer, self.value = self.value, value
        try:
            yield
        finally:
            self.value = outer
