import dataclasses
import json

import pytest

from launch import _config
from launch import _presets
from launch import _tables
from tests.launch.programs import BASE

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("name", _presets.PRESETS)
def test_presets_are_named_and_survive_json(name):
    preset = _presets.PRESETS[name]
    assert preset.preset == name
    assert _config.from_dict(json.loads(_config.to_json(preset))) == preset


def test_json_holds_every_key():
    assert set(json.loads(_config.to_json(BASE))) == {"preset", *_config.KEYS}


def test_every_key_says_what_it_means():
    assert all(field.metadata["meaning"] for field in _config.KEYS.values())


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("width=64", "width", 64),
        ("generator_learning_rate=1e-3", "generator_learning_rate", 1e-3),
        ("ema_decay=0.99", "ema_decay", 0.99),
        ("ema_decay=none", "ema_decay", None),
        ("generator_history=0.1", "generator_history", 0.1),
        ("discriminator_history=none", "discriminator_history", None),
        ("joint_batch=true", "joint_batch", True),
        ("precision=mixed_bfloat16", "precision", "mixed_bfloat16"),
        ("optimizer=addons:Yogi", "optimizer", "addons:Yogi"),
        ("optimizer=none", "optimizer", None),
        ("jit_compile=true", "jit_compile", True),
        ("jit_compile=False", "jit_compile", False),
        ("penalty=none", "penalty", "none"),
        ("dataset=npz:a=b.npz", "dataset", "npz:a=b.npz"),
    ],
)
def test_settings_are_typed(text, key, value):
    changes = _config.parse_settings([text])
    assert changes == {key: value}
    assert type(changes[key]) is type(value)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("width", r"`set` must be key=value\. Received: set='width'"),
        ("widht=3", "Did you mean 'width'.*Received: set='widht'"),
        ("preset=mnist", "Received: set='preset'"),
        ("width=1.5", "`width` must be an integer.*Received: width='1.5'"),
        ("steps=none", "`steps` must be an integer.*Received: steps='none'"),
        ("clip=high", "`clip` must be a number.*Received: clip='high'"),
        ("jit_compile=1", "`jit_compile` must be true or false.*Received"),
    ],
)
def test_bad_settings(text, match):
    with pytest.raises(ValueError, match=match):
        _config.parse_settings([text])


def test_changes_change_nothing_else():
    config = _config.changed(BASE, {"seed": 7, "width": 16})
    assert dataclasses.replace(config, seed=0, width=BASE.width) == BASE
    assert (config.seed, config.width) == (7, 16)


def test_another_trainer_brings_its_paper_s_options():
    tuned = _config.changed(BASE, {"generator_learning_rate": 3e-3})
    config = _config.changed(tuned, {"trainer": "wgan"})
    assert config.generator_learning_rate == 5e-5
    assert (config.clip, config.discriminator_steps) == (0.01, 5)
    assert (config.loss, config.beta_1) == (None, None)
    assert (config.width, config.ema_decay) == (BASE.width, BASE.ema_decay)


def test_options_given_with_another_trainer_are_kept():
    changes = {"trainer": "wgan", "clip": 0.5, "generator_learning_rate": 0.1}
    config = _config.changed(BASE, changes)
    assert (config.clip, config.generator_learning_rate) == (0.5, 0.1)
    assert config.discriminator_learning_rate == 5e-5


def test_naming_the_same_trainer_resets_nothing():
    tuned = _config.changed(BASE, {"generator_learning_rate": 3e-3})
    assert _config.changed(tuned, {"trainer": tuned.trainer}) == tuned


def test_another_network_brings_its_options():
    config = _config.changed(BASE, {"network": "mlp"})
    assert (config.width, config.hidden_layers) == (256, 2)
    assert (config.normalization, config.minibatch_discrimination) == (None, None)


def test_labels_bring_the_length_of_their_vector_and_take_it_along():
    config = _config.changed(BASE, {"conditional": True})
    assert (config.conditional, config.label_dim) == (True, 256)
    assert _config.changed(config, {"label_dim": 8}).label_dim == 8
    assert _config.changed(config, {"conditional": False}) == BASE
    elsewhere = _config.changed(config, {"network": "mlp"})
    assert (elsewhere.conditional, elsewhere.label_dim) == (None, None)


def test_pictures_keep_their_size_with_another_dataset_but_points_have_none():
    emoji = _presets.PRESETS["emoji"]
    config = _config.changed(emoji, {"dataset": "tfds:mnist"})
    assert (config.image_size, config.channels) == (64, 3)
    config = _config.changed(emoji, {"dataset": "ring8", "network": "mlp"})
    assert (config.image_size, config.channels) == (None, None)


@pytest.mark.parametrize(
    ("changes", "weight"),
    [
        ({"penalty": "r1"}, 10.0),
        ({"penalty": "r1+r2"}, 10.0),
        ({"penalty": "r1+r2", "penalty_weight": 0.5}, 0.5),
        ({"trainer": "r3_gan"}, 1.0),
        ({"trainer": "r3_gan", "penalty": "r1"}, 10.0),
        ({"trainer": "wgan_gp", "penalty": "none"}, None),
    ],
)
def test_penalties_bring_their_weight(changes, weight):
    assert _config.changed(BASE, changes).penalty_weight == weight


BAD = [
    ({"trainer": "wgan_pg"}, "Did you mean 'wgan_gp'.*Received: trainer='wgan_pg'"),
    ({"network": "dgcan"}, "Did you mean 'dcgan'.*Received: network='dgcan'"),
    ({"loss": "hing"}, "Did you mean 'hinge'.*Received: loss='hing'"),
    ({"penalty": "r1+r3"}, "Did you mean 'r2'.*Received: penalty='r3'"),
    ({"penalty": "none+r1"}, "Received: penalty='none'"),
    ({"dataset": "mnist"}, "Did you mean 'mnist5k'.*Received: dataset='mnist'"),
    ({"dataset": "tdfs:mnist"}, "Did you mean 'tfds:mnist'"),
    ({"dataset": "digitz"}, "Did you mean 'digits8'.*Received: dataset='digitz'"),
    ({"dataset": "digits8:x"}, "Received: dataset='digits8:x'"),
    ({"dataset": "npz"}, "Received: dataset='npz'"),
    ({"dataset": "tfds:"}, "Received: dataset='tfds:'"),
    ({"normalization": "bacth"}, "Did you mean 'batch'.*Received: normalization="),
    (
        {"discriminator_normalization": "virtual"},
        "Received: discriminator_normalization='virtual'",
    ),
    (
        {"trainer": "wgan", "loss": "hinge"},
        "relativistic_average_gan or feature_matching_gan only. Received: loss='hinge' "
        "with trainer='wgan'",
    ),
    ({"clip": 0.1}, "trainer wgan only. Received: clip=0.1"),
    ({"hidden_layers": 2}, "network mlp only. Received: hidden_layers=2"),
    ({"width": None}, "network dcgan. Received: width=None"),
    ({"network": "mlp", "normalization": "batch"}, "Received: normalization='batch'"),
    ({"steps": 0}, "Received: steps=0"),
    ({"batch_size": -8}, "Received: batch_size=-8"),
    ({"sample_every": -1}, "Received: sample_every=-1"),
    ({"checkpoint_every": 0}, "Received: checkpoint_every=0"),
    ({"log_every": 0}, "Received: log_every=0"),
    ({"rollbacks": -1}, "Received: rollbacks=-1"),
    ({"latent_dim": 0}, "Received: latent_dim=0"),
    ({"width": 0}, "Received: width=0"),
    ({"discriminator_steps": 0}, "Received: discriminator_steps=0"),
    ({"generator_learning_rate": 0.0}, "Received: generator_learning_rate=0.0"),
    ({"discriminator_learning_rate": NAN}, "Received: discriminator_learning_rate="),
    ({"generator_learning_rate": INF}, "Received: generator_learning_rate=inf"),
    ({"trainer": "wgan", "clip": -0.1}, "Received: clip=-0.1"),
    ({"trainer": "ls_gan", "b": INF}, "Received: b=inf"),
    ({"beta_1": 1.0}, "Received: beta_1=1.0"),
    ({"ema_decay": -0.5}, "Received: ema_decay=-0.5"),
    ({"penalty": "r1", "penalty_weight": -1.0}, "Received: penalty_weight=-1.0"),
    ({"penalty_weight": 1.0}, "Received: penalty_weight=1.0 with penalty='none'"),
    (
        {"penalty": "r1", "penalty_weight": None},
        "Received: penalty_weight=None with penalty='r1'",
    ),
    ({"trainer": "minimax_gan", "real_label": 1.1}, "Received: real_label=1.1"),
    (
        {"loss": "hinge", "real_label": 0.9},
        "minimax or non_saturating only. Received: real_label=0.9 with loss='hinge'",
    ),
    ({"generator_history": -0.1}, "Received: generator_history=-0.1"),
    ({"discriminator_history": INF}, "Received: discriminator_history=inf"),
    (
        {"joint_batch": True, "penalty": "r1"},
        "`penalty` must be none with `joint_batch`. Received: penalty='r1'",
    ),
    ({"channels": 2}, "Received: channels=2"),
    ({"seed": -1}, "Received: seed=-1"),
    ({"seed": 2**31}, "Received: seed=2147483648"),
    ({"steps_per_execution": 0}, "Received: steps_per_execution=0"),
    ({"precision": "half"}, "mixed_float16.*Received: precision='half'"),
    ({"optimizer": "adam"}, "addons:LAMB.*Received: optimizer='adam'"),
    (
        {"conditional": True, "label_dim": None},
        "`label_dim` must be given.*Received: label_dim=None with conditional=True",
    ),
    ({"label_dim": 8}, "Received: label_dim=8 with conditional=False"),
    ({"conditional": True, "label_dim": 0}, "Received: label_dim=0"),
    (
        {"network": "mlp", "conditional": True},
        "network dcgan only. Received: conditional=True with network='mlp'",
    ),
    ({"conditional": True, "normalization": "virtual"}, "Received: normalization="),
    ({"image_size": 12}, "8, 16, 28, 32, 64, 128.*Received: pictures of 12x12"),
    ({"network": "standard_cnn"}, "one of 32 .*Received: pictures of 8x8"),
    ({"dataset": "ring8"}, "must be mlp for points.*Received: network='dcgan'"),
    (
        {"dataset": "ring8", "network": "mlp", "image_size": 8},
        "not for points. Received: image_size=8",
    ),
]


@pytest.mark.parametrize(("changes", "match"), BAD)
def test_bad_values(changes, match):
    with pytest.raises(ValueError, match=match):
        _config.changed(BASE, changes)


ALONE = {
    "batch_size": 1,
    "trainer": "relativistic_gan",
    "normalization": "virtual",
    "discriminator_normalization": "spectral",
}


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"trainer": "relativistic_average_gan"}, "relativistic_average_gan"),
        ({"normalization": "batch"}, "batch normalization"),
        ({"discriminator_normalization": "batch"}, "batch normalization"),
        ({"minibatch_discrimination": True}, "minibatch discrimination"),
    ],
)
def test_batches_of_one_are_refused_where_they_make_no_sense(changes, what):
    assert _config.changed(BASE, ALONE).batch_size == 1
    with pytest.raises(ValueError, match=f"{what}.*Received: batch_size=1"):
        _config.changed(BASE, ALONE | changes)


def test_standard_cnn_always_has_batch_normalization():
    changes = {"network": "standard_cnn", "image_size": 32}
    assert _config.changed(BASE, changes).discriminator_normalization == "spectral"
    alone = {"batch_size": 1, "trainer": "relativistic_gan"}
    with pytest.raises(ValueError, match="batch normalization"):
        _config.changed(BASE, changes | alone)


def test_files_with_other_keys_are_refused():
    values = dataclasses.asdict(BASE)
    with pytest.raises(ValueError, match="colour"):
        _config.from_dict(values | {"colour": "red"})
    values.pop("seed")
    values.pop("steps")
    with pytest.raises(ValueError, match="steps"):
        _config.from_dict(values)


def test_changes_that_a_resumed_training_may_have():
    allowed = {
        "steps": 9000,
        "checkpoint_every": 1,
        "sample_every": 2,
        "log_every": 3,
        "data_dir": "elsewhere",
        "rollbacks": 4,
    }
    assert sorted(allowed) == sorted(_config.MAY_CHANGE)
    config = _config.changed(BASE, allowed)
    assert _config.refused_changes(BASE, config) == []
    config = _config.changed(config, {"seed": 1, "width": 16})
    assert _config.refused_changes(BASE, config) == ["width", "seed"]


@pytest.mark.parametrize("key", _tables.NORMALIZATIONS)
def test_no_normalization_is_a_choice(key):
    changes = _config.parse_settings([f"{key}=none"])
    assert changes == {key: "none"}
    assert getattr(_config.changed(_presets.PRESETS["mnist"], changes), key) == "none"
