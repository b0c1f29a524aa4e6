"""Fixed features whose scores by other libraries the tests store."""

import numpy as np

_RANDOM = np.random.RandomState(7)
REAL = _RANDOM.normal(size=[300, 12]) @ _RANDOM.normal(size=[12, 12]) + 2
FAKE = _RANDOM.gamma(2.0, size=[200, 12]) * 1.5 + REAL[:200] * 0.8 - 1
