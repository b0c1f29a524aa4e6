"""Values, slopes and minima of the package's losses, which are functions of tensors."""

import functools
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from scipy import optimize
from scipy import stats

from tfgan_tricks.losses import AdversarialLoss

Function = Callable[[tf.Tensor], tf.Tensor]
_LARGEST_LOGIT = 64.0
_HALVINGS = 56  # From 128 to the precision of float64.
# Of a gradient in float64, above its rounding errors.
_TOLERANCE = 1e-10


def values(mean_loss: Function, points: Any) -> np.ndarray:
    """Returns the value of a loss, a mean over its argument, at each point alone."""
    return np.array([float(mean_loss(_tensor([point]))) for point in points])


def slopes(mean_loss: Function, points: Any) -> np.ndarray:
    """Returns the derivative of a loss, a mean over its argument, at each point."""
    _, gradient = _value_and_gradient(mean_loss, points)
    return gradient * len(gradient)


def overlapping() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns points, and the overlapping densities of real and fake data there."""
    points = np.linspace(-5.0, 5.0, 201)
    return points, stats.norm.pdf(points, -1.0), stats.norm.pdf(points, 1.5, 1.5)


def best_logits(loss: AdversarialLoss, real: Any, fake: Any) -> np.ndarray:
    """Returns the logits that minimize the discriminator's loss at each point.

    The loss of a logit is convex, so bisection finds where its slope changes sign.

    Args:
        loss: A loss.
        real: Density of the real data at each point.
        fake: Density of the fake data at each point.

    Returns:
        The logits.
    """
    real, fake = np.asarray(real), np.asarray(fake)
    low = np.full(real.shape, -_LARGEST_LOGIT)
    high = -low
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        real_logits, fake_logits = _tensor(middle), _tensor(middle)
        with tf.GradientTape() as tape:
            tape.watch([real_logits, fake_logits])
            value = loss.discriminator(real_logits=real_logits, fake_logits=fake_logits)
        by_real, by_fake = tape.gradient(value, [real_logits, fake_logits])
        is_low = real * by_real.numpy() + fake * by_fake.numpy() < 0
        low, high = np.where(is_low, middle, low), np.where(is_low, high, middle)
    return (low + high) / 2


def minimum(function: Function, start: Any) -> tuple[np.ndarray, float]:
    """Returns where a smooth convex function is least, and its value there."""
    found = optimize.minimize(
        functools.partial(_value_and_gradient, function),
        start,
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 10_000, "ftol": 0.0, "gtol": _TOLERANCE},
    )
    return found.x, float(found.fun)


def gradient_norm(loss: Callable[[], tf.Tensor], variables: Sequence[Any]) -> float:
    """Returns the norm of a loss' gradient with respect to all variables together."""
    with tf.GradientTape() as tape:
        value = loss()
    return float(tf.linalg.global_norm(tape.gradient(value, variables)))


def descent(
    costs: Sequence[Callable[[tf.Tensor], tf.Tensor]],
    players: Sequence[tf.Variable],
    rate: float,
    steps: int,
) -> np.ndarray:
    """Returns the path of simultaneous gradient descent on one cost for each player.

    Args:
        costs: Function from the number of finished steps to the cost of each player.
        players: One scalar variable of each player.
        rate: Learning rate.
        steps: Number of steps.

    Returns:
        Array of shape `[steps + 1, players]`.
    """

    @tf.function
    def play():
        path = tf.TensorArray(tf.float32, steps + 1)
        for step in tf.range(steps):
            path = path.write(step, tf.stack(players))
            with tf.GradientTape(persistent=True) as tape:
                own = [cost(step) for cost in costs]
            gradients = [
                tape.gradient(cost, player)
                for cost, player in zip(own, players, strict=True)
            ]
            for player, gradient in zip(players, gradients, strict=True):
                player.assign_sub(rate * gradient)
        return path.write(steps, tf.stack(players)).stack()

    return play().numpy()


def _tensor(points):
    return tf.constant(points, tf.float64)


def _value_and_gradient(function, point):
    tensor = _tensor(point)
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        value = function(tensor)
    gradient = tf.convert_to_tensor(tape.gradient(value, tensor))
    return float(value), gradient.numpy()
