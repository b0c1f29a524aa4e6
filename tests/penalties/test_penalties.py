"""Closed forms and spies for the gradient penalties.

The checks take the penalty as an argument, so that `test_known_bugs_are_caught` can
show that each of five published bugs fails one of them.
"""

import numpy as np
import pytest
import tensorflow as tf

from tests.penalties import buggy
from tfgan_tricks import penalties

SHAPES = [(5,), (5, 3), (5, 2, 4, 3)]
SEED = [3, 4]


def samples(shape, seed=0):
    random = np.random.default_rng(seed)
    real = random.normal(1.0, 2.0, shape).astype("float32")
    return tf.constant(real), tf.constant(random.normal(-3, 1, shape), tf.float32)


def linear_critic(shape):
    """Returns C(x) = <w, x> + 1, with its slope ||w||."""
    weights = np.random.default_rng(1).normal(size=shape[1:]).astype("float32")
    axes = list(range(1, len(shape)))
    norm = np.sqrt(np.sum(np.square(weights, dtype="f8")))
    return (lambda x: tf.reduce_sum(weights * x, axis=axes) + 1.0), norm


def quadratic_critic(x):
    """Returns C(x) = 1/2 ||x||^2, whose gradient is x itself."""
    return 0.5 * tf.reduce_sum(tf.square(x), axis=range(1, x.shape.rank))


# What each penalty is at a critic of constant slope.
LINEAR = {
    penalties.InterpolatedGradientPenalty: lambda w, n: w * (n - 1) ** 2,
    penalties.ZeroCenteredInterpolated: lambda w, n: w * n**2,
    penalties.DraganPenalty: lambda w, n: w * (n - 1) ** 2,
    penalties.R1: lambda w, n: w / 2 * n**2,
    penalties.R2: lambda w, n: w / 2 * n**2,
}


def check_linear_critic(make, expected, shape):
    real, fake = samples(shape)
    critic, norm = linear_critic(shape)
    value = make(7.0)(critic, real=real, fake=fake, seed=SEED)
    assert value.dtype == tf.float32
    assert value.shape == ()
    np.testing.assert_allclose(value, expected(7.0, norm), rtol=1e-5)


def check_interpolates(make, shape=(64, 4, 3, 2)):
    """Asserts that every point is on its pair's segment, at its own uniform share."""
    real, fake = samples(shape)
    points = spied_points(make(1.0), real, fake)
    shares = (points - fake) / (real - fake)
    per_sample = np.reshape(shares, [shape[0], -1])
    spread = per_sample.max(axis=1) - per_sample.min(axis=1)
    np.testing.assert_allclose(spread, 0.0, atol=1e-4)
    share = per_sample.mean(axis=1)
    assert share.min() >= 0.0
    assert share.max() <= 1.0
    np.testing.assert_allclose(np.mean(share), 0.5, atol=0.15)
    np.testing.assert_allclose(np.std(share), np.sqrt(1 / 12), atol=0.1)


def check_flat_critic(make):
    """Asserts that the penalty has a finite gradient for weights at slope zero."""
    real, fake = samples((5, 3))
    scale = tf.Variable(0.0)
    with tf.GradientTape() as tape:
        value = make(1.0)(
            lambda x: scale * tf.reduce_sum(x, axis=1), real=real, fake=fake, seed=SEED
        )
    assert np.isfinite(value)
    assert np.isfinite(tape.gradient(value, scale))


def spied_points(penalty, real, fake, seed=SEED):
    seen = []

    def critic(points):
        seen.append(points.numpy())
        return tf.reduce_sum(points, axis=range(1, points.shape.rank))

    penalty(critic, real=real, fake=fake, seed=seed)
    return seen[0]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("penalty", LINEAR)
def test_linear_critic(penalty, shape):
    check_linear_critic(penalty, LINEAR[penalty], shape)


@pytest.mark.parametrize(
    "penalty",
    [penalties.InterpolatedGradientPenalty, penalties.ZeroCenteredInterpolated],
)
def test_interpolates(penalty):
    check_interpolates(penalty)


@pytest.mark.parametrize("penalty", LINEAR)
def test_flat_critic(penalty):
    check_flat_critic(penalty)


@pytest.mark.parametrize("name", buggy.PENALTIES)
def test_known_bugs_are_caught(name):
    make = buggy.PENALTIES[name]
    two_sided = LINEAR[penalties.InterpolatedGradientPenalty]
    with pytest.raises(AssertionError):
        check_linear_critic(make, two_sided, (5, 3))
        check_linear_critic(make, two_sided, (5, 2, 4, 3))
        check_interpolates(make)
        check_flat_critic(make)


@pytest.mark.parametrize(
    ("slope", "expected"), [(0.5, 0.0), (1.0, 0.0), (3.0, 4.0)], ids=str
)
def test_one_sided_penalizes_only_slopes_above_one(slope, expected):
    real, fake = samples((4, 1))
    penalty = penalties.InterpolatedGradientPenalty(1.0, one_sided=True)
    value = penalty(lambda x: slope * x[:, 0], real=real, fake=fake, seed=SEED)
    np.testing.assert_allclose(value, expected, atol=1e-5)


def test_norms_are_taken_per_sample():
    real, fake = samples((6, 2, 3))
    norms = np.sqrt(np.sum(np.square(real), axis=(1, 2)))
    r1 = penalties.R1(2.0)(quadratic_critic, real=real)
    r2 = penalties.R2(2.0)(quadratic_critic, fake=fake)
    np.testing.assert_allclose(r1, np.mean(norms**2), rtol=1e-6)
    np.testing.assert_allclose(
        r2, np.mean(np.sum(np.square(fake), axis=(1, 2))), rtol=1e-6
    )
    same = penalties.InterpolatedGradientPenalty(1.0)(
        quadratic_critic, real=real, fake=real, seed=SEED
    )
    np.testing.assert_allclose(same, np.mean((norms - 1) ** 2), rtol=1e-5)


def test_dragan_noise_is_gaussian_with_half_the_batch_deviation():
    random = np.random.default_rng(2)
    real = tf.constant(random.normal(5.0, 3.0, [4000, 4]), tf.float32)
    noise = spied_points(penalties.DraganPenalty(), real, None) - real.numpy()
    np.testing.assert_allclose(noise.mean(), 0.0, atol=0.05)
    np.testing.assert_allclose(noise.std(), 1.5, rtol=0.02)
    np.testing.assert_allclose(np.mean(noise**4) / 1.5**4, 3.0, rtol=0.1)


def test_patch_logits_are_summed():
    real, _ = samples((3, 4, 4, 1))
    value = penalties.R1(2.0)(lambda x: 3.0 * x, real=real)
    np.testing.assert_allclose(value, 16 * 9.0)


@pytest.mark.parametrize("kind", [list, tuple, lambda two: {"b": two[0], "a": two[1]}])
@pytest.mark.parametrize("penalty", LINEAR)
def test_logits_of_several_outputs_are_summed(penalty, kind):
    """The scales of a multi-scale critic; the slopes 3 and -5 add up to -2 a pixel."""
    real, fake = samples((3, 4, 4, 1))

    def critic(x):
        coarse = tf.nn.avg_pool2d(x, 2, 2, "VALID")
        return kind([3.0 * x, -20.0 * coarse])

    value = penalty(7.0)(critic, real=real, fake=fake, seed=SEED)
    np.testing.assert_allclose(value, LINEAR[penalty](7.0, 2.0 * 4.0), rtol=1e-5)


@pytest.mark.parametrize("penalty", LINEAR)
@pytest.mark.parametrize("dtype", ["uint8", "int64", "float64"])
def test_samples_of_any_number_type_reach_the_critic_as_float32(penalty, dtype):
    real, fake = (tf.cast(10.0 + x, dtype) for x in samples((4, 3)))
    seen = []

    def critic(points):
        seen.append(points)
        return tf.reduce_sum(tf.constant([2.0, -1.0, 2.0]) * points, axis=1)

    value = penalty(7.0)(critic, real=real, fake=fake, seed=SEED)
    np.testing.assert_allclose(value, LINEAR[penalty](7.0, 3.0), rtol=1e-5)
    assert {points.dtype for points in seen} == {tf.float32}


@pytest.mark.parametrize("penalty", LINEAR)
@pytest.mark.parametrize(
    "critic",
    [
        lambda x: tf.gather(tf.constant([0.5, 2.0, 1.0]), tf.cast(x, tf.int32)),
        lambda x: tf.cast(tf.argmax(x, axis=1), tf.float32),
        lambda x: tf.ones([4]),
    ],
    ids=["embedding", "argmax", "constant"],
)
def test_a_critic_without_a_gradient_is_refused_not_penalized_by_zero(penalty, critic):
    real = tf.constant([[0], [2], [1], [1]])
    with pytest.raises(ValueError, match="`critic` must be differentiable.*Received"):
        penalty()(critic, real=real, fake=real, seed=SEED)


@pytest.mark.parametrize("penalty", LINEAR)
def test_images_of_unknown_size_are_penalized(penalty):
    real, fake = samples((5, 4, 2, 1))
    critic, norm = linear_critic((5, 4, 2, 1))
    shape = tf.TensorSpec([None, None, None, 1], tf.float32)
    compiled = tf.function(
        lambda real, fake: penalty(7.0)(critic, real=real, fake=fake, seed=SEED),
        input_signature=[shape, shape],
    )
    expected = LINEAR[penalty](7.0, norm)
    np.testing.assert_allclose(compiled(real, fake), expected, rtol=1e-5)


@pytest.mark.parametrize("penalty", LINEAR)
def test_one_object_serves_several_critics(penalty):
    one, (real, fake) = penalty(7.0), samples((5, 3))
    for scale in (1.0, 2.0, 1.0):
        critic, norm = linear_critic((5, 3))
        value = one(
            lambda x, c=critic, s=scale: s * c(x), real=real, fake=fake, seed=SEED
        )
        expected = LINEAR[penalty](7.0, scale * norm)
        np.testing.assert_allclose(value, expected, rtol=1e-5)


@pytest.mark.parametrize(
    "penalty",
    [
        penalties.InterpolatedGradientPenalty(),
        penalties.ZeroCenteredInterpolated(),
        penalties.DraganPenalty(),
    ],
    ids=lambda p: p.name,
)
def test_random_points_depend_on_the_seed_alone(penalty):
    real, fake = samples((5, 3))
    first = spied_points(penalty, real, fake, [1, 2])
    np.testing.assert_array_equal(first, spied_points(penalty, real, fake, [1, 2]))
    assert np.all(first != spied_points(penalty, real, fake, [1, 3]))


@pytest.mark.parametrize("penalty", LINEAR)
def test_weight_gradient_equals_finite_differences(penalty):
    real, fake = samples((4, 3))
    start = np.array([0.7, -1.2, 0.4], "float32")

    def value_at(weights):
        return penalty(3.0)(
            lambda x: tf.linalg.matvec(tf.tanh(x * weights), tf.constant([1.0, 2, -1])),
            real=real,
            fake=fake,
            seed=SEED,
        )

    weights = tf.Variable(start)
    with tf.GradientTape() as tape:
        value = value_at(weights)
    gradient = tape.gradient(value, weights)
    for index in range(3):
        step = np.zeros(3, "float32")
        step[index] = 1e-2
        difference = (value_at(start + step) - value_at(start - step)) / 2e-2
        np.testing.assert_allclose(gradient[index], difference, rtol=2e-2, atol=1e-3)


@pytest.mark.parametrize("penalty", LINEAR)
def test_fake_samples_get_no_gradient(penalty):
    real, fake = samples((4, 3))
    with tf.GradientTape() as tape:
        tape.watch(fake)
        value = penalty(1.0)(quadratic_critic, real=real, fake=fake, seed=SEED)
    assert tape.gradient(value, fake) is None


@pytest.mark.parametrize("penalty", LINEAR)
def test_half_precision_input_is_penalized_in_float32(penalty):
    real, fake = (tf.cast(x, tf.float16) for x in samples((4, 3)))
    critic, norm = linear_critic((4, 3))
    value = penalty(7.0)(critic, real=real, fake=fake, seed=SEED)
    assert value.dtype == tf.float32
    np.testing.assert_allclose(value, LINEAR[penalty](7.0, norm), rtol=1e-5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: penalties.R1(-1.0), "Received: weight=-1.0"),
        (lambda: penalties.InterpolatedGradientPenalty(-2.0), "weight=-2.0"),
        (lambda: penalties.DraganPenalty(noise_scale=0.0), "noise_scale=0.0"),
        (
            lambda: penalties.InterpolatedGradientPenalty()(
                quadratic_critic, real=tf.ones([4, 2]), fake=tf.ones([3, 2]), seed=SEED
            ),
            r"real.shape=\(4, 2\), fake.shape=\(3, 2\)",
        ),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("kind", LINEAR, ids=lambda kind: kind.__name__)
def test_lazy_penalties_ask_the_critic_in_due_steps_only(kind):
    real, fake = samples((5, 3))
    calls = []

    def critic(x):
        calls.append(x)
        return quadratic_critic(x)

    arguments = {"real": real, "fake": fake, "seed": SEED}
    plain = kind(7.0)(critic, **arguments)
    lazy = kind(7.0, every=3)
    np.testing.assert_allclose(lazy(critic, **arguments), plain)
    for step in (0, 3, 6):
        value = lazy(critic, **arguments, step=step)
        np.testing.assert_allclose(value, 3.0 * plain, rtol=1e-6)
    calls.clear()
    for step in (1, 2, 4):
        assert float(lazy(critic, **arguments, step=step)) == 0.0
    assert not calls
    with pytest.raises(ValueError, match="`every` must.*Received: every=0"):
        kind(every=0)
