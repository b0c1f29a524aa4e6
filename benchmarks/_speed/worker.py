"""The process of one contender: `python -m benchmarks._speed.worker NAME WORKLOAD`.

It writes one line of JSON when it has run its first step, and then, for each line with
a number of steps that it reads, one with the seconds that they took.
"""

import json
import os
import resource
import sys

from benchmarks._speed import contenders
from benchmarks._speed import workloads


def main(contender, workload):
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # For what the frameworks print.
    running = contenders.ROWS[contender].start(workloads.ROWS[workload])
    running.run(0)
    answers.write(json.dumps({"parameters": running.parameters}) + "\n")
    for line in sys.stdin:
        answer = {"seconds": running.run(int(line)), "peak_bytes": peak_bytes()}
        answers.write(json.dumps(answer) + "\n")


def peak_bytes():
    """Returns the most memory that this process has had."""
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main(*sys.argv[1:])
