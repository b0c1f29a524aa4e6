import json

import numpy as np
import pytest

from benchmarks import mixtures
from tfgan_tricks import data


def test_points_of_the_mixture_itself():
    """Within three deviations are 1 - exp(-9/2) of the points of a round Gaussian."""
    points = data.load("grid25", split="test").examples[:10_000]
    found = mixtures.judged(points, data.mixture("grid25"))
    assert found["modes"] == found["box"]["modes"] == 25
    assert found["high_quality"] == pytest.approx(1 - np.exp(-4.5), abs=0.003)
    assert found["reverse_kl"] < 0.003
    # The variance along an axis, of a Gaussian that is cut off there.
    variance = 1 - 4.5 * np.exp(-4.5) / (1 - np.exp(-4.5))
    assert found["spread"] == pytest.approx(np.sqrt(variance), abs=0.01)


def test_spread_is_measured_from_the_nearest_center_in_the_mixture_s_units():
    mixture = data.Mixture(np.array([[0.0, 0.0], [10.0, 0.0]]), std=0.5)
    points = np.array([[0.5, 0.0], [10.0, 1.0], [5.2, 0.0]])
    found = mixtures.judged(points, mixture)
    assert found["spread"] == pytest.approx(np.sqrt((1 + 0 + 0 + 4) / 4))
    assert (found["modes"], found["high_quality"]) == (2, pytest.approx(2 / 3))


def test_a_second_call_trains_what_is_missing(tmp_path, monkeypatch):
    trained = []

    def measured(preset, seed, config):
        trained.append((preset, seed))
        return {"preset": preset, "seed": seed, "config": config}

    monkeypatch.setattr(mixtures, "measured", measured)
    path = tmp_path / "results.json"

    def run(*presets):
        for results in mixtures.complete(path, presets, [3, 4]):
            path.write_text(json.dumps(results))

    first = mixtures.complete(path, ["ring8"], [3, 4])
    path.write_text(json.dumps(next(first)))
    assert trained == [("ring8", 3)]
    run("ring8", "grid25")
    assert trained[1:] == [("ring8", 4), ("grid25", 3), ("grid25", 4)]
    run("ring8", "grid25")
    assert len(trained) == 4
    results = json.loads(path.read_text())
    assert [(run["preset"], run["seed"]) for run in results["runs"]] == sorted(trained)
    assert results["real"].keys() == {"ring8", "grid25"}
    results["runs"][0]["config"]["steps"] += 1
    path.write_text(json.dumps(results))
    run("ring8", "grid25")
    assert trained[4:] == [("grid25", 3)]
