import json
import pathlib

import pytest

from benchmarks import papers as short_runs
from benchmarks._speed import report
from launch.config import papers

ROOT = pathlib.Path(__file__).parents[2]
RESULTS = json.loads((ROOT / "benchmarks/results/papers.json").read_text())["presets"]


def test_every_setting_was_run_and_is_on_the_page():
    assert list(RESULTS) == list(papers.PRESETS)
    assert all(each["steps_run"] == 2 * short_runs.STEPS for each in RESULTS.values())
    page = (ROOT / "docs/papers.md").read_text()
    assert report.replaced(page, "presets", short_runs.table(RESULTS)) == page
    commands = page.partition("## Relativistic GAN")[2]
    assert all(f"`{name}`" in commands for name in papers.PRESETS)


def dense(*widths):
    """Returns the products of dense layers for one example."""
    return [2 * a * b for a, b in zip(widths, widths[1:], strict=False)]


@pytest.mark.parametrize(
    ("name", "made", "judged", "critic_steps", "of_penalty"),
    [
        ("lsgan_ring", (256, 128, 128, 2), (2, 128, 128, 1), 1, 0),
        ("wgan_gp_grid", (2, 512, 512, 512, 2), (2, 512, 512, 512, 1), 5, 4),
    ],
)
def test_weights_and_products_are_those_counted_by_hand(
    name, made, judged, critic_steps, of_penalty
):
    g, d = dense(*made), dense(*judged)
    # No layer needs the gradient by the network's own inputs.
    critic = 2 * (3 * sum(d) - d[0]) + of_penalty * sum(d) + sum(g)
    step = critic_steps * critic + 3 * sum(g) - g[0] + 2 * sum(d)
    result = short_runs.described(name)
    assert result["gflop"] == pytest.approx(result["batch_size"] * step / 1e9, rel=1e-3)
    assert result["generator_weights"] == sum(g) // 2 + sum(made[1:])
    assert result["discriminator_weights"] == sum(d) // 2 + sum(judged[1:])
    assert result.items() <= RESULTS[name].items()


def test_products_of_labeled_images_count_with_few_labels():
    made = [2 * 100 * 8192]
    made += [2 * 25 * a for a in (16 * 512 * 256, 64 * 256 * 128, 256 * 128 * 3)]
    windows = [(32, 27), (32, 576), (16, 576), (16, 576), (16, 1152), (8, 1152)]
    windows += [(6, 1152), (6, 128), (6, 128)]
    filters = [64] * 3 + [128] * 6
    judged = [2 * s * s * a * b for (s, a), b in zip(windows, filters, strict=True)]
    judged.append(2 * 128 * 10)
    g, d = sum(made), sum(judged)
    step = g + 3 * (3 * d - judged[0]) + 3 * g - made[0] + 3 * d
    assert_gflop("improved_svhn", 100 * step)


def test_products_of_packs_count_once_for_two_images():
    made = [2 * 100 * 49 * 128, 2 * 49 * 16 * 128 * 64, 2 * 196 * 16 * 64 * 3]
    judged = [2 * 196 * 16 * 6 * 64, 2 * 49 * 16 * 64 * 128, 2 * 49 * 128]
    g, d = sum(made), sum(judged)
    of_packs = 2 * (3 * d - judged[0]) + 2 * d
    assert_gflop("pac_stacked_mnist", 128 * (4 * g - made[0]) + 64 * of_packs)


def assert_gflop(name, products):
    result = short_runs.described(name)
    assert result["gflop"] == pytest.approx(products / 1e9, rel=1e-3)
    assert result.items() <= RESULTS[name].items()
