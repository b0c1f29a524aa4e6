"""One-sided label smoothing, for every loss that has a target for real images."""

import inspect

import numpy as np
import pytest
import tensorflow as tf
from scipy import optimize
from scipy import special

from tfgan_tricks import losses

SMOOTHED = [
    factory
    for factory in vars(losses).values()
    if inspect.isfunction(factory)
    and "real_label" in inspect.signature(factory).parameters
]
COMBINATORS = {
    "plain": lambda base: base,
    "relativistic": losses.relativistic,
    "relativistic_average": losses.relativistic_average,
}
every_factory = pytest.mark.parametrize("factory", SMOOTHED, ids=lambda f: f.__name__)
every_form = pytest.mark.parametrize("form", COMBINATORS)


def logits(count=7, seed=0):
    random = np.random.default_rng(seed)
    real = random.normal(0.5, 3.0, [count, 1])
    return {"real_logits": real, "fake_logits": random.normal(-1.0, 2.0, [count, 1])}


def test_the_losses_with_a_target_are_the_cross_entropies():
    assert {f.__name__ for f in SMOOTHED} == {"minimax", "non_saturating"}


@every_factory
@every_form
@pytest.mark.parametrize("label", [0.1, 0.5, 0.9])
def test_the_generator_s_loss_and_gradient_do_not_move(factory, form, label):
    results = []
    for real_label in (1.0, label):
        both = {name: tf.constant(value) for name, value in logits().items()}
        loss = COMBINATORS[form](factory(real_label=real_label))
        with tf.GradientTape() as tape:
            tape.watch(both)
            value = loss.generator(**both)
        gradients = tape.gradient(value, both, unconnected_gradients="zero")
        results.append([value, *gradients.values()])
    for hard, smooth in zip(*results, strict=True):
        np.testing.assert_array_equal(hard, smooth)


@every_factory
@pytest.mark.parametrize("label", [0.1, 0.5, 0.9])
def test_smoothing_adds_what_only_real_logits_decide(factory, label):
    """softplus(y) - softplus(-y) = y: (1 - label) times the mean real logit."""
    both = logits()
    hard, smooth = (
        factory(real_label=real_label).discriminator(**both)
        for real_label in (1.0, label)
    )
    expected = (1.0 - label) * np.mean(both["real_logits"])
    np.testing.assert_allclose(smooth - hard, expected, rtol=1e-9)


@every_factory
@pytest.mark.parametrize(
    ("form", "scale"), [("relativistic", 0.5), ("relativistic_average", 1.0)]
)
def test_in_relativistic_forms_it_adds_the_mean_gap(factory, form, scale):
    both = logits()
    hard, smooth = (
        COMBINATORS[form](factory(real_label=real_label)).discriminator(**both)
        for real_label in (1.0, 0.7)
    )
    gap = np.mean(both["real_logits"]) - np.mean(both["fake_logits"])
    np.testing.assert_allclose(smooth - hard, 0.3 * scale * gap, rtol=1e-9)


def minimized(function, size):
    """Returns the minimum of a function of logits, as probabilities."""

    def value_and_gradient(values):
        values = tf.constant(values)
        with tf.GradientTape() as tape:
            tape.watch(values)
            value = function(values)
        return float(value), tape.gradient(value, values).numpy()

    options = {"gtol": 1e-8}
    result = optimize.minimize(
        value_and_gradient, np.zeros(size), jac=True, method="BFGS", options=options
    )
    return special.expit(result.x)


@every_factory
@pytest.mark.parametrize("label", [0.25, 0.5, 0.75, 0.9])
def test_the_real_term_is_least_at_the_label(factory, label):
    loss = factory(real_label=label)
    zero = tf.zeros([1], tf.float64)
    best = minimized(lambda x: loss.discriminator(real_logits=x, fake_logits=zero), 1)
    np.testing.assert_allclose(best, [label], atol=1e-6)


def best_discriminator(loss, real, fake):
    """Minimizes over one logit for each of the points that the densities weight."""
    zero = tf.zeros([1], tf.float64)

    def expected_loss(values):
        logits = tf.split(values, len(real))
        of_real = [loss.discriminator(real_logits=x, fake_logits=zero) for x in logits]
        of_fake = [loss.discriminator(real_logits=zero, fake_logits=x) for x in logits]
        return tf.tensordot(real, of_real, 1) + tf.tensordot(fake, of_fake, 1)

    return minimized(expected_loss, len(real))


@every_factory
@pytest.mark.parametrize("label", [0.6, 0.9, 1.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_best_discriminator_is_label_p_over_p_plus_q(factory, label, seed):
    real, fake = np.random.default_rng(seed).dirichlet(np.ones(5), 2)
    best = best_discriminator(factory(real_label=label), real, fake)
    np.testing.assert_allclose(best, label * real / (real + fake), atol=1e-5)


@every_factory
def test_the_best_discriminator_in_figures(factory):
    densities = np.array([[0.3, 0.7], [0.5, 0.5]])
    best = best_discriminator(factory(real_label=0.9), *densities)
    np.testing.assert_allclose(best, [0.3375, 0.525], atol=1e-6)
