"""Multi-scale structural similarity of pairs of images, a measure of variety."""

import numpy as np
from scipy import ndimage

from tfgan_tricks import _checks
from tfgan_tricks.metrics import _seeded

_WEIGHTS = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])
_WINDOW, _SIGMA = 11, 1.5
_LUMINANCE, _CONTRAST = 0.01**2, 0.03**2


def ms_ssim_diversity(images: np.ndarray, *, pairs: int = 100, seed: int = 0) -> float:
    """Returns the mean multi-scale structural similarity of random pairs of images.

        S = mean_(x, y)(l_M(x, y)^(w_M) cs_1(x, y)^(w_1) ... cs_M(x, y)^(w_M))

    cs_j compares contrast and structure at scale j, which has half the size of the
    scale before it, and l_M compares luminance at the last scale. The score is 1 for
    equal images and near 0 for unlike ones, so a lower score means more variety. A
    generator is too uniform if its score is above the score of real images. Compare
    images of one class: classes differ however little a generator varies.

    The five weights need images of at least 161 pixels. Smaller images have as many
    scales as the window of 11 pixels fits into, with the weights divided by their sum:
    two for 28 or 32 pixels, three for 64. Scores of different sizes do not compare.

    Args:
        images: Floating-point images in [-1, 1], `[n, height, width, channels]`, with
            n >= 2 and at least 11 pixels of height and width.
        pairs: Number of pairs of two different images.
        seed: Seed of the pairs.

    Returns:
        The mean over pairs, 0 to 1.

    Raises:
        ValueError: If `images` has another shape, type or range, or `pairs` is out of
            range.

    >>> images = np.random.RandomState(0).uniform(-1, 1, size=[4, 16, 16, 1])
    >>> ms_ssim_diversity(images) < 0.1
    True
    >>> round(ms_ssim_diversity(images[[0, 0]]), 6)
    1.0

    Reference:
        Odena et al., 2017, arXiv:1610.09585; Wang et al., 2003.
    """
    _checks.positive_integer(pairs=pairs)
    random = _seeded.random(seed)
    images = _checked(np.asarray(images))
    first = random.randint(len(images), size=pairs)
    # A distance of 1 to n - 1 in the circle of images leads to any other image.
    second = (first + random.randint(1, len(images), size=pairs)) % len(images)
    both = zip(first, second, strict=True)
    return float(np.mean([_similarity(images[i], images[j]) for i, j in both]))


def _checked(images):
    shape = images.shape
    fits = images.ndim == 4 and len(images) >= 2 and min(shape[1:3]) >= _WINDOW
    if not fits or not np.issubdtype(images.dtype, np.floating):
        raise ValueError(
            "`images` must be floating-point [n, height, width, channels], with n >= 2 "
            f"and at least {_WINDOW}x{_WINDOW} pixels. "
            f"Received: images of {images.dtype} and shape {shape}"
        )
    low, high = images.min(), images.max()
    if not (low >= -1 - 1e-6 and high <= 1 + 1e-6):
        raise ValueError(
            "`images` must be in [-1, 1], see `data.to_unit_range`. "
            f"Received: images from {low:.6g} to {high:.6g}"
        )
    return images


def _similarity(one, two):
    """Returns the similarity of two images, the mean over their channels."""
    one, two = ((image.astype("float64") + 1) / 2 for image in (one, two))
    scales = _num_scales(min(one.shape[:2]))
    weights = _WEIGHTS[:scales] / _WEIGHTS[:scales].sum()
    product = np.ones(one.shape[-1])
    for scale, weight in enumerate(weights):
        if scale:
            one, two = _halved(one), _halved(two)
        luminance, contrast = _parts(one, two)
        terms = contrast * luminance if scale == scales - 1 else contrast
        product *= terms.mean(axis=(0, 1)).clip(min=0.0) ** weight
    return product.mean()


def _num_scales(size):
    scales = 0
    while size >= _WINDOW and scales < len(_WEIGHTS):
        scales, size = scales + 1, (size + 1) // 2
    return scales


def _parts(one, two):
    """Returns the luminance and the contrast-structure term at every position."""
    mean, other = _blurred(one), _blurred(two)
    variances = _blurred(one**2) - mean**2 + _blurred(two**2) - other**2
    covariance = _blurred(one * two) - mean * other
    luminance = (2 * mean * other + _LUMINANCE) / (mean**2 + other**2 + _LUMINANCE)
    return luminance, (2 * covariance + _CONTRAST) / (variances + _CONTRAST)


def _blurred(image):
    """Returns means under a Gaussian window, where the window fits into the image."""
    offsets = np.arange(_WINDOW) - _WINDOW // 2
    window = np.exp(-(offsets**2) / (2 * _SIGMA**2))
    inside = slice(_WINDOW // 2, -(_WINDOW // 2))
    for axis in (0, 1):
        image = ndimage.correlate1d(image, window / window.sum(), axis=axis)
    return image[inside, inside]


def _halved(image):
    """Returns means of 2x2 pixels. An odd last row or column is repeated."""
    high, wide, channels = image.shape
    image = np.pad(image, [(0, high % 2), (0, wide % 2), (0, 0)], mode="edge")
    high, wide = image.shape[0] // 2, image.shape[1] // 2
    return image.reshape(high, 2, wide, 2, channels).mean(axis=(1, 3))
