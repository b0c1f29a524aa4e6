import json
import math

import pytest
import tensorflow as tf

from tests.callbacks.tiny import Tiny
from tests.callbacks.tiny import train
from tfgan_tricks import callbacks
from tfgan_tricks.callbacks import _metrics_log

LOSSES = [[n + 0.25, -n] for n in range(1, 9)]


def strict(line):
    """Parses a line as strict JSON: by default, Python accepts NaN and Infinity."""

    def refuse(constant):
        raise ValueError(f"{constant} is not JSON")

    return json.loads(line, parse_constant=refuse)


def lines(path):
    return [strict(line) for line in path.read_text().splitlines()]


def test_a_line_is_the_step_the_time_and_every_log(tmp_path):
    path = tmp_path / "new" / "metrics.jsonl"
    train(Tiny(LOSSES), [callbacks.MetricsLog(path, every=2)], steps=5)
    written = lines(path)
    seconds = [line.pop("seconds") for line in written]
    assert written == [
        {"step": 2, "d_loss": 2.25, "g_loss": -2.0},
        {"step": 4, "d_loss": 4.25, "g_loss": -4.0},
        {"step": 5, "d_loss": 5.25, "g_loss": -5.0},
    ]
    assert 0 <= seconds[0] <= seconds[1] <= seconds[2] < 60


def test_time_continues_in_a_second_fit(tmp_path, monkeypatch):
    now = iter(range(100, 200))
    monkeypatch.setattr("time.monotonic", lambda: next(now))
    log = callbacks.MetricsLog(tmp_path / "m.jsonl", every=2)
    model = Tiny()
    for _ in range(2):
        train(model, [log], steps=2)
    first, second = (line["seconds"] for line in lines(tmp_path / "m.jsonl"))
    assert 0 < first < second < 50


def test_lines_are_appended_even_to_a_torn_one(tmp_path):
    path = tmp_path / "m.jsonl"
    path.write_text('{"step": 1}\n{"step": 2, "d_l')
    train(Tiny(), [callbacks.MetricsLog(path, every=1)], steps=1)
    kept, torn, new = path.read_text().splitlines()
    assert (kept, torn) == ('{"step": 1}', '{"step": 2, "d_l')
    assert strict(new)["d_loss"] == 0.5
    assert path.read_text().endswith("\n")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_values_that_json_has_not_are_null_and_named(tmp_path, value):
    path = tmp_path / "m.jsonl"
    train(Tiny([[value, 2.0]]), [callbacks.MetricsLog(path, every=1)], steps=1)
    (line,) = lines(path)
    assert line["d_loss"] is None
    assert (line["g_loss"], line["not_finite"]) == (2.0, ["d_loss"])


def test_every_line_is_on_the_disk_while_training_continues(tmp_path):
    path, seen = tmp_path / "m.jsonl", []

    class Reader(callbacks.StopOnNonFinite):
        def on_steps(self, step, logs):
            seen.append(len(path.read_text().splitlines()))

    train(Tiny(), [callbacks.MetricsLog(path, every=1), Reader()], steps=3)
    assert seen == [1, 2, 3]


def scalars(directory):
    """Returns the values of all event files in a directory, by step and name."""
    found = {}
    for file in sorted(str(path) for path in directory.glob("*tfevents*")):
        for record in tf.data.TFRecordDataset(file):
            event = tf.compat.v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                found[event.step, value.tag] = float(tf.make_ndarray(value.tensor))
    return found


def test_tensorboard_gets_the_same_numbers(tmp_path):
    log = callbacks.MetricsLog(tmp_path / "m.jsonl", every=2, log_dir=tmp_path / "tb")
    train(Tiny(LOSSES), [log], steps=4)
    assert scalars(tmp_path / "tb") == {
        (2, "d_loss"): 2.25,
        (2, "g_loss"): -2.0,
        (4, "d_loss"): 4.25,
        (4, "g_loss"): -4.0,
    }


def test_no_tensorboard_unless_asked(tmp_path):
    train(Tiny(), [callbacks.MetricsLog(tmp_path / "m.jsonl", every=1)], steps=1)
    assert [path.name for path in tmp_path.iterdir()] == ["m.jsonl"]


@pytest.mark.parametrize(
    "line",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        "1" * 5000,
        "",
        '{"step": 1',
        "[1]",
        "3",
        "\x00",
        "\udcff",
    ],
)
def test_a_line_that_is_not_an_object_tells_nothing(line):
    assert _metrics_log.entry(line) == {}


def test_a_line_is_read_back():
    assert _metrics_log.entry('{"step": 2, "d_loss": null}\n') == {
        "step": 2,
        "d_loss": None,
    }
