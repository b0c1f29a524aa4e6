"""The numbers of the papers' figures, against closed forms."""

import csv
import functools
import inspect
import io
import pathlib

import numpy as np
import pytest
import tensorflow as tf
from scipy import special

from launch._figures import _calculus
from launch._figures import _page
from launch._figures import _runs
from launch._figures import dirac
from launch._figures import improved_techniques
from launch._figures import least_squares
from launch._figures import non_saturating
from launch._figures import relativistic
from tests.trainers.dirac import SLOPES
from tests.trainers.dirac import sigmoid
from tests.trainers.dirac import step as is_positive
from tfgan_tricks import losses
from tfgan_tricks import penalties
from trainers import NonSaturatingGAN
from trainers import RelativisticAverageGAN

DOCS = pathlib.Path(__file__).parents[2] / "docs" / "figures"
drawn = functools.cache(lambda name: _page.figure(name, 0))


@pytest.fixture
def eagerly():
    """Runs a few steps in less time than their graph would take to trace."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def stored(name, panel):
    """Returns the curves of a panel of a stored figure, by their labels."""
    rows = csv.DictReader(io.StringIO((DOCS / f"{name}.csv").read_text()))
    curves = {}
    for row in rows:
        if row["panel"] == panel:
            curves.setdefault(row["curve"], []).append((row["x"], row["y"]))
    return {label: np.array(each, float).T for label, each in curves.items()}


def close(actual, expected, rtol=1e-9, atol=0.0):
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=atol)


@pytest.mark.parametrize(
    ("label", "cost", "by_probability", "by_logit"),
    [
        (
            non_saturating.MINIMAX,
            np.log1p,
            lambda x: 1 / (1 - x),
            lambda a: special.expit(a),
        ),
        (
            non_saturating.NON_SATURATING,
            lambda x: -np.log(-x),
            lambda x: 1 / x,
            lambda a: special.expit(-a),
        ),
    ],
)
def test_both_generators_have_their_slopes(label, cost, by_probability, by_logit):
    figure = drawn("logarithms")
    x, y = figure.curve(0, label)
    close(y, cost(-x), rtol=1e-9, atol=1e-12)
    x, y = figure.curve(1, label)
    close(y, by_probability(x))
    a, y = figure.curve(2, label)
    close(y, by_logit(a))
    assert a[0] == -10 and a[-1] == 10


def test_the_slope_at_zero_is_one_by_the_probability_and_none_by_the_logit():
    figure = drawn("logarithms")
    x, by_probability = figure.curve(1, non_saturating.MINIMAX)
    _, by_logit = figure.curve(2, non_saturating.MINIMAX)
    assert x[0] == 1e-6 and by_probability[0] == pytest.approx(1.0, abs=1e-5)
    assert by_logit[0] < 1e-4
    logit = special.logit([0.001])
    ratio = [
        _calculus.slopes(lambda a, loss=loss: loss.generator(fake_logits=a), logit)[0]
        for loss in (losses.non_saturating(), losses.minimax())
    ]
    assert ratio[0] / ratio[1] == pytest.approx(999.0)


def test_three_costs_of_the_generator():
    figure = drawn("generator_losses")
    costs = {
        non_saturating.MINIMAX: (lambda x: np.log(1 - x), lambda x: x),
        non_saturating.NON_SATURATING: (lambda x: -np.log(x), lambda x: 1 - x),
        non_saturating.LIKELIHOOD: (lambda x: -x / (1 - x), lambda x: x / (1 - x)),
    }
    for label, (cost, pull) in costs.items():
        close(figure.curve(0, label)[1], cost(figure.curve(0, label)[0]))
        close(figure.curve(1, label)[1], pull(figure.curve(1, label)[0]))


def test_only_the_saturating_gradient_of_a_frozen_generator_vanishes():
    figure = non_saturating.frozen_generator(0, 20, 120)
    steps, vanishing = figure.curve(0, non_saturating.MINIMAX)
    _, lasting = figure.curve(0, non_saturating.NON_SATURATING)
    assert (steps[0], steps[-1]) == (0, 120) and np.all(np.diff(steps) == 40)
    assert vanishing[-1] < vanishing[0] / 10
    assert lasting[-1] > lasting[0]


def test_a_rate_of_zero_leaves_a_network_unchanged():
    generator, discriminator = _runs.pair((2,), 0)
    gan = NonSaturatingGAN(generator, discriminator)
    points = np.random.default_rng(0).normal(size=[64, 2]).astype("float32")
    before = generator.get_weights()
    _runs.train(gan, points, 3, seed=0, rates=(0.0, 1e-3))
    np.testing.assert_equal(generator.get_weights(), before)
    kernel = discriminator.weights[0].numpy()
    measured = _runs.train(gan, points, 3, seed=0, measure=lambda: int(gan.step))
    assert np.any(discriminator.weights[0].numpy() != kernel)
    assert measured == [(0, 3), (3, 6)]


def test_the_norm_of_a_gradient_is_of_all_variables_together():
    variables = [tf.Variable([1.0, -2.0]), tf.Variable(3.0)]

    def loss():
        return tf.reduce_sum(variables[0] ** 2) + 5.0 * variables[1]

    assert _calculus.gradient_norm(loss, variables) == pytest.approx(
        np.sqrt(4 + 16 + 25)
    )


def test_the_minimum_of_a_quadratic():
    target = np.array([1.0, -2.0])
    found, least = _calculus.minimum(
        lambda x: tf.reduce_sum(tf.square(x - target)) + 3.0, np.zeros(2)
    )
    close(found, target)
    assert least == pytest.approx(3.0)


def design(points):
    return np.column_stack([points, np.ones(len(points))])


def test_both_linear_discriminators_are_the_best():
    real, near, _ = least_squares._points(0)
    weights = least_squares._fitted(losses.least_squares(0.0, 1.0, 1.0), real, near)
    rows, targets = np.concatenate([real, near]), np.repeat([1.0, 0.0], len(real))
    expected = np.linalg.lstsq(design(rows), targets, rcond=None)[0]
    close(weights, expected, rtol=1e-7)
    weights = least_squares._fitted(losses.non_saturating(), real, near)
    missed = special.expit(-design(real) @ weights) @ design(real)
    fooled = special.expit(design(near) @ weights) @ design(near)
    close(missed, fooled, rtol=1e-7)


def lengths(panel):
    x, y = drawn("far_fakes").curve(panel, least_squares.PULL)
    starts, ends, gaps = np.stack([x, y], axis=1).reshape(-1, 3, 2).swapaxes(0, 1)
    assert np.isnan(gaps).all()
    return ends - starts


def test_only_least_squares_pulls_far_fakes_back():
    count = len(least_squares._points(0)[1])
    for panel in (0, 1):
        assert np.hypot(*lengths(panel)[:count].T).mean() == pytest.approx(0.5)
    assert np.hypot(*lengths(0)[count:].T).max() < 0.01
    assert lengths(1)[count:, 0].max() < -0.5


def test_least_squares_is_flat_at_its_target_only():
    figure = drawn("loss_curves")
    a, cost = figure.curve(0, least_squares.CROSS_ENTROPY)
    close(cost, np.logaddexp(0, -a))
    close(figure.curve(1, least_squares.CROSS_ENTROPY)[1], special.expit(-a))
    close(figure.curve(0, least_squares.LEAST_SQUARES)[1], (a - 1) ** 2 / 2, atol=1e-15)
    slopes = figure.curve(1, least_squares.LEAST_SQUARES)[1]
    close(slopes, np.abs(a - 1), atol=1e-15)
    assert np.flatnonzero(slopes < 0.01) == np.argmin(np.abs(a - 1))


@pytest.mark.parametrize("name", least_squares.densities(9)[1])
def test_the_cost_of_least_squares_is_a_chi_square(name):
    real, fake = least_squares.densities(31)[1][name]
    divergence = np.sum((2 * fake - (real + fake)) ** 2 / (real + fake))
    assert least_squares.pearson(real, fake) == pytest.approx(divergence, abs=1e-12)
    a, b, c = -0.5, 2.0, 0.3
    coding = losses.LeastSquaresCoding(a, b, c)
    expected = (b - a) ** 2 / 4 * divergence + 2 * ((a + b) / 2 - c) ** 2
    cost = least_squares.cost_at_best(coding, real, fake)
    assert cost == pytest.approx(expected, abs=1e-9)


def test_the_points_of_the_chi_square_lie_on_their_lines():
    figure = least_squares.chi_square(0, 31)
    first, second = (f"2 C(G) with {name}" for name in least_squares.CODINGS)
    x, y = figure.curve(0, first)
    close(y, x, atol=1e-9)
    assert len(x) == 8 and x[0] < 1e-12 and x[-1] > 1.5
    x, y = figure.curve(0, second)
    close(y, x / 4 + 0.5, atol=1e-9)


def two_densities(figure):
    x, real = figure.curve(0, "real, p")
    return x, real, figure.curve(0, "fake, q")[1]


def test_the_best_discriminators_of_both_codings():
    figure = drawn("least_squares_optimum")
    x, real, fake = two_densities(figure)
    close(real, np.exp(-((x + 1) ** 2) / 2) / np.sqrt(2 * np.pi))
    for name, (a, b, _) in least_squares.CODINGS.items():
        _, best = figure.curve(1, f"D* with {name}")
        close(best, (b * real + a * fake) / (real + fake), atol=1e-9)


def test_the_best_smoothed_discriminators():
    figure = drawn("label_smoothing")
    _, real, fake = two_densities(figure)
    for target in (1.0, 0.9, 0.75):
        _, best = figure.curve(1, f"target {target:g}")
        close(best, target * real / (real + fake), rtol=1e-9)
    best = _calculus.best_logits(losses.minimax(real_label=0.9), [0.3], [0.5])
    close(special.expit(best), [0.3375])


def test_the_outputs_of_both_discriminators():
    real, fake = tf.constant([1.0, 3.0]), tf.constant([-1.0, 0.5])
    standard = relativistic.standard_outputs(real, fake)
    close(standard, [sigmoid(real).mean(), sigmoid(fake).mean()], rtol=1e-6)
    average = relativistic.average_outputs(real, fake)
    expected = [
        (sigmoid(1.25) + sigmoid(3.25)) / 2,
        (sigmoid(-3.0) + sigmoid(-1.5)) / 2,
    ]
    close(average, expected, rtol=1e-6)


def test_only_the_relativistic_discriminator_knows_that_half_is_fake():
    real, fake = relativistic.generator_alone(
        NonSaturatingGAN, relativistic.standard_outputs, 0, 80
    )
    assert np.all(real.y == real.y[0]) and real.y[0] > 0.95
    assert fake.y[0] < 0.1 and fake.y[-1] > 0.9
    real, fake = relativistic.generator_alone(
        RelativisticAverageGAN, relativistic.average_outputs, 0, 80
    )
    assert real.y[0] > 0.95 and real.y[-1] < 0.2
    assert fake.y[0] < 0.1 and fake.y[-1] > 0.8


def test_both_divergences_are_those_of_the_densities():
    figure = relativistic.divergence_paths(0, count=2)
    means, standard = figure.curve(2, relativistic.STANDARD)
    _, paired = figure.curve(2, relativistic.RELATIVISTIC)
    np.testing.assert_array_equal(means, [3.0, 0.0])

    def jensen_shannon(p, q):
        return (special.rel_entr(p, (p + q) / 2) + special.rel_entr(q, (p + q) / 2)) / 2

    for index, mean in enumerate(means):
        p, q = relativistic.atoms(0.0), relativistic.atoms(mean)
        assert p.sum() == pytest.approx(1.0) and q.argmax() == 6 - 3 * index
        pairs = np.outer(p, q)
        close(standard[index], 2 * jensen_shannon(p, q).sum(), atol=1e-9)
        close(paired[index], jensen_shannon(pairs, pairs.T).sum(), atol=1e-9)
        close(figure.curve(0, relativistic.REAL)[1][index], np.sum(p * p / (p + q)))
        close(figure.curve(0, relativistic.FAKE)[1][index], np.sum(q * p / (p + q)))
        right = np.sum(pairs**2 / (pairs + pairs.T))
        close(figure.curve(1, relativistic.REAL)[1][index], right)
        close(figure.curve(1, relativistic.FAKE)[1][index], 1 - right)


def test_bread():
    standard, relative = drawn("bread").panels[0].curves
    close(standard.y, special.expit([8, 8, -3]))
    close(relative.y, special.expit([13, 1, 2]))


def test_historical_averaging_follows_its_recursion(eagerly):
    weight, steps = 0.1, 40
    x = y = 0.5
    xs, ys, expected = [], [], []
    for _ in range(steps + 1):
        expected.append((x, y))
        xs.append(x)
        ys.append(y)
        f, slope = (x, 1.0) if x < 0 else (x * x, 2 * x)
        by_x = slope * (y - 1) + 2 * weight * (x - np.mean(xs))
        by_y = -(f - 1) + 2 * weight * (y - np.mean(ys))
        x, y = x - 0.01 * by_x, y - 0.01 * by_y
    close(improved_techniques._history_path(weight, steps), expected, rtol=1e-4)


def test_only_historical_averaging_arrives():
    figure = improved_techniques.historical_averaging(0, steps=5000)
    away = [figure.curve(1, f"weight {weight:g}")[1] for weight in (0, 0.1, 1)]
    assert away[0][-40:].max() > 2 * away[0][:40].max()
    assert away[1][-1] < 1e-3
    assert away[2][-1] < 0.1


def test_only_a_discriminator_that_sees_similarities_prevents_a_collapse():
    """The figure's runs take long: these are the numbers of the one in the docs."""
    similar = stored("minibatch_similarity", "similarity o(x)")
    _, (real, _) = similar[improved_techniques.REAL]
    steps, plain = similar[improved_techniques.PLAIN]
    _, seen = similar[improved_techniques.WITH_LAYER]
    assert list(steps) == list(range(0, 1801, 30))
    assert min(plain) >= 1 and max(plain) <= 64
    assert np.mean(plain[-20:]) > 1.4 * real
    assert np.mean(seen[-20:]) < 1.1 * real


def test_a_collapse_is_seen_in_the_similarities():
    figure = improved_techniques.minibatch_similarity(0, steps=150)
    _, (real, _) = figure.curve(0, improved_techniques.REAL)
    _, plain = figure.curve(0, improved_techniques.PLAIN)
    assert 20 < real < 40 and 1.5 * real < max(plain) <= 64


def test_the_run_of_the_docs_keeps_the_prior_knowledge():
    standard = stored("prior_knowledge", "standard: G trains alone")
    relative = stored("prior_knowledge", "relativistic average: G trains alone")
    assert set(standard[relativistic.REAL][1]) == {standard[relativistic.REAL][1][0]}
    assert standard[relativistic.FAKE][1][-1] > 0.99
    assert relative[relativistic.REAL][1][-1] < 0.05
    assert relative[relativistic.FAKE][1][-1] > 0.95


def test_the_run_of_the_docs_saturates_by_orders_of_magnitude():
    curves = stored("frozen_generator", "generator frozen after 300 steps")
    _, vanishing = curves[non_saturating.MINIMAX]
    steps, lasting = curves[non_saturating.NON_SATURATING]
    assert steps[-1] == 2000
    assert vanishing[-1] < vanishing[0] / 1000
    assert min(lasting[1:]) > lasting[0]


def test_every_loss_and_every_penalty_has_a_path():
    factories = {
        value for value in vars(losses).values() if inspect.isfunction(value)
    } - {losses.get, losses.config_of}
    names = {factory.__name__ for factory in factories}
    assert {loss.config["name"] for loss in dirac.LOSSES.values()} == names
    classes = {value for value in vars(penalties).values() if inspect.isclass(value)}
    classes.remove(penalties.HistoricalAverage)
    assert {type(each) for each in dirac.PENALTIES.values()} == classes | {float}


# Slopes of L_D and of L_G by the fake logit t, where the real logit is 0.
FIELDS = {
    "minimax": (sigmoid, lambda t: -sigmoid(t)),
    "non-saturating": (sigmoid, lambda t: -sigmoid(-t)),
    "least squares (-1, 1, 0)": (lambda t: t + 1, lambda t: t),
    "least squares (0, 1, 1)": (lambda t: t, lambda t: t - 1),
    "hinge": (lambda t: is_positive(1 + t), lambda t: -1.0),
    "Wasserstein": (lambda t: 1.0, lambda t: -1.0),
    "relativistic": (sigmoid, lambda t: -sigmoid(-t)),
    "relativistic average": (
        lambda t: 2 * sigmoid(t),
        lambda t: -2 * sigmoid(-t),
    ),
}


def recursion(name, steps, penalty=None):
    of_discriminator, of_generator = FIELDS[name]
    theta = psi = 1.0
    expected = []
    for _ in range(steps + 1):
        expected.append((theta, psi))
        by_psi = of_discriminator(psi * theta) * theta
        if penalty is not None:
            excess = is_positive(abs(psi) - 1) if is_one_sided(penalty) else 1.0
            by_psi += excess * SLOPES[type(penalty)](penalty.weight, psi)
        by_theta = of_generator(psi * theta) * psi
        theta, psi = theta - 0.2 * by_theta, psi - 0.2 * by_psi
    return np.array(expected)


def is_one_sided(penalty):
    return getattr(penalty, "one_sided", False)


@pytest.mark.parametrize("name", dirac.LOSSES)
def test_the_paths_of_losses_follow_their_recursions(name, eagerly):
    found = dirac.path(dirac.LOSSES[name], None, steps=20)
    close(found, recursion(name, 20), rtol=1e-4, atol=1e-4)


ON_GRADIENTS = {n: p for n, p in dirac.PENALTIES.items() if not isinstance(p, float)}


@pytest.mark.parametrize("name", ON_GRADIENTS)
def test_the_paths_of_penalties_follow_their_recursions(name, eagerly):
    penalty = ON_GRADIENTS[name]
    found = dirac.path(dirac.LOSSES["non-saturating"], penalty, steps=20)
    close(found, recursion("non-saturating", 20, penalty), rtol=1e-4, atol=1e-4)


def test_the_paths_end_where_the_captions_say():
    def away(path):
        return np.linalg.norm(path[-1])

    assert min(away(recursion(name, 500)) for name in dirac.LOSSES) > 0.5
    ends = {
        name: away(recursion("non-saturating", 500, penalty))
        for name, penalty in ON_GRADIENTS.items()
    }
    assert all(ends[name] < 1e-5 for name in ("R1(0.3)", "R1(1)", "R2(1)", "0-GP(0.5)"))
    assert all(ends[name] > 1 for name in ("WGAN-GP(0.3)", "DRAGAN(0.3)"))
    plain = away(recursion("non-saturating", 500))
    assert ends["one-sided GP(0.3)"] == pytest.approx(plain, rel=0.05)
    averaged = dirac.path(dirac.LOSSES["non-saturating"], 0.1)
    assert away(averaged) < 0.03


def test_each_dirac_figure_has_a_panel_for_each_path(eagerly):
    for make, paths in (
        (dirac.dirac_losses, dirac.LOSSES),
        (dirac.dirac_penalties, dirac.PENALTIES),
    ):
        figure = make(0, steps=1)
        assert [panel.title.split("\n")[0] for panel in figure.panels] == list(paths)
    x, y = figure.curve(0, dirac.PATH)
    expected = recursion("non-saturating", 1, dirac.PENALTIES["R1(0.3)"])
    close(np.stack([x, y], axis=1), expected, rtol=1e-6)
    away = np.linalg.norm(expected[-1])
    assert figure.panels[0].title.endswith(f"ends {away:.2g} away")


def test_a_path_that_leaves_the_panel_is_cut_there():
    walked = np.array([[1.0, 1.0], [3.0, 0.0], [5.0, 0.0], [9.0, 0.0]])
    path, start, _ = dirac._panel("name", walked, True).curves
    assert list(path.x) == [1.0, 3.0, 5.0] and list(start.x) == [1.0]
