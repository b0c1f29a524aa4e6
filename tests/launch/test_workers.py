"""Two workers on this machine, in separate processes."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from benchmarks import _workers
from launch import train
from launch.run._folder import Folder
from tests.launch.programs import ROOT
from tests.launch.programs import TINY
from tests.launch.programs import run
from tests.launch.server import wait_for
from tests.launch.test_devices import final_weights

SCRIPT = """
import json
import keras
import numpy as np
import tensorflow as tf
strategy = tf.distribute.MultiWorkerMirroredStrategy()
import trainers
from tests.trainers import toy
from tfgan_tricks import data
from tfgan_tricks import networks

with strategy.scope():
    trainer = trainers.RelativisticAverageGAN(
        networks.mlp_generator((2,), 3, (8,)),
        networks.mlp_discriminator((2,), (8,)),
        ema_decay=0.9,
    )
    trainer.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
seen = []
watch = keras.callbacks.LambdaCallback(
    on_train_batch_end=lambda step, logs: seen.append(float(logs["d_loss"]))
)
history = trainer.fit(
    data.batches(toy.points(), 8), steps_per_epoch=5, verbose=0, callbacks=[watch]
)
logs = [*seen, *(history.history[name][0] for name in ("d_loss", "g_loss"))]
averages = trainer.ema_generator.trainable_weights
kernels = trainer.trainable_weights + averages
print(json.dumps([logs, *(w.numpy().tolist() for w in kernels)]))
"""


def two_workers(*arguments, **options):
    """Starts a program in two workers that know each other; returns the processes."""
    command = [sys.executable, *arguments]
    return [
        subprocess.Popen(command, cwd=ROOT, env=environment, text=True, **options)
        for environment in _workers.environments()
    ]


def test_two_workers_learn_what_one_does():
    workers = two_workers("-c", SCRIPT, stdout=subprocess.PIPE)
    texts = [worker.communicate(timeout=300)[0] for worker in workers]
    first, second = (json.loads(text.splitlines()[-1]) for text in texts)
    assert first == second
    alone = SCRIPT.replace("MultiWorkerMirroredStrategy()", "get_strategy()")
    text = subprocess.check_output([sys.executable, "-c", alone], cwd=ROOT, text=True)
    for one, two in zip(json.loads(text.splitlines()[-1]), first, strict=True):
        np.testing.assert_allclose(two, one, rtol=1e-5, atol=1e-6)


def start_training(workdir, *flags):
    flags = ("strategy=multi_worker", f"workdir={workdir}", *flags)
    arguments = ["-m", "launch.train", *(f"--{flag}" for flag in flags)]
    return two_workers(*arguments, stderr=subprocess.PIPE)


@pytest.mark.parametrize(
    ("ending", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 143)]
)
def test_a_lost_worker_ends_the_other_and_a_restart_resumes_the_run(
    ending, code, tmp_path
):
    workdir = tmp_path / "run"
    options = (*TINY, "sample_every=1000000", "checkpoint_every=4")
    options = (*options, "set=steps_per_execution=2")
    first, second = start_training(workdir, *options, "steps=1000000")
    assert wait_for(lambda: Folder(workdir).last_step() >= 8)
    second.send_signal(ending)
    _, error = first.communicate(timeout=120)
    second.communicate(timeout=120)
    assert (first.returncode, second.returncode) == (1, code)
    done = Folder(workdir).last_step()
    line = error.splitlines()[-1]
    assert f"Another worker has ended at step {done};" in line and "--resume" in line

    steps = f"steps={done + 4}"
    workers = start_training(workdir, steps, "resume")
    errors = [worker.communicate(timeout=300)[1] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], errors
    assert run(train, *options, steps, f"workdir={tmp_path / 'alone'}") == 0
    for name in ("checkpoints", "samples"):
        there = [path.name for path in sorted((workdir / name).iterdir())]
        assert there == sorted(os.listdir(tmp_path / "alone" / name))
    alone = final_weights(tmp_path / "alone")
    for one, two in zip(alone, final_weights(workdir), strict=True):
        np.testing.assert_allclose(two, one, rtol=1e-3, atol=1e-4)
