"""The end of training, after the ends of all other callbacks."""

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

import keras

Logs = Mapping[str, Any] | None


class AfterAll:
    """Postponement of a callback's end until all other callbacks have ended.

    Others may change the model at the end: `EarlyStopping` restores the best weights.
    Keras appends its own `History` to the callbacks of a `fit`, so whatever follows the
    end of the history follows the ends of all callbacks.

    Args:
        callback: The callback, at the beginning of training.
        end: Function of the logs to call at the end.
    """

    def __init__(
        self, callback: keras.callbacks.Callback, end: Callable[[Logs], None]
    ) -> None:
        self._end = end
        self._is_postponed = False
        self._history = _history_of(callback)
        if self._history is not None:
            self._before = vars(self._history).get("on_train_end")
            self._history.on_train_end = self._on_history_end

    def on_train_end(self, logs: Logs = None) -> None:
        """Ends immediately if there is no history, or if it has ended already."""
        if self._history is None:
            self._end(logs)
        self._is_postponed = True

    def _on_history_end(self, logs=None):
        history, self._history = self._history, None
        if self._before is None:
            del history.on_train_end
        else:
            history.on_train_end = self._before
        history.on_train_end(logs)
        if self._is_postponed:
            self._end(logs)


def _history_of(callback):
    """Returns the history of the same `fit`, or `None` if it is an earlier one."""
    history = getattr(callback.model, "history", None)
    params = getattr(history, "params", None)
    return history if params is not None and params is callback.params else None
