"""Rules of all scores: sets in any chunks, and errors for what does not fit."""

import re
import tracemalloc

import numpy as np
import pytest

from tests.metrics import fixed
from tfgan_tricks import metrics

PROBABILITIES = np.full([30, 4], 0.25)
SMALL = {"subsets": 2, "subset_size": 20}
# Calls with the arguments that are sets of rows.
SCORES = {
    "frechet_distance": metrics.frechet_distance,
    "kernel_distance": lambda real, fake: metrics.kernel_distance(real, fake, **SMALL),
    "precision_recall": metrics.precision_recall,
    "density_coverage": metrics.density_coverage,
    "sliced_wasserstein": lambda real, fake: metrics.sliced_wasserstein(
        real, fake, directions=8
    ),
    "nearest_neighbors": lambda real, fake: np.sum(
        metrics.nearest_neighbors(real, fake).distances
    ),
    "copying": lambda real, fake, held_out=fixed.REAL[50:]: metrics.copying(
        real, fake, held_out
    ),
    "inception_score": lambda probabilities: metrics.inception_score(
        probabilities, splits=3
    ),
    "mode_count": lambda points: metrics.mode_count(points, fixed.REAL[:5], 2.0),
}
OTHERS = {"ms_ssim_diversity", "stacked_digits", "cache_folder"}
TWO = {"real": fixed.REAL, "fake": fixed.FAKE}
SETS = {
    "copying": TWO | {"held_out": fixed.REAL[50:]},
    "inception_score": {"probabilities": PROBABILITIES},
    "mode_count": {"points": fixed.FAKE},
}


def sets_of(name):
    return SETS.get(name, TWO)


def test_every_score_is_here():
    public = {name for name in vars(metrics) if name[0] != "_" and name.islower()}
    extractors = {name for name in public if name.endswith("_features")}
    assert public - extractors == set(SCORES) | OTHERS


@pytest.mark.parametrize("name", SCORES)
def test_a_score_is_equal_in_any_chunks(name):
    sets = []
    for rows in sets_of(name).values():
        many = np.concatenate([rows] * 13)[:2500]  # More than two blocks.
        sets.append(many[np.argsort(many[:, 0], kind="stable")] / (1 + (many < 0)))
    if name == "inception_score":
        sets = [np.concatenate([PROBABILITIES] * 80)]
    expected = SCORES[name](*sets)
    for count in (3, 40):
        chunks = [np.array_split(rows, count) for rows in sets]
        assert SCORES[name](*chunks) == expected
    assert SCORES[name](*(iter([rows[:1], rows[1:]]) for rows in sets)) == expected


@pytest.mark.parametrize(
    ("name", "others"), [("frechet_distance", [fixed.FAKE]), ("mode_count", [])]
)
def test_chunks_are_not_kept(name, others):
    random = np.random.RandomState(0)
    chunks = (random.normal(size=[1000, 12]) for _ in range(100))
    tracemalloc.start()
    SCORES[name](chunks, *others)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100 * 1000 * 12 * 8 / 5


BAD = {
    "integers": (lambda rows: rows.astype("uint8"), "floating-point.*uint8"),
    "images": (lambda rows: rows[:, None], r"\[n, d\].*Flatten"),
    "one row": (lambda rows: rows[0], r"\[n, d\]"),
    "rows": (list, r"\[n, d\]"),
    "a number": (lambda rows: 3.0, r"iterable.*=3.0"),
    "uneven chunks": (lambda rows: [rows, rows[:, 1:]], "with the same d"),
    "no features": (lambda rows: rows[:, :0], r"\[n, d\]"),
    "nothing": (lambda rows: rows[:0], "at least .* rows.*0 rows"),
    "no chunks": (lambda rows: [], "at least .* rows"),
    "text": (lambda rows: rows.astype(str), "floating-point"),
    "complex": (lambda rows: rows.astype(complex), "floating-point"),
    "NaN": (lambda rows: np.where(rows == rows[7, 1], np.nan, rows), "finite.*NaN"),
    "infinity": (lambda rows: np.where(rows == rows[7, 1], np.inf, rows), "finite"),
}


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize("kind", BAD)
def test_sets_that_are_none(name, kind):
    spoil, match = BAD[kind]
    for argument, rows in sets_of(name).items():
        with pytest.raises(ValueError) as error:
            SCORES[name](**sets_of(name) | {argument: spoil(rows)})
        message = str(error.value)
        assert message.startswith(f"`{argument}` must ")
        assert f"Received: {argument}" in message
        assert re.search(match, message)


@pytest.mark.parametrize("name", [name for name in SCORES if "fake" in sets_of(name)])
def test_different_features_do_not_compare(name):
    message = "`fake` must have as many features .*fake with 11 .*, real with 12"
    with pytest.raises(ValueError, match=message):
        SCORES[name](fixed.REAL, fixed.FAKE[:, 1:])


def logits():
    return np.log(np.random.RandomState(0).uniform(size=[30, 4]))


TOO_FEW = [
    (lambda x: metrics.frechet_distance(x[:1], x), "`real` must .* 2 rows.* 1 rows"),
    (lambda x: metrics.frechet_distance(x, x[:1]), "`fake` must .* 2 rows.* 1 rows"),
    (lambda x: metrics.precision_recall(x[:3], x), "`real` must .*4 rows.*3 neigh"),
    (lambda x: metrics.precision_recall(x, x[:3]), "`fake` must .*4 rows.*3 neigh"),
    (lambda x: metrics.density_coverage(x[:5], x), "`real` must .*6 rows.*5 neigh"),
    (lambda x: metrics.kernel_distance(x, x), "`real` must .*1000 rows.*subset_size"),
    (lambda x: metrics.nearest_neighbors(x[:2], x, k=3), "`real` must .*3 rows"),
    (lambda x: metrics.inception_score(PROBABILITIES[:9]), "10 rows, one for each"),
]
VALUES = [
    (lambda x: metrics.precision_recall(x, x, k=0), "`k` must .*k=0"),
    (lambda x: metrics.density_coverage(x, x, k=2.0), "`k` must .*k=2.0"),
    (lambda x: metrics.nearest_neighbors(x, x, k=-1), "`k` must .*k=-1"),
    (lambda x: metrics.copying(x, x, x[:, 1:]), "`held_out` must .*held_out with 11"),
    (lambda x: metrics.kernel_distance(x, x, subset_size=1), "`subset_size` must"),
    (lambda x: metrics.kernel_distance(x, x, subsets=0), "`subsets` must .*=0"),
    (lambda x: metrics.kernel_distance(x, x, seed=0.5), "`seed` must .*=0.5"),
    (lambda x: metrics.sliced_wasserstein(x, x, directions=0), "`directions` must"),
    (lambda x: metrics.sliced_wasserstein(x, x, seed=None), "`seed` must .*=None"),
    (lambda x: metrics.ms_ssim_diversity(x, pairs=0), "`pairs` must .*=0"),
    (lambda x: metrics.inception_score(PROBABILITIES, 0), "`splits` must .*=0"),
    (lambda x: metrics.inception_score(logits()), "softmax.*Received: probabilities"),
    (lambda x: metrics.inception_score(PROBABILITIES * 1.1), "sum to 1.*sums to 1.1"),
    (lambda x: metrics.mode_count(x, x[:3], 0.0), "`std` must .*=0.0"),
    (lambda x: metrics.mode_count(x, x[:3], 1.0, "disc"), "`convention` must .*disc"),
    (lambda x: metrics.mode_count(x, x[0], 1.0), "`centers` must .*Received"),
    (lambda x: metrics.mode_count(x, x[:, 1:], 1.0), "`points` must have 11 .* 12"),
]


@pytest.mark.parametrize(("call", "match"), TOO_FEW + VALUES)
def test_arguments_out_of_range(call, match):
    with pytest.raises(ValueError, match=match):
        call(fixed.REAL)


def test_tensors_and_float32_are_arrays_too():
    class Tensor:
        def __array__(self, dtype=None, copy=None):
            return fixed.REAL.astype("float32")

    single = metrics.frechet_distance(Tensor(), fixed.FAKE)
    assert single == pytest.approx(
        metrics.frechet_distance(fixed.REAL, fixed.FAKE), rel=1e-5
    )
