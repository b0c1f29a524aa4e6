"""Stands for `launch.train` and `launch.evaluate`, and takes no time.

The trainer decides how a run ends: `ls_gan` and `r3_gan` finish, `wgan` diverges,
`minimax_gan` crashes, `hinge_gan` waits for a signal, and the evaluation of `wgan_gp`
fails.
"""

import base64
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).parents[3]
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPj/HwADAgH/"
    "q6dJ9gAAAABJRU5ErkJggg=="
)
TOLD = "tfgan-train: error: Training has diverged at step 3: every loss must be finite."


def score(trainer, seed):
    """Returns a score that depends on the seed more than on the trainer."""
    return {"ls_gan": 1.0, "r3_gan": 1.5}.get(trainer, 4.0) + 10 * seed + seed % 2 / 4


def train(folder, trainer, seed, steps):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "environment.json").write_text(json.dumps(dict(os.environ)))
    with open(folder / "starts", "a") as file:
        print(*sys.argv[1:], file=file)
    write_metrics(folder, trainer, seed, steps)
    if trainer == "hinge_gan":
        wait(folder)
    if trainer == "wgan":
        sys.exit(f"Epoch 1/1\n{TOLD}")
    if trainer == "minimax_gan":
        raise MemoryError("no room for x")
    for name in ("checkpoints", "export", "samples"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "checkpoints" / f"ckpt-{steps}.index").touch()
    (folder / "export" / "metadata.json").write_text(json.dumps({"step": steps}))
    (folder / "samples" / f"step-{steps:06d}.png").write_bytes(PIXEL)


def write_metrics(folder, trainer, seed, steps):
    lines = [
        {"step": step, "seconds": 0.1, "d_loss": score(trainer, seed) / step}
        | ({"r1": 0.5 * step} if trainer == "r3_gan" else {})
        for step in range(1, steps + 1)
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "metrics.jsonl").write_text(text)


def wait(folder):
    """Waits for SIGTERM with a process of its own, as a run with workers would."""

    def leave(*_):
        (folder / "ended").touch()
        sys.exit(143)

    signal.signal(signal.SIGTERM, leave)
    child = subprocess.Popen(["sleep", "600"])
    (folder / "pids").write_text(f"{os.getpid()} {child.pid}")
    time.sleep(600)


def evaluate(folder, trainer, seed, steps):
    if trainer == "wgan_gp":
        sys.exit("tfgan-evaluate: error: no features")
    features = "random" if os.environ.get("FEATURES") == trainer else "pixels"
    found = {
        "scores": {"kernel_distance": score(trainer, seed), "coverage": 0.5},
        "protocol": {"features": features, "num_fake": 100},
        "step": steps,
    }
    (folder / "evaluation.json").write_text(json.dumps(found))


def main():
    name, *arguments = sys.argv[1:]
    given = dict(each.lstrip("-").partition("=")[::2] for each in arguments)
    action = {"train": train, "evaluate": evaluate}[name]
    folder = pathlib.Path(given["workdir"])
    action(folder, given["trainer"], int(given["seed"]), int(given["steps"]))


def command(name, job):
    """Returns the arguments of the interpreter that do a step of a job."""
    return ["-m", "tests.launch.compare.fake", name, *job.training()[2:]]


def steps(evaluates=True):
    """Returns the steps of a cell, which stand for `_jobs.STEPS`."""
    trains = {"train": lambda job: None if job.is_trained else command("train", job)}
    if not evaluates:
        return trains
    return trains | {
        "evaluate": lambda job: None if job.is_evaluated else command("evaluate", job)
    }


def environment():
    """Returns the environment in which this module can be found."""
    return os.environ | {"PYTHONPATH": str(ROOT)}


if __name__ == "__main__":
    if sys.argv[1] == "compare":
        from launch import compare
        from launch._compare import _jobs

        _jobs.STEPS = steps()
        sys.exit(compare.main([compare.PROGRAM, *sys.argv[2:]]))
    main()
