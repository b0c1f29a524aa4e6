"""The parts of `benchmarks.step_time`: workloads, contenders and their processes."""
