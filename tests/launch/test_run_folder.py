"""`RunFolder`: the files of `Run`, written by the user's own `fit`."""

import json

import pytest
import tensorflow as tf

import launch
import trainers
from tests.launch.programs import files
from tests.launch.test_own_networks import POINTS
from tests.launch.test_own_networks import assert_equal
from tests.launch.test_own_networks import gan
from tests.launch.test_recovery import held_elsewhere
from tests.launch.test_run import assert_same_run
from tests.launch.test_run import metrics

EVERY = {"checkpoint_every": 2, "sample_every": 3, "log_every": 1}


def fitted(folder, epochs, **options):
    """Trains up to an epoch, from the last checkpoint on; an epoch has two steps."""
    trainer, run_folder = gan(**options), launch.RunFolder(folder, **EVERY)
    done = run_folder.restore(trainer)
    epochs = {"initial_epoch": done // 2, "epochs": epochs}
    callbacks = [run_folder]
    trainer.fit(POINTS, batch_size=6, verbose=0, callbacks=callbacks, **epochs)
    return trainer


def test_a_resumed_fit_equals_the_uninterrupted_fit(tmp_path):
    for name, ends in {"whole": [3], "resumed": [1, 3]}.items():
        for epochs in ends:
            trainer = fitted(tmp_path / name, epochs)
    assert_same_run(tmp_path / "whole", tmp_path / "resumed")
    for folder in (tmp_path / "whole", tmp_path / "resumed"):
        assert [line["step"] for line in metrics(folder)] == [1, 2, 3, 4, 5, 6]
        grids = {path.name for path in (folder / "samples").iterdir()}
        assert grids >= {"step-000003.png", "step-000006.png"}
        kept = {path.name for path in (folder / "checkpoints").glob("*.index")}
        assert kept >= {"ckpt-4.index", "ckpt-6.index"}
        assert any((folder / "tensorboard").iterdir())
    metadata = json.loads((tmp_path / "resumed/export/metadata.json").read_text())
    assert metadata["step"] == 6
    z = tf.constant([[0.5, -1.0, 2.0]])
    exported = tf.saved_model.load(str(tmp_path / "resumed/export"))
    images = exported.generate(z)["images"]
    tf.debugging.assert_near(images, trainer.generator(z), atol=1e-6)
    plain = gan()
    plain.fit(POINTS, batch_size=6, epochs=3, verbose=0)
    assert_equal([plain.generator, trainer.generator])


def test_other_trainers_and_holders_are_refused(tmp_path):
    folder = tmp_path / "run"
    fitted(folder, 1)
    before = files(folder)
    other = gan(trainers.LSGAN)
    run_folder = launch.RunFolder(folder)
    with pytest.raises(ValueError, match="trainer='LSGAN'"):
        run_folder.restore(other)
    with pytest.raises(ValueError, match="trainer='LSGAN'"):
        other.fit(POINTS, batch_size=6, verbose=0, callbacks=[run_folder])
    with held_elsewhere(folder):  # The refused run has released it.
        pass
    with held_elsewhere(folder), pytest.raises(ValueError, match="`folder` must not"):
        gan().fit(POINTS, batch_size=6, verbose=0, callbacks=[run_folder])
    assert files(folder) == before
    with pytest.raises(ValueError, match="Received: log_every=0"):
        launch.RunFolder(folder, log_every=0)
