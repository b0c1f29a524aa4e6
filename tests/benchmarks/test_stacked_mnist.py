import json
import pathlib

import numpy as np
import pytest

from benchmarks import _mnist
from benchmarks import stacked_mnist
from launch import train
from launch.config import configuration
from tests.data import images
from tests.launch.programs import run

RESULTS = pathlib.Path(__file__).parents[2] / "benchmarks/results/stacked_mnist.json"


class Brightness:
    """A classifier whose digit is the brightness of a 28x28 image, 0 to 9."""

    def predict(self, images, **options):
        assert images.shape[1:] == (28, 28, 1)
        levels = np.asarray(images).mean(axis=(1, 2, 3))
        return np.eye(10)[np.round(levels).astype(int)]


def constant(*digits):
    return np.broadcast_to(np.array(digits, "float32"), [32, 32, 3])


def test_each_color_has_its_own_digit():
    images = np.stack([constant(7, 0, 3), constant(1, 9, 4)])
    digits = stacked_mnist.digits_of(Brightness(), images)
    assert digits.tolist() == [[7, 0, 3], [1, 9, 4]]


def test_parts_are_judged_together():
    parts = [np.stack([constant(1, 2, 3)] * 3), np.stack([constant(3, 2, 1)])]
    measures = stacked_mnist.judge(Brightness(), parts)
    divergence = 0.75 * np.log(750) + 0.25 * np.log(250)
    assert measures == {"modes": 2, "reverse_kl": pytest.approx(divergence)}


def test_a_result_replaces_one_of_the_same_run_and_step(tmp_path):
    path = tmp_path / "results" / "stacked.json"
    for step, width, modes in ((10, 4, 1), (20, 4, 2), (10, 8, 3), (10, 4, 5)):
        result = {"modes": modes, "step": step, "config": {"width": width}}
        stacked_mnist.store(result, path)
    assert [result["modes"] for result in json.loads(path.read_text())] == [2, 3, 5]


def test_a_whole_measurement(tmp_path):
    folder = images.SHARED / "tfds"
    if not folder.exists():
        pytest.skip("needs the prepared dataset mnist")
    flags = ("preset=r3gan_stacked_mnist", f"data_dir={folder}", "steps=2")
    sets = ("set=width=2", "set=latent_dim=3", "batch_size=4", f"workdir={tmp_path}/r")
    assert run(train, *flags, *sets) == 0
    parts = stacked_mnist.generated(tmp_path / "r")
    assert next(parts).shape == (1000, 32, 32, 3)
    parts.close()
    digits = _mnist.training_digits(str(folder))
    classifier = _mnist.kept_classifier(digits.of(slice(6000)), tmp_path)
    real = stacked_mnist.judge(classifier, stacked_mnist.real(str(folder), 4000))
    assert real["modes"] > 900 and abs(real["reverse_kl"] - 999 / 8000) < 0.03


def test_published_results_name_their_run():
    for result in json.loads(RESULTS.read_text()):
        assert result["real"]["26000"]["modes"] == 1000
        config = configuration.from_entries(result["config"])
        assert config.dataset.name == "stacked_mnist"
        assert 0 < result["step"] <= config.steps
