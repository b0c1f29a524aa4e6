"""The data of a workload, without any training."""

import time

from benchmarks._speed import ours
from benchmarks._speed.contenders import Running


def start(workload):
    """Returns a loop over the batches that the steps of `fit` take."""
    gan = ours.compiled(workload)
    parameters = ours.count(gan.generator) + ours.count(gan.discriminator)
    drawn = iter(ours.batches(workload))

    def run(steps):
        next(drawn)
        begin = time.perf_counter()
        for _ in range(steps * gan.batches_per_step):
            next(drawn)
        return time.perf_counter() - begin

    return Running(parameters, run)
