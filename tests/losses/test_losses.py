"""Numpy oracles for every loss, on moderate and on extreme logits."""

import numpy as np
import pytest
import tensorflow as tf

from tests.losses.oracles import ORACLES
from tfgan_tricks import losses

SHAPES = [(6,), (6, 1), (6, 2, 3, 1)]
PLAYERS = ["discriminator", "generator"]
PAIRS = [(name, player) for name in ORACLES for player in PLAYERS]


def logits(shape, scale, seed=0):
    random = np.random.default_rng(seed)
    real = random.uniform(-1.0, 1.0, shape) * scale
    fake = random.uniform(-1.0, 0.7, shape) * scale + 0.25
    return real.astype("float32"), fake.astype("float32")


@pytest.mark.parametrize("scale", [0.1, 3.0, 500.0])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("name", "player"), PAIRS)
def test_value_equals_numpy(name, player, shape, scale):
    real, fake = logits(shape, scale)
    value = getattr(ORACLES[name].loss, player)(
        real_logits=tf.constant(real), fake_logits=tf.constant(fake)
    )
    expected = getattr(ORACLES[name], player)(real.astype("f8"), fake.astype("f8"))
    assert value.shape == ()
    np.testing.assert_allclose(value, expected, rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("scale", [3.0, 500.0])
@pytest.mark.parametrize(("name", "player"), PAIRS)
def test_gradient_equals_finite_differences(name, player, scale):
    real, fake = logits((5, 1), scale, seed=1)
    tensors = [tf.constant(real), tf.constant(fake)]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        value = getattr(ORACLES[name].loss, player)(
            real_logits=tensors[0], fake_logits=tensors[1]
        )
    gradients = tape.gradient(value, tensors, unconnected_gradients="zero")
    oracle = getattr(ORACLES[name], player)
    expected = finite_differences(oracle, real.astype("f8"), fake.astype("f8"))
    for gradient, difference in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(gradient, difference, rtol=1e-4, atol=1e-5)


def finite_differences(function, real, fake, step=1e-5):
    results = []
    for array in (real, fake):
        result = np.zeros_like(array)
        for index in np.ndindex(array.shape):
            start = array[index]
            array[index] = start + step
            above = function(real, fake)
            array[index] = start - step
            result[index] = (above - function(real, fake)) / (2 * step)
            array[index] = start
        results.append(result)
    return results


@pytest.mark.parametrize("name", ORACLES)
def test_discriminator_wants_real_up_and_fake_down(name):
    """Least squares is not monotone: its logits stay between the targets."""
    real, fake = (tf.constant(x) * 0.2 + 0.3 for x in logits((7, 1), 1.0, seed=2))
    with tf.GradientTape() as tape:
        tape.watch([real, fake])
        value = ORACLES[name].loss.discriminator(real_logits=real, fake_logits=fake)
    real_gradient, fake_gradient = tape.gradient(value, [real, fake])
    assert np.all(real_gradient < 0)
    assert np.all(fake_gradient > 0)


@pytest.mark.parametrize("name", ORACLES)
def test_generator_wants_fake_up(name):
    real, fake = (tf.constant(x) * 0.2 - 0.3 for x in logits((7, 1), 1.0, seed=3))
    with tf.GradientTape() as tape:
        tape.watch(fake)
        value = ORACLES[name].loss.generator(real_logits=real, fake_logits=fake)
    assert np.all(tape.gradient(value, fake) < 0)


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in ORACLES
        if "relativistic" in name and "minimax" not in name and "label" not in name
    ],
)
def test_relativistic_generator_is_the_discriminator_with_roles_exchanged(name):
    real, fake = logits((6, 1), 3.0, seed=4)
    loss = ORACLES[name].loss
    np.testing.assert_array_equal(
        loss.generator(real_logits=real, fake_logits=fake),
        loss.discriminator(real_logits=fake, fake_logits=real),
    )


@pytest.mark.parametrize("name", [name for name in ORACLES if "relativistic" in name])
@pytest.mark.parametrize("player", PLAYERS)
def test_relativistic_losses_see_only_differences(name, player):
    real, fake = (tf.constant(x, tf.float64) for x in logits((6, 1), 3.0, seed=5))
    function = getattr(ORACLES[name].loss, player)
    np.testing.assert_allclose(
        function(real_logits=real + 7.0, fake_logits=fake + 7.0),
        function(real_logits=real, fake_logits=fake),
        rtol=1e-12,
    )


@pytest.mark.parametrize("name", ORACLES)
@pytest.mark.parametrize("player", PLAYERS)
def test_common_permutation_changes_nothing(name, player):
    real, fake = logits((6, 1), 3.0, seed=6)
    order = [3, 0, 5, 1, 4, 2]
    function = getattr(ORACLES[name].loss, player)
    np.testing.assert_allclose(
        function(real_logits=real[order], fake_logits=fake[order]),
        function(real_logits=real, fake_logits=fake),
        rtol=1e-6,
    )


@pytest.mark.parametrize(
    ("loss", "at_zero"),
    [
        (losses.relativistic(losses.non_saturating()), np.log(2)),
        (losses.relativistic_average(losses.non_saturating()), 2 * np.log(2)),
        (losses.relativistic(losses.hinge()), 1.0),
        (losses.relativistic_average(losses.hinge()), 2.0),
        (losses.relativistic_average(losses.least_squares(*losses.PEARSON)), 1.0),
    ],
)
def test_relativistic_values_at_zero(loss, at_zero):
    zeros = {"real_logits": tf.zeros([4, 1]), "fake_logits": tf.zeros([4, 1])}
    np.testing.assert_allclose(loss.discriminator(**zeros), at_zero, rtol=1e-6)
    np.testing.assert_allclose(loss.generator(**zeros), at_zero, rtol=1e-6)


def test_ralsgan_discriminator_is_variances_plus_squared_mean_gap():
    real, fake = (x.astype("float64") for x in logits((50, 1), 2.0))
    loss = losses.get("relativistic_average_least_squares")
    expected = 0.5 * (real.var() + fake.var()) + (real.mean() - fake.mean() - 1) ** 2
    value = loss.discriminator(real_logits=real, fake_logits=fake)
    np.testing.assert_allclose(value, expected, rtol=1e-12)


@pytest.mark.parametrize("factory", [losses.minimax, losses.non_saturating])
@pytest.mark.parametrize(
    "combine",
    [lambda base: base, losses.relativistic, losses.relativistic_average],
    ids=["plain", "relativistic", "relativistic_average"],
)
def test_smoothing_is_one_sided(factory, combine):
    real, fake = logits((6, 1), 3.0, seed=7)
    hard, smooth = combine(factory()), combine(factory(real_label=0.7))
    both = {"real_logits": tf.constant(real), "fake_logits": tf.constant(fake)}
    assert float(hard.generator(**both)) == float(smooth.generator(**both))
    assert float(hard.discriminator(**both)) != float(smooth.discriminator(**both))


@pytest.mark.parametrize("factory", [losses.minimax, losses.non_saturating])
def test_smoothing_leaves_the_fake_term_alone(factory):
    real = tf.constant([0.3, -2.0])
    gradients = []
    for label in (1.0, 0.7):
        fake = tf.constant([[1.5], [-0.2]])
        with tf.GradientTape() as tape:
            tape.watch(fake)
            value = factory(real_label=label).discriminator(
                real_logits=real, fake_logits=fake
            )
        gradients.append(tape.gradient(value, fake))
    np.testing.assert_array_equal(*gradients)


def test_smoothed_discriminator_is_best_at_alpha_p_over_p_plus_q():
    real_density, fake_density, label = 0.3, 0.5, 0.9
    best = label * real_density / (real_density + fake_density)
    logit = tf.constant(np.log(best / (1 - best)), tf.float64)
    loss = losses.non_saturating(real_label=label)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(logit)
        other = tf.zeros_like(logit)
        real_term = loss.discriminator(real_logits=logit, fake_logits=other)
        fake_term = loss.discriminator(real_logits=other, fake_logits=logit)
    slope = real_density * tape.gradient(real_term, logit)
    slope += fake_density * tape.gradient(fake_term, logit)
    np.testing.assert_allclose(best, 0.3375)
    np.testing.assert_allclose(slope, 0.0, atol=1e-12)


@pytest.mark.parametrize("confidence", [1e-4, 1e-3, 0.01, 0.1, 0.5])
def test_non_saturating_gradient_ratio(confidence):
    """|d/dlogit| is D for minimax and 1 - D for the non-saturating loss."""
    logit = tf.constant(np.log(confidence / (1 - confidence)), tf.float64)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(logit)
        saturating = losses.minimax().generator(fake_logits=logit)
        non_saturating = losses.non_saturating().generator(fake_logits=logit)
    ratio = tape.gradient(non_saturating, logit) / tape.gradient(saturating, logit)
    np.testing.assert_allclose(ratio, (1 - confidence) / confidence, rtol=1e-9)


@pytest.mark.parametrize("coding", [losses.PEARSON, losses.BINARY, (-0.4, 1.3, 0.2)])
def test_least_squares_minimum_is_a_chi_square(coding):
    """2C(G) = (b-a)^2/4 * sum (p-q)^2/(p+q) + 2((a+b)/2 - c)^2 at the best D."""
    a, b, c = coding
    random = np.random.default_rng(8)
    real, fake = random.dirichlet(np.ones(9), 2)
    best = (b * real + a * fake) / (real + fake)
    value = np.sum((real + fake) * (best - c) ** 2)
    chi_square = np.sum((real - fake) ** 2 / (real + fake))
    expected = (b - a) ** 2 / 4 * chi_square + 2 * ((a + b) / 2 - c) ** 2
    np.testing.assert_allclose(value, expected)
    logits_at_best, other = tf.constant(best), tf.zeros([], tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(logits_at_best)
        loss = losses.least_squares(a, b, c)
        terms = [
            real[i] * loss.discriminator(real_logits=logit, fake_logits=other)
            + fake[i] * loss.discriminator(real_logits=other, fake_logits=logit)
            for i, logit in enumerate(tf.unstack(logits_at_best))
        ]
        total = tf.add_n(terms)
    np.testing.assert_allclose(tape.gradient(total, logits_at_best), 0.0, atol=1e-12)


@pytest.mark.parametrize(
    ("coding", "is_pearson"),
    [
        (losses.PEARSON, True),
        (losses.BINARY, False),
        (losses.LeastSquaresCoding(0.0, 2.0, 1.0), True),
        (losses.LeastSquaresCoding(-1.0, 1.0, 1.0), False),
    ],
)
def test_pearson_condition(coding, is_pearson):
    assert coding.is_pearson is is_pearson


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: losses.minimax(real_label=0.0), "real_label=0.0"),
        (lambda: losses.non_saturating(real_label=1.1), "real_label=1.1"),
        (lambda: losses.least_squares(a=1.0, b=1.0), "a=1.0, b=1.0"),
        (lambda: losses.get("hing"), "Did you mean 'hinge'.*loss='hing'"),
        (lambda: losses.get({"name": "hing"}), "Received: loss='hing'"),
        (lambda: losses.get({"name": "relativistic"}), "Received: loss='relativistic_"),
        (lambda: losses.get(None), "Received: loss=None"),
        (lambda: losses.get(["hinge"]), r"Received: loss=\['hinge'\]"),
        (lambda: losses.config_of(foreign_loss()), "Received: loss=AdversarialLoss"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=f"(?s)Received.*{message}|{message}"):
        call()


def foreign_loss():
    return losses.AdversarialLoss(lambda **_: 0.0, lambda **_: 0.0)


@pytest.mark.parametrize("combine", [losses.relativistic, losses.relativistic_average])
@pytest.mark.parametrize("player", PLAYERS)
def test_unpaired_logits_are_refused(combine, player):
    function = getattr(combine(losses.hinge()), player)
    with pytest.raises(ValueError, match=r"Received: real_logits.shape=\(4, 1\)"):
        function(real_logits=tf.zeros([4, 1]), fake_logits=tf.zeros([4]))


@pytest.mark.parametrize("name", [n for n in ORACLES if "label" not in n])
def test_get_by_name_and_by_config(name):
    real, fake = logits((6, 1), 3.0, seed=9)
    both = {"real_logits": real, "fake_logits": fake}
    loss = ORACLES[name].loss
    again = losses.get(loss.config)
    assert again.config == loss.config
    assert float(again.discriminator(**both)) == float(loss.discriminator(**both))
    assert float(again.generator(**both)) == float(loss.generator(**both))
    by_name = losses.get(name)
    assert float(by_name.discriminator(**both)) == float(loss.discriminator(**both))


def test_get_passes_arguments_on():
    loss = losses.get("relativistic_average_non_saturating", real_label=0.9)
    assert loss.config["base"]["real_label"] == 0.9


def test_get_returns_a_loss_unchanged():
    loss = foreign_loss()
    assert losses.get(loss) is loss
    assert losses.get({"name": "relativistic", "base": loss}).config is None
