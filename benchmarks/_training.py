"""Runs of the command line, with the time that they take."""

import json
import pathlib
import resource
import subprocess
import sys
import time


def train(*flags):
    """Trains in a separate process, and returns its wall-clock and CPU seconds.

    Raises:
        RuntimeError: If the process fails, with the last line of its errors.
    """
    begin, cpu = time.monotonic(), _cpu_seconds()
    command = [sys.executable, "-m", "launch.train", *flags]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        *_, reason = done.stderr.strip().splitlines() or ["no reason"]
        raise RuntimeError(reason)
    return {
        "seconds": round(time.monotonic() - begin, 1),
        "cpu_seconds": round(_cpu_seconds() - cpu, 1),
    }


def export(workdir, path):
    """Exports the generator of the newest checkpoint in a separate process."""
    command = [sys.executable, "-m", "launch.export"]
    arguments = [f"--workdir={workdir}", f"--output={path}"]
    subprocess.run([*command, *arguments], check=True)


def config_of(workdir):
    """Returns the configuration of a run, without the folders of this machine."""
    config = json.loads(pathlib.Path(workdir, "config.json").read_text())
    dataset = config["dataset"]
    if "data_dir" in dataset:
        dataset["data_dir"] = None
    if "path" in dataset:
        dataset["path"] = pathlib.Path(dataset["path"]).name
    return config


def seconds_of(workdir):
    """Returns the seconds of all parts of a run: each resume counts from zero."""
    lines = pathlib.Path(workdir, "metrics.jsonl").read_text().splitlines()
    seconds = [json.loads(line)["seconds"] for line in lines]
    following = [*seconds[1:], 0.0]
    return sum(s for s, after in zip(seconds, following, strict=True) if after < s)


def _cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
