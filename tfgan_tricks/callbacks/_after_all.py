"""The end of training, after all other callbacks have had theirs."""

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

import keras

Logs = Mapping[str, Any] | None


class AfterAll:
    """Puts off the end of a callback until that of the others, in whatever order.

    Others may change the model at the end, as `EarlyStopping` does which restores the
    best weights. Keras appends its own `History` to the callbacks of a `fit`, so that
    what follows the end of the history follows all.

    Args:
        callback: The callback, at the beginning of training.
        end: What to do at the end, a function of the logs.
    """

    def __init__(
        self, callback: keras.callbacks.Callback, end: Callable[[Logs], None]
    ) -> None:
        self._end = end
        self._is_put_off = False
        self._history = _history_of(callback)
        if self._history is not None:
            self._before = vars(self._history).get("on_train_end")
            self._history.on_train_end = self._on_history_end

    def on_train_end(self, logs: Logs = None) -> None:
        """Ends at once if there is no history, or if it has ended already."""
        if self._history is None:
            self._end(logs)
        self._is_put_off = True

    def _on_history_end(self, logs=None):
        history, self._history = self._history, None
        if self._before is None:
            del history.on_train_end
        else:
            history.on_train_end = self._before
        history.on_train_end(logs)
        if self._is_put_off:
            self._end(logs)


def _history_of(callback):
    """The history of the same `fit`; that of an earlier one has other parameters."""
    history = getattr(callback.model, "history", None)
    params = getattr(history, "params", None)
    return history if params is not None and params is callback.params else None
