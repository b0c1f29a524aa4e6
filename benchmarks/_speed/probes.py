"""Times of data in folders, of checkpoints and of the start of a run."""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from benchmarks._speed import processes
from benchmarks._speed import workloads

_TRIALS = 5
_FILES = (1_000, 10_000, 100_000)
_WIDTHS = ("width_16", "width_64", "width_128")
_IMPORTS = """
import time
begin = time.perf_counter()
import tensorflow, keras
between = time.perf_counter()
import tfgan_tricks.callbacks, tfgan_tricks.data, tfgan_tricks.export
import tfgan_tricks.layers, tfgan_tricks.losses, tfgan_tricks.networks
import tfgan_tricks.penalties, trainers
print([between - begin, time.perf_counter() - between])
"""


def python(*arguments):
    """Returns what a Python prints last, read as JSON."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=processes.ROOT,
        env=os.environ | processes.QUIET,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def start():
    """Measures the seconds of the start-up, medians of several."""
    imports = [python("-c", _IMPORTS) for _ in range(_TRIALS)]
    tensorflow, library = map(statistics.median, zip(*imports, strict=True))
    measured = {
        "help": statistics.median(seconds_of_help() for _ in range(_TRIALS)),
        "import_tensorflow": tensorflow,
        "import_library": library,
        "first_step": statistics.median(seconds_to_first_step() for _ in range(3)),
    }
    return {name: round(value, 3) for name, value in measured.items()}


def seconds_of_help():
    begin = time.perf_counter()
    command = [sys.executable, "-m", "launch.train", "--help"]
    subprocess.run(command, cwd=processes.ROOT, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def seconds_to_first_step():
    """Measures the seconds from the command to the logs of the default run's step 1."""
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder, "run", "metrics.jsonl")
        command = [sys.executable, "-m", "launch.train", f"--workdir={log.parent}"]
        command += ["--steps=1", "--set=log_every=1", "--set=steps_per_execution=1"]
        begin = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=processes.ROOT, stdout=subprocess.DEVNULL
        )
        while not (log.exists() and log.stat().st_size) and process.poll() is None:
            time.sleep(0.01)
        seconds = time.perf_counter() - begin
        if process.wait():
            raise RuntimeError(f"The run by {command} has failed.")
    return seconds


def checkpoint():
    """Measures the seconds that a checkpoint takes, by the width of the networks."""
    return {name: python("-m", __name__, "save", name) for name in _WIDTHS}


def save(name):
    """Prints the seconds and the bytes of a checkpoint of a workload."""
    from benchmarks._speed import ours
    from tfgan_tricks import callbacks

    gan = ours.compiled(workloads.ROWS[name])
    gan.fit(ours.batches(workloads.ROWS[name]), steps_per_epoch=1, verbose=0)
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        for trial in range(_TRIALS):
            path = pathlib.Path(folder, str(trial))
            begin = time.perf_counter()
            callbacks.save(gan, path)
            seconds.append(time.perf_counter() - begin)
        size = sum(file.stat().st_size for file in path.rglob("*"))
    result = {"seconds": round(statistics.median(seconds), 3), "bytes": size}
    print(json.dumps(result))


def folder():
    """Measures the memory that folders of images take, by the number of files."""
    with tempfile.TemporaryDirectory() as path:
        return {
            str(count): python("-m", __name__, "read", path, str(count))
            for count in _FILES
        }


def read(path, count):
    """Prints the seconds and the memory that a folder of 32x32 images takes."""
    from benchmarks._speed import worker
    from tfgan_tricks import data

    write_images(pathlib.Path(path), int(count))
    before = worker.peak_bytes()
    begin = time.perf_counter()
    source = data.load(f"image_folder:{path}", image_size=32, channels=3)
    next(iter(data.batches(source, 64)))
    seconds = time.perf_counter() - begin
    grown = worker.peak_bytes() - before
    print(json.dumps({"seconds": round(seconds, 2), "bytes": grown}))


def write_images(folder, count):
    """Adds images to a folder until it has a number of them."""
    import numpy as np
    from PIL import Image

    for index in range(len(os.listdir(folder)), count):
        pixels = np.random.default_rng(index).integers(0, 256, (32, 32, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{index:06}.png")


ROWS = {"start": start, "checkpoint": checkpoint, "folder": folder}

if __name__ == "__main__":
    _, name, *arguments = sys.argv
    {"save": save, "read": read}[name](*arguments)
