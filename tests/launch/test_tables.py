"""The tables that need no TensorFlow say what the library itself says."""

import inspect

import keras
import pytest
import tensorflow as tf

from launch import _build
from launch import _config
from launch import _presets
from launch import _tables
from tests.launch.programs import BASE
from tests.trainers import toy
from tfgan_tricks import _compat
from tfgan_tricks import data
from tfgan_tricks import losses
from tfgan_tricks import networks


def trainer_of(name, **changes):
    config = _config.make(
        preset="test",
        trainer=name,
        batch_size=8,
        **{"steps": 1, "latent_dim": 2, **_network(name), **changes},
    )
    shape = (2,) if config.dataset == "ring8" else (8, 8, 1)
    return _build.trainer(config, shape, num_classes=_classes(name))


def _network(trainer):
    if trainer in _tables.CLASSIFYING:
        return {"network": _tables.CLASSIFIERS[0], "dataset": "digits8"}
    return {"network": "mlp", "dataset": "ring8", "width": 2, "hidden_layers": 1}


def _classes(trainer):
    return 3 if trainer in _tables.CLASSIFYING else None


def final_trainers():
    return {cls.__module__.partition(".")[2]: cls for cls in toy.ALL}


def test_trainers_are_those_of_the_package():
    assert _build.TRAINERS == final_trainers()
    assert set(_tables.TRAINERS) == set(final_trainers())


# Set by keys of other names, or an option of every trainer.
COMMON = {"self", "generator", "discriminator", "base", "kwargs"}
COMMON |= {"penalties", "discriminator_steps"}


@pytest.mark.parametrize("name", _tables.TRAINERS)
def test_a_trainer_s_own_arguments_are_keys(name):
    parameters = inspect.signature(_build.TRAINERS[name].__init__).parameters
    own = {key: p.default for key, p in parameters.items() if key not in COMMON}
    options = _tables.TRAINERS[name]
    in_table = {key: options[key] for key in options.keys() & set(_build.ARGUMENTS)}
    if "base" in parameters:
        own["loss"] = parameters["base"].default
        own["real_label"] = 1.0  # Reaches the trainer by its base.
    if "features" in parameters:
        own["features"] = "features"  # Which all discriminators here have.
    assert in_table == own


@pytest.mark.parametrize("name", _tables.TRAINERS)
def test_default_options_make_the_trainer_with_its_own_defaults(name):
    made = trainer_of(name)
    network = made.generator, made.discriminator
    features = {"features": "features"} if "features" in made.get_config() else {}
    own = _build.TRAINERS[name](*network, **features)
    own.compile()
    config, expected = made.get_config(), own.get_config()
    config.pop("name"), expected.pop("name")
    assert config == expected
    for player in ("generator_optimizer", "discriminator_optimizer"):
        ours, theirs = getattr(made, player), getattr(own, player)
        assert type(ours) is type(theirs)
        names = ["learning_rate", "beta_1", "beta_2"]
        for key in names if name != "wgan" else names[:1]:
            value = ours.get_config()[key]
            assert value == pytest.approx(theirs.get_config()[key], rel=1e-6)


def test_every_option_reaches_the_trainer():
    trainer = trainer_of(
        "relativistic_gan",
        loss="hinge",
        penalty="r1+dragan_penalty",
        penalty_weight=3.0,
        discriminator_steps=2,
        reuse_real_batch=True,
        generator_history=0.1,
        discriminator_history=0.0,
        generator_learning_rate=0.5,
        discriminator_learning_rate=0.25,
        beta_1=0.75,
        beta_2=0.125,
        ema_decay=0.5,
        seed=11,
        jit_compile=True,
    )
    config = trainer.get_config()
    assert (config["base"], config["discriminator_steps"]) == ("hinge", 2)
    assert (config["reuse_real_batch"], config["ema_decay"]) == (True, 0.5)
    assert (config["seed"], trainer.jit_compile) == (11, True)
    assert (config["generator_history"], config["discriminator_history"]) == (0.1, 0.0)
    assert [(p.name, p.weight) for p in trainer.penalties] == [
        ("r1", 3.0),
        ("dragan_penalty", 3.0),
    ]
    rates = [0.5, 0.25]
    optimizers = [trainer.generator_optimizer, trainer.discriminator_optimizer]
    for rate, optimizer in zip(rates, optimizers, strict=True):
        options = optimizer.get_config()
        values = [options[key] for key in ("learning_rate", "beta_1", "beta_2")]
        assert values == pytest.approx([rate, 0.75, 0.125])


@pytest.mark.parametrize("precision", _tables.PRECISIONS)
@pytest.mark.parametrize("name", ["wgan", "semi_supervised_gan"])
def test_precision_is_the_policy_of_both_networks_and_of_nothing_else(name, precision):
    before = keras.mixed_precision.global_policy().name
    trainer = trainer_of(name, precision=precision, ema_decay=0.5)
    assert keras.mixed_precision.global_policy().name == before
    dtype = precision.removeprefix("mixed_")
    networks = trainer.generator, trainer.discriminator
    assert {network.layers[0].compute_dtype for network in networks} == {dtype}
    for network in (*networks, trainer.ema_generator):
        dtypes = {tf.as_dtype(weight.dtype) for weight in network.trainable_weights}
        assert dtypes == {tf.float32}
    assert trainer.discriminator_player.needs_loss_scale == (dtype == "float16")


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("minimax_gan", "real_label", 0.5),
        ("non_saturating_gan", "real_label", 0.5),
        ("ls_gan", "a", -1.0),
        ("ls_gan", "b", 2.0),
        ("ls_gan", "c", 3.0),
        ("wgan", "clip", 0.5),
    ],
)
def test_own_options_reach_the_trainer(name, key, value):
    assert trainer_of(name, **{key: value}).get_config()[key] == value


@pytest.mark.parametrize("name", ["relativistic_gan", "relativistic_average_gan"])
@pytest.mark.parametrize("loss", _tables.CROSS_ENTROPIES)
def test_smoothing_reaches_the_loss_of_relativistic_trainers(name, loss):
    trainer = trainer_of(name, loss=loss, real_label=0.75)
    expected = {"name": loss, "real_label": 0.75}
    assert trainer.adversarial_loss.config["base"] == expected


def test_losses_that_can_be_smoothed_are_those_with_a_real_label():
    for name in _tables.LOSSES:
        has_label = "real_label" in losses.get(name).config
        assert has_label == (name in _tables.CROSS_ENTROPIES)


def test_a_joint_batch_reaches_the_trainer_and_its_network():
    kinds = {}
    for joint_batch in (False, True):
        changes = {"minibatch_discrimination": True, "joint_batch": joint_batch}
        config = _config.changed(BASE, {"trainer": "non_saturating_gan", **changes})
        trainer = _build.trainer(config, (8, 8, 1))
        assert trainer.joint_batch is joint_batch
        kinds[joint_batch] = layer_types(trainer.discriminator)
    assert kinds[True] - kinds[False] == {"JointMinibatchDiscrimination"}
    assert kinds[False] - kinds[True] == {"MinibatchDiscrimination"}


def test_steps_per_execution_reaches_keras():
    trainer = _build.trainer(BASE, (8, 8, 1), steps_per_execution=2)
    name = "steps_per_execution" if _compat.KERAS_3 else "_steps_per_execution"
    assert int(getattr(trainer, name)) == 2


def test_losses_are_those_of_the_package():
    for name in _tables.LOSSES:
        assert losses.get(name).discriminator
    with pytest.raises(ValueError) as error:
        losses.get("no such loss")
    listed = str(error.value).partition("one of ")[2].partition(".")[0].split(", ")
    plain = [name for name in listed if not name.startswith("relativistic")]
    assert sorted(_tables.LOSSES) == sorted(plain)


def test_penalties_and_their_weights_are_those_of_the_package():
    weights = {name: make().weight for name, make in _build.PENALTIES.items()}
    assert weights == _tables.PENALTIES
    assert len(_build.PENALTIES) == 5


def test_datasets_are_those_of_the_package():
    with pytest.raises(ValueError) as error:
        data.load("no such data")
    listed = str(error.value).partition("one of ")[2].partition(".")[0].split(", ")
    assert sorted(_tables.DATASETS) == sorted(listed)
    for name in _tables.POINT_DATASETS:
        assert data.load(name).examples.shape[1:] == (2,)


def network_of(network, shape, **changes):
    dataset = "ring8" if shape == (2,) else "digits8"
    size = {} if shape == (2,) else {"image_size": shape[0]}
    config = _config.make(
        preset="test",
        dataset=dataset,
        trainer="hinge_gan",
        network=network,
        batch_size=8,
        steps=1,
        latent_dim=3,
        **size,
        **changes,
    )
    return _build.NETWORKS[network](config, shape)


SHAPES = [("mlp", (2,)), ("mlp", (8, 8, 1)), ("dcgan", (16, 16, 3))]


@pytest.mark.parametrize(("network", "shape"), [*SHAPES, ("standard_cnn", (32, 32, 1))])
def test_networks_make_and_take_the_examples(network, shape):
    narrow = {} if network == "standard_cnn" else {"width": 2}
    generator, discriminator = network_of(network, shape, **narrow)
    assert generator.input_shape == (None, 3)
    assert generator.output_shape == (None, *shape)
    assert discriminator.input_shape == (None, *shape)


def defaults(function, keys):
    parameters = inspect.signature(function).parameters
    return {key: parameters[name].default for key, name in keys.items()}


def test_options_of_networks_are_their_defaults():
    dcgan = defaults(
        networks.dcgan_generator, {"width": "width", "normalization": "normalization"}
    )
    dcgan |= defaults(
        networks.dcgan_discriminator,
        {
            "discriminator_normalization": "normalization",
            "minibatch_discrimination": "minibatch_discrimination",
        },
    )
    dcgan |= {"conditional": False, "label_dim": None}
    assert _tables.NETWORKS["dcgan"] == dcgan
    for function in (networks.dcgan_generator, networks.dcgan_discriminator):
        by_class = defaults(function, {"count": "num_classes", "dim": "label_dim"})
        assert by_class == {"count": None, "dim": _tables.LABEL_DIM}
    hidden = defaults(networks.mlp_generator, {"hidden": "hidden"})["hidden"]
    mlp = {"width": hidden[0], "hidden_layers": len(hidden)}
    assert _tables.NETWORKS["mlp"] == mlp and set(hidden) == {mlp["width"]}
    spectral = defaults(networks.standard_cnn_discriminator, {"spectral": "spectral"})
    assert spectral == {"spectral": True}
    assert _tables.NETWORKS["standard_cnn"]["discriminator_normalization"] == "spectral"
    key = "minibatch_discrimination"
    assert _tables.NETWORKS["weight_norm"] == defaults(
        networks.weight_norm_classifier, {key: key}
    )


def layer_types(network):
    return {type(layer).__name__ for layer in network._flatten_layers()}


@pytest.mark.parametrize(
    ("key", "value", "player", "layer"),
    [
        ("normalization", "batch", 0, "BatchNormalization"),
        ("normalization", "virtual", 0, "VirtualBatchNorm"),
        ("normalization", "spectral", 0, "SpectralNormalization"),
        ("discriminator_normalization", "batch", 1, "BatchNormalization"),
        ("discriminator_normalization", "spectral", 1, "SpectralNormalization"),
        ("minibatch_discrimination", True, 1, "MinibatchDiscrimination"),
    ],
)
def test_every_option_reaches_its_network(key, value, player, layer):
    plain = {
        "width": 2,
        "normalization": "none",
        "discriminator_normalization": "none",
        "minibatch_discrimination": False,
    }
    shape = (16, 16, 1)
    without = network_of("dcgan", shape, **plain)
    assert not any(layer in layer_types(network) for network in without)
    networks_ = network_of("dcgan", shape, **plain | {key: value})
    assert [layer in layer_types(network) for network in networks_] == [
        player == 0,
        player == 1,
    ]


@pytest.mark.parametrize("value", ["spectral", "batch"])
def test_standard_cnn_has_the_normalization_that_is_set(value):
    _, discriminator = network_of(
        "standard_cnn", (32, 32, 1), discriminator_normalization=value
    )
    types = layer_types(discriminator)
    assert ("SpectralNormalization" in types) == (value == "spectral")
    assert ("BatchNormalization" in types) == (value == "batch")


def test_width_and_depth_reach_the_mlp():
    for network in network_of("mlp", (2,), width=7, hidden_layers=3):
        units = [w.shape[-1] for w in network.weights if len(w.shape) == 2]
        assert units[:-1] == [7, 7, 7]


@pytest.mark.parametrize("network", _tables.IMAGE_SIZES)
def test_sizes_that_a_network_can_make(network):
    options = _tables.NETWORKS[network] | ({"width": 1} if network == "dcgan" else {})
    for size in (4, 8, 12, 16, 28, 32, 48, 64, 128, 256):
        makes_it = size in _tables.IMAGE_SIZES[network]
        if not makes_it and network == "dcgan":
            with pytest.raises(ValueError, match="image_size"):
                networks.dcgan_generator(size, width=1)
        elif makes_it:
            generator, _ = network_of(network, (size, size, 1), **options)
            assert generator.output_shape == (None, size, size, 1)


@pytest.mark.parametrize("name", _presets.PRESETS)
def test_presets_can_be_built(name):
    config = _presets.PRESETS[name]
    size, channels = config.image_size or 8, config.channels or 1
    points = config.dataset in _tables.POINT_DATASETS
    shape = (2,) if points else (size, size, channels)
    labelled = config.conditional or config.trainer in _tables.CLASSIFYING
    trainer = _build.trainer(config, shape, num_classes=10 if labelled else None)
    assert trainer.latent_dim == config.latent_dim
