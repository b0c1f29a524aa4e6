"""The tutorial and the figures of failing GANs show what their texts say."""

import json
import pathlib
import re
import struct

import nbformat
import numpy as np
import pytest

from benchmarks import tutorial as tutorial_of_page

ROOT = pathlib.Path(__file__).parent.parent
TUTORIAL = tutorial_of_page.PATH
PAGE = ROOT / "docs" / "does-not-train.md"
RESULTS = ROOT / "benchmarks" / "results" / "symptoms.json"

# Saves what the tutorial has made.
FACTS = """
numbers = {"failed": failed, "mended": mended, "metrics": metrics, "step": run.step}
pathlib.Path("facts.json").write_text(json.dumps(numbers))
again = run.sample(20, seed=5)
judged = data.to_unit_range(digits.examples).numpy()
samples = run.sample(200, seed=2)
facts = {"again": again, "exported": exported, "samples": samples, "sevens": sevens}
facts |= {"failed": failed_samples, "mended": mended_samples}
np.savez("facts.npz", real=judged, labels=digits.labels, **facts)
"""


@pytest.fixture(scope="module")
def tutorial(tmp_path_factory):
    """Returns the folder in which the tutorial was executed, and its cells."""
    folder = tmp_path_factory.mktemp("tutorial")
    return folder, tutorial_of_page.executed(folder, FACTS).cells


@pytest.fixture(scope="module")
def numbers(tutorial):
    return json.loads((tutorial[0] / "facts.json").read_text())


@pytest.fixture(scope="module")
def arrays(tutorial):
    return dict(np.load(tutorial[0] / "facts.npz"))


def kinds(cells):
    """Returns the types of what each cell shows."""
    outputs = (output for cell in cells for output in cell.get("outputs", []))
    return [kind for output in outputs for kind in output.get("data", {})]


def test_the_tutorial_is_stored_with_the_figures_that_it_shows(tutorial):
    stored = nbformat.read(TUTORIAL, as_version=4).cells
    assert kinds(stored).count("image/png") == kinds(tutorial[1]).count("image/png")
    outputs = [output for cell in stored for output in cell.get("outputs", [])]
    assert not any(output.get("name") == "stderr" for output in outputs)
    assert TUTORIAL.stat().st_size < 400_000


def test_the_first_run_fails_and_the_penalty_mends_it(numbers):
    failed, mended = numbers["failed"], numbers["mended"]
    assert failed["d_loss"] < 1.0 and failed["g_loss"] > 3.0
    assert mended["g_loss"] < 2.5 and mended["r1"] > 0.0


def test_samples_of_the_first_run_are_alike_and_of_the_second_differ(arrays):
    # Row by row, images [10, 10, ...] of each class.
    rows = {name: arrays[name].reshape(10, 10, -1) for name in ("failed", "mended")}
    spread = {name: images.std(axis=0).mean() for name, images in rows.items()}
    assert spread["mended"] > 3 * spread["failed"]


def test_the_losses_of_the_run_approach_a_coin_toss(numbers):
    assert numbers["step"] == 1000
    first, *_, last = numbers["metrics"]
    assert [line["step"] for line in numbers["metrics"]] == [*range(100, 1001, 100)]
    assert first["d_loss"] < last["d_loss"] < np.log(4.0)
    assert first["g_loss"] > last["g_loss"] > np.log(2.0)
    assert last["d_loss"] > 1.2 and last["g_loss"] < 0.9


def test_samples_show_the_class_that_was_asked_for(arrays):
    from sklearn.svm import SVC

    def flat(images):
        return images.reshape(len(images), -1)

    judge = SVC(C=10.0).fit(flat(arrays["real"]), arrays["labels"])
    labels = np.arange(200) % 10
    assert np.mean(judge.predict(flat(arrays["samples"])) == labels) > 0.6
    assert np.mean(judge.predict(flat(arrays["sevens"])) == 7) > 0.6


def test_tensorflow_alone_draws_the_samples_of_the_run(arrays):
    np.testing.assert_allclose(arrays["exported"], arrays["again"], atol=1e-5)


def pictures():
    """Returns pairs of the alternative text and the name of the page's figures."""
    return re.findall(r"^!\[(.*)\]\(symptoms/(.*)\.png\)", PAGE.read_text(), re.M)


def test_the_page_shows_every_symptom_that_was_drawn():
    names = [name for _, name in pictures()]
    assert sorted(names) == sorted(json.loads(RESULTS.read_text()))
    drawn = [path.stem for path in (ROOT / "docs" / "symptoms").iterdir()]
    assert sorted(names) == sorted(drawn)


@pytest.mark.parametrize(("text", "name"), pictures())
def test_a_figure_is_small_and_described_in_words(text, name):
    """The text is the one with which the figure was drawn."""
    sides = json.loads(RESULTS.read_text())[name]["sides"]
    assert text == "; ".join(f"{side['title']}: {side['result']}" for side in sides)
    content = (ROOT / "docs" / "symptoms" / f"{name}.png").read_bytes()
    assert len(content) < 60_000
    width, height = struct.unpack(">II", content[16:24])
    assert width == 600 and height < 600
