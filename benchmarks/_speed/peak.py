"""The fastest matrix product: `python -m benchmarks._speed.peak`.

It writes the operations per second of the best of several large products, in GFLOP/s
for each precision, as a line of JSON.
"""

import json
import time

import tensorflow as tf

PRECISIONS = ("float32", "bfloat16")
_SIZE = 4096
_TRIALS = 10


def gflops(precision, size=_SIZE, trials=_TRIALS):
    """Returns the GFLOP/s of the fastest of some products of square matrices."""
    left, right = (
        tf.cast(tf.random.stateless_normal([size, size], [0, seed]), precision)
        for seed in range(2)
    )
    # One number, since to copy all of them would take as long as the product.
    product = tf.function(lambda left, right: tf.matmul(left, right)[0, 0])
    product(left, right)
    seconds = []
    for _ in range(trials):
        begin = time.perf_counter()
        product(left, right).numpy()
        seconds.append(time.perf_counter() - begin)
    return 2 * size**3 / min(seconds) / 1e9


if __name__ == "__main__":
    print(json.dumps({name: round(gflops(name), 1) for name in PRECISIONS}))
