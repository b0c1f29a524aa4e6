import json
import pathlib

import numpy as np
import pytest
from PIL import Image

from benchmarks import mixtures
from launch import _cli
from launch import _plan
from launch import train
from launch.config import configuration
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

    def measured(run, config, animation):
        trained.append((run, animation))
        return {**run._asdict(), "config": config}

    monkeypatch.setattr(mixtures, "measured", measured)
    path = tmp_path / "results.json"

    def complete(*presets, trainers=("",)):
        chosen = presets, trainers, [3, 4]
        for results in mixtures.complete(path, *chosen, animations="shown"):
            path.write_text(json.dumps(results))

    first = mixtures.complete(path, ["ring8"], [""], [3, 4])
    path.write_text(json.dumps(next(first)))
    assert trained == [(mixtures.Run("ring8", "", 3), None)]
    complete("ring8", "grid25")
    assert trained[1:] == [
        (mixtures.Run("ring8", "", 4), None),
        (mixtures.Run("grid25", "", 3), pathlib.Path("shown/grid25.gif")),
        (mixtures.Run("grid25", "", 4), None),
    ]
    complete("ring8", "grid25")
    assert len(trained) == 4
    results = json.loads(path.read_text())
    runs = [(run["preset"], run["trainer"], run["seed"]) for run in results["runs"]]
    assert runs == sorted(run for run, _ in trained)
    assert results["real"].keys() == {"ring8", "grid25"}
    assert results["runs"][0]["config"]["trainer"]["name"] == "r3_gan"
    results["runs"][0]["config"]["steps"] += 1
    path.write_text(json.dumps(results))
    complete("ring8", "grid25")
    assert [run for run, _ in trained[4:]] == [mixtures.Run("grid25", "", 3)]
    complete("ring8", trainers=["ls_gan"])
    assert [run.trainer for run, _ in trained[5:]] == ["ls_gan", "ls_gan"]


def test_a_failed_run_has_a_reason(monkeypatch):
    def train(*flags):
        raise RuntimeError(" ".join(flags))

    monkeypatch.setattr(mixtures._training, "train", train)
    run = mixtures.Run("ring8", "wgan", 7)
    found = mixtures.measured(run, run.config())
    assert found["failure"].startswith("--preset=ring8 --set=trainer=wgan --set=")
    assert (found["trainer"], found["seed"]) == ("wgan", 7)


@pytest.mark.parametrize("trainer", ["ls_gan", "wgan", "wgan_gp"])
def test_another_trainer_has_the_optimizer_and_the_penalties_of_the_preset(trainer):
    own, other = (mixtures.Run("grid25", t, 5).config() for t in ("", trainer))
    assert other["trainer"]["name"] == trainer
    assert other["trainer"]["discriminator_steps"] == 1
    own.pop("trainer"), other.pop("trainer")
    assert other == own


def test_flags_of_a_run_give_its_configuration():
    for run in (mixtures.Run("ring8", "", 2), mixtures.Run("grid25", "hinge_gan", 3)):
        values = _cli.parse(["program", *run.flags()], train.define_flags, ("", ""))
        config, _ = _plan.plan(values)
        assert json.loads(configuration.to_json(config)) == run.config()


def test_an_animation_has_the_grids_in_order(tmp_path):
    samples = tmp_path / "samples"
    samples.mkdir()
    for step, shade in ((2, 90), (10, 200), (1, 30)):
        Image.new("L", (3, 2), shade).save(samples / f"step-{step:09d}.png")
    mixtures.animate(samples, tmp_path / "new" / "shown.gif")
    with Image.open(tmp_path / "new" / "shown.gif") as picture:
        shades = []
        for frame in range(picture.n_frames):
            picture.seek(frame)
            shades.append(picture.convert("L").getpixel((2, 1)))
    assert shades == [30, 90, 200]
