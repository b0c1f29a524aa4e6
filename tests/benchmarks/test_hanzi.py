import json
import pathlib

import numpy as np
import pytest

from benchmarks import hanzi
from launch import train
from launch.config import configuration
from tests.launch.programs import run
from tfgan_tricks import data


def test_an_image_does_not_find_itself():
    real = np.array([[0.0], [1.0], [3.0], [3.5], [7.0], [7.0]])
    rows = np.array([0, 2, 4, 5])
    assert hanzi.nearest_other(real, rows).tolist() == [1, 3, 5, 4]


def test_one_of_each_class_in_the_order_of_the_classes():
    labels = np.random.default_rng(0).permutation(np.arange(40) % 8)
    rows = hanzi.one_of_each(labels, 8, seed=0)
    assert labels[rows].tolist() == list(range(8))
    assert rows.tolist() != hanzi.one_of_each(labels, 8, seed=1).tolist()
    with pytest.raises(ValueError, match="Received: 8"):
        hanzi.one_of_each(labels, 9, seed=0)


def test_spread_leaves_out_what_is_compared_with_itself():
    fake = np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([[3.0, 4.0], [1.0, 2.0]])
    real = np.zeros([2, 2]), np.array([[0.0, 12.0], [0.0, 0.0]])
    assert hanzi.spread(fake, real) == (5 + 1) / 2 / 12


def test_real_rows_are_above_generated_ones():
    classes = np.arange(hanzi.COLUMNS * hanzi.PAIRS)
    real = np.full([len(classes), 2, 2, 1], -1.0)
    fake = np.zeros([len(classes), 2, 2, 1])
    real[hanzi.COLUMNS + 3] = 1.0
    pixels = hanzi.rows_of(real, fake, classes)[:: hanzi.SCALE, :: hanzi.SCALE, 0]
    top = 2 * 2 + hanzi.GAP  # Of the second pair of rows.
    assert pixels.shape == (4 * 4 + 3 * hanzi.GAP, 2 * hanzi.COLUMNS)
    assert set(pixels[:2].ravel()) == {0} and set(pixels[2:4].ravel()) == {128}
    assert set(pixels[4:top].ravel()) == {255}
    assert set(pixels[top : top + 2, 6:8].ravel()) == {255}
    assert set(pixels[top + 2 : top + 4, 6:8].ravel()) == {128}


def test_a_whole_measurement(tmp_path):
    labels = np.arange(130) % 65
    images = np.random.default_rng(0).integers(0, 256, (130, 8, 8, 1), "uint8")
    np.savez(tmp_path / "d.npz", images=images, labels=labels)
    workdir = tmp_path / "run"
    sets = ("width=2", "latent_dim=3", "label_dim=4", "steps_per_execution=1")
    flags = ("preset=hanzi", f"dataset=npz:{tmp_path}/d.npz", "steps=2", "batch_size=8")
    sets = [f"set={text}" for text in sets]
    assert run(train, f"workdir={workdir}", *flags, *sets) == 0
    source = data.load(f"npz:{tmp_path}/d.npz")
    results, pixels = hanzi.measure(str(workdir), 0, source)
    assert (results["num_classes"], results["steps"]) == (65, 2)
    assert 0 <= results["recognised"] <= 1 and results["real_recognised"] < 0.2
    assert results["spread"] > 0
    assert pixels.shape == (2 * (8 * 8 + 3 * hanzi.GAP), 2 * 8 * hanzi.COLUMNS, 1)


def test_the_published_result_matches_the_preset():
    path = pathlib.Path(__file__).parents[2] / "benchmarks/results/hanzi.json"
    result = json.loads(path.read_text())
    # An option that is newer than the result has its default.
    config = configuration.from_entries(result["config"])
    assert config == configuration.preset("hanzi")
    assert result["num_classes"] == 3755


def test_real_characters_are_recognised():
    file = pathlib.Path(__file__).parents[3] / "shared/data/hanzi28.npz"
    if not file.is_file():
        pytest.skip(f"there is no {file}")
    source = data.load(f"npz:{file}")
    assert source.label_names[source.labels[0]] == "啊"
    assert len(source.label_names) == len(set(source.labels)) == 3755
    few = source.labels < 50
    examples = hanzi.flat(source.examples[few]).astype("float32")
    rows = hanzi.one_of_each(source.labels[few], 50, seed=0)
    found = source.labels[few][hanzi.nearest_other(examples, rows)]
    assert np.mean(found == np.arange(50)) > 0.9
