import numpy as np
import pytest
import tensorflow as tf

from tfgan_tricks import metrics

WEIGHTS = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])


def two_images(high, wide, channels):
    random = np.random.RandomState(high)
    one, noise = random.uniform(-1, 1, size=[2, high, wide, channels])
    return np.stack([one, (0.7 * one + 0.3 * noise + 0.1).clip(-1, 1)])


@pytest.mark.parametrize(
    ("high", "wide", "channels", "scales"),
    [(161, 165, 1, 5), (64, 70, 3, 3), (28, 28, 1, 2), (33, 40, 3, 2), (11, 30, 2, 1)],
)
def test_tensorflow_finds_the_same(high, wide, channels, scales):
    images = two_images(high, wide, channels)
    unit = tf.constant((images + 1) / 2, "float32")
    weights = WEIGHTS[:scales] / WEIGHTS[:scales].sum()
    expected = tf.image.ssim_multiscale(unit[:1], unit[1:], 1.0, power_factors=weights)
    found = metrics.ms_ssim_diversity(images, pairs=1)
    # TensorFlow computes variances in float32.
    assert found == pytest.approx(float(expected[0]), abs=3e-5)


def test_pytorch_msssim_finds_the_same():
    """Value of pytorch-msssim 1.0.0, whose window is float32, for waves."""
    x, y = np.meshgrid(np.arange(176), np.arange(192), indexing="ij")
    one = np.sin(x / 9) * np.cos(y / 7), np.sin(x * y / 900)
    shifted = 0.8 * np.sin(x / 9 + 0.2) * np.cos(y / 7) - 0.1
    two = shifted, np.cos(x * y / 900 + 0.9) * 0.9
    images = np.stack([np.stack(channels, axis=-1) for channels in (one, two)])
    found = metrics.ms_ssim_diversity(images, pairs=1)
    assert found == pytest.approx(0.4768641517885072, abs=5e-6)


def test_the_mean_is_over_pairs_of_different_images():
    images = np.random.RandomState(0).uniform(-1, 1, size=[3, 12, 12, 1])
    pairs = [
        metrics.ms_ssim_diversity(images[[i, j]], pairs=1)
        for i, j in ((0, 1), (0, 2), (1, 2))
    ]
    found = metrics.ms_ssim_diversity(images, pairs=600)
    assert found == pytest.approx(np.mean(pairs), abs=5 * np.std(pairs) / 600**0.5)
    one = [metrics.ms_ssim_diversity(images, pairs=1, seed=seed) for seed in range(12)]
    assert set(np.round(one, 9)) == set(np.round(pairs, 9))


def test_opposite_images_are_as_unlike_as_can_be():
    image = np.random.RandomState(0).uniform(-1, 1, size=[20, 20, 1])
    assert metrics.ms_ssim_diversity(np.stack([image, -image])) == 0.0
    flat = np.ones([2, 20, 20, 1]) * [[[[1.0]]], [[[-1.0]]]]
    assert metrics.ms_ssim_diversity(flat) < 1e-3


@pytest.mark.parametrize(
    ("images", "match"),
    [
        (np.zeros([2, 12, 12, 1], "uint8"), "floating-point"),
        (np.zeros([2, 12, 12]), "floating-point"),
        (np.zeros([1, 12, 12, 1]), "n >= 2"),
        (np.zeros([2, 12, 10, 1]), "11x11"),
        (np.full([2, 12, 12, 1], 255.0), r"in \[-1, 1\].*255"),
        (np.full([2, 12, 12, 1], np.nan), r"in \[-1, 1\].*nan"),
    ],
)
def test_images_that_do_not_fit(images, match):
    with pytest.raises(ValueError, match=f"`images` must .*{match}"):
        metrics.ms_ssim_diversity(images)
