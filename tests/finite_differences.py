"""Gradients by central differences, in double precision."""

import numpy as np


def gradients(loss, point, step=1e-6):
    """Returns the gradients of `loss(*point)` by each of the arrays in `point`."""
    results = [np.zeros_like(array) for array in point]
    for k, result in enumerate(results):
        for index in np.ndindex(result.shape):
            losses = []
            for sign in (1, -1):
                moved = [array.copy() for array in point]
                moved[k][index] += sign * step
                losses.append(loss(*moved))
            result[index] = (losses[0] - losses[1]) / (2 * step)
    return results
