"""Evaluations during training, and the best checkpoint."""

import json
import math
import types

import keras
import numpy as np
import pytest

from tests.callbacks.tiny import Tiny
from tests.callbacks.tiny import compiled
from tests.callbacks.tiny import train
from tfgan_tricks import callbacks
from tfgan_tricks import metrics
from tfgan_tricks.callbacks import _best

PROTOCOL = metrics.Protocol("bias", "0", "0", num_real=4, num_fake=4)


class Judge:
    """Gives scores in turn, or by the step, since each adds 1 to every sample."""

    best_by = "distance"
    labels = None
    num_examples = 4
    seed = 0

    def __init__(self, *scores):
        self.scores = scores
        self.seen = []

    def __call__(self, fake, output_range):
        self.seen.append(fake)
        score = self.scores[min(len(self.seen), len(self.scores)) - 1]
        return metrics.Evaluation({"distance": score, "recall": -score}, PROTOCOL)


def evaluated(tmp_path, judge, steps, model=None, **options):
    model = Tiny() if model is None else model
    options = {"directory": tmp_path / "best", "every": 2} | options
    evaluate = callbacks.Evaluate(judge, **options)
    train(model, [evaluate], steps)
    return model, evaluate


def recorded(tmp_path):
    return json.loads((tmp_path / "best" / "evaluations.json").read_text())


def checkpoints(tmp_path):
    names = (path.name for path in (tmp_path / "best").iterdir())
    return sorted(name for name in names if name.endswith(".index"))


def test_it_evaluates_at_multiples_only(tmp_path):
    judge = Judge(3.0, 1.0, 2.0)
    model, evaluate = evaluated(tmp_path, judge, steps=7)
    moved = [x - judge.seen[0] for x in judge.seen]  # By 1 in each step.
    for difference, expected in zip(moved, (0, 2, 4), strict=True):
        np.testing.assert_allclose(difference, expected, atol=1e-5)
    assert evaluate.scores == {"distance": 2.0, "recall": -2.0}
    assert evaluate.seconds > 0


def test_the_best_checkpoint_is_kept_and_said_to_be_the_best_of_several(tmp_path):
    _, evaluate = evaluated(tmp_path, Judge(3.0, 1.0, 2.0, 1.0), steps=8)
    assert checkpoints(tmp_path) == ["ckpt-4.index"]
    best = callbacks.best(tmp_path / "best")
    assert best == evaluate.best() == (4, "distance", {"distance": 1, "recall": -1}, 4)
    assert best.told() == "step 4, the best of 4 evaluations by distance (1)"
    assert list(recorded(tmp_path)["scores"]) == ["2", "4", "6", "8"]
    assert recorded(tmp_path)["protocol"] == PROTOCOL.entries()
    restored = compiled(Tiny())
    assert callbacks.restore(restored, tmp_path / "best") == 4
    np.testing.assert_array_equal(restored.generator.weights[1], [4, 4])


def test_scores_that_are_better_if_higher(tmp_path):
    evaluated(tmp_path, Judge(3.0, 5.0, 4.0), steps=6, by="recall")
    assert callbacks.best(tmp_path / "best").step == 2
    lower = {"frechet_distance", "kernel_distance", "reverse_kl", "fid", "kid"}
    assert all(map(_best.is_lower_better, lower))
    higher = {"precision", "recall", "density", "coverage", "inception_score", "modes"}
    assert not any(map(_best.is_lower_better, higher | {"high_quality"}))


def test_a_resumed_run_keeps_the_best_of_all(tmp_path):
    model, _ = evaluated(tmp_path, Judge(3.0, 1.0), steps=4)
    evaluated(tmp_path, Judge(2.0, 0.5), steps=4, model=model)
    assert callbacks.best(tmp_path / "best")[::3] == (8, 4)
    evaluated(tmp_path, Judge(0.7), steps=2, model=model)
    assert callbacks.best(tmp_path / "best")[::3] == (8, 5)


def test_a_kill_before_the_checkpoint_leaves_the_best_before_it(tmp_path, monkeypatch):
    model, _ = evaluated(tmp_path, Judge(3.0), steps=2)
    at_two = [np.array(w) for w in model.get_weights()]

    def killed(*_, **__):
        raise InterruptedError

    with monkeypatch.context() as patch:
        name = "tfgan_tricks.callbacks._checkpoint_files.write"
        patch.setattr(name, killed)
        with pytest.raises(InterruptedError):
            evaluated(tmp_path, Judge(1.0), steps=2, model=model)
    assert callbacks.best(tmp_path / "best").step == 2
    assert callbacks.best(tmp_path / "best").scores["distance"] == 3.0
    model.set_weights(at_two)
    evaluated(tmp_path, Judge(1.0), steps=2, model=model)
    assert callbacks.best(tmp_path / "best")[::3] == (4, 2)
    assert checkpoints(tmp_path) == ["ckpt-4.index"]


def test_a_damaged_record_costs_the_scores_only(tmp_path):
    evaluated(tmp_path, Judge(3.0), steps=2)
    for text in ("[", "[]", '{"scores": [1]}', '{"scores": {"x": 1, "2": {"a": "b"}}}'):
        (tmp_path / "best" / "evaluations.json").write_text(text)
        best = callbacks.best(tmp_path / "best")
        assert best.step == 2 and math.isnan(float(best.told().split("(")[1][:-1]))


def test_scores_are_logged(tmp_path):
    seen = []
    after = types.SimpleNamespace()
    after = keras.callbacks.LambdaCallback(
        on_batch_end=lambda batch, logs: seen.append(dict(logs))
    )
    judge, path = Judge(3.0, math.inf), tmp_path / "metrics.jsonl"
    evaluate = callbacks.Evaluate(judge, 2, path=path, log_dir=tmp_path / "board")
    model = Tiny()
    train(model, [evaluate, after], 2, epochs=2)
    assert [logs.get("distance") for logs in seen] == [None, 3, None, math.inf]
    assert model.history.history["recall"] == [-3, -math.inf]
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["step"] for line in lines] == [2, 4]
    assert (lines[0]["distance"], lines[1]["distance"]) == (3, None)
    assert any((tmp_path / "board").iterdir())
    assert evaluate.best() is None and evaluate.known(2) == {}


def test_an_infinite_score_is_never_the_best_but_recorded(tmp_path):
    evaluated(tmp_path, Judge(math.nan, math.inf, 2.0), steps=6)
    assert callbacks.best(tmp_path / "best").step == 6
    assert recorded(tmp_path)["scores"]["4"]["distance"] is None


def test_samples_that_are_not_finite_are_a_divergence():
    model = Tiny()
    model.generator.weights[1].assign([math.nan, 0.0])
    with pytest.raises(FloatingPointError, match="diverged at step 2: .* 4 values"):
        train(model, [callbacks.Evaluate(Judge(1.0), 2)], 3)


def test_labels_must_be_those_of_the_generator():
    latents, label = keras.Input((2,)), keras.Input((), dtype="int32")
    embedded = keras.layers.Embedding(3, 2)(label)
    generator = keras.Model([latents, label], keras.layers.Add()([latents, embedded]))
    judge = Judge(1.0)
    model = Tiny()
    judge.labels = np.array([2, 0, 0, 1])
    train(model, [callbacks.Evaluate(judge, 2, generator=generator)], 2)
    z = callbacks._evaluate._subject.of(model, generator).samples(4, 0, [0] * 4)
    table = generator.get_weights()[0]
    expected = z + table[judge.labels] - table[0]
    np.testing.assert_allclose(judge.seen[0], expected, atol=1e-6)
    judge.labels = np.array([3, 0, 0, 1])
    with pytest.raises(ValueError, match="from 0 to 2, .* Received: labels up to 3"):
        train(Tiny(), [callbacks.Evaluate(judge, 2, generator=generator)], 2)
