"""The catalogue, which needs no TensorFlow, agrees with the library itself."""

import inspect

import keras
import pytest
import tensorflow as tf

import trainers
from launch import _build
from launch.config import configuration
from launch.config.datasets import Dataset
from launch.config.networks import Network
from launch.config.optimizers import Constant
from launch.config.optimizers import KerasOptimizer
from launch.config.optimizers import Optimizer
from launch.config.optimizers import Schedule
from launch.config.penalties import Penalty
from launch.config.presets import PRESETS
from launch.config.trainers import Loss
from launch.config.trainers import Trainer
from tests.launch.programs import BASE
from tfgan_tricks import _compat
from tfgan_tricks import data
from tfgan_tricks import losses
from tfgan_tricks import networks
from tfgan_tricks import penalties

KERAS = {name: row for name, row in Optimizer.rows().items() if "keras" in row.at}
IN_KERAS_3 = {"Lamb"}
# These need to know the layers, or evaluate other weights than they train.
NO_ROWS = {"Muon", "ScheduleFreeAdamW", "Optimizer", "LossScaleOptimizer"}
NO_ROWS |= {"MultiOptimizer", "OptimizerMap"}


def public(module, kind):
    """Returns the public members of a kind in a module, by their place in a row."""
    return {
        f"{module.__name__}:{name}": value
        for name, value in vars(module).items()
        if name[0] != "_" and kind(value)
    }


def is_final_trainer(value):
    return inspect.isclass(value) and issubclass(value, trainers.AdversarialTrainer)


def places(rows):
    return [row.at for row in rows.values()]


def test_every_trainer_has_a_row_and_every_row_a_trainer():
    found = public(trainers, is_final_trainer)
    del found["trainers:AdversarialTrainer"]
    assert sorted(places(Trainer.rows())) == sorted(found)


def test_every_penalty_has_a_row_and_every_row_a_penalty():
    """Except the historical average, which is an option of every trainer."""
    found = public(penalties, inspect.isclass)
    del found["tfgan_tricks.penalties:HistoricalAverage"]
    assert sorted(places(Penalty.rows())) == sorted(found)
    for name, row in Penalty.rows().items():
        assert _build.load(row.at).name == name


def test_every_loss_has_a_row_and_every_row_a_loss():
    with pytest.raises(ValueError) as error:
        losses.get("no such loss")
    listed = str(error.value).partition("one of ")[2].partition(".")[0].split(", ")
    plain = [name for name in listed if not name.startswith("relativistic")]
    assert sorted(Loss.rows()) == sorted(plain)
    for name, row in Loss.rows().items():
        assert _build.load(row.at)().config["name"] == name


def test_every_network_has_a_row_and_every_row_a_network():
    rows = Network.rows()
    of_rows = places(rows) + [row.discriminator_at for row in rows.values()]
    assert sorted(of_rows) == sorted(public(networks, inspect.isfunction))


def test_every_dataset_has_a_row_and_every_row_a_dataset():
    with pytest.raises(ValueError) as error:
        data.load("no such data")
    listed = str(error.value).partition("one of ")[2].partition(".")[0].split(", ")
    assert sorted(Dataset.names()) == sorted(listed)


@pytest.mark.parametrize("name", ["digits8", "ring8", "grid25"])
def test_datasets_have_the_shape_and_the_splits_that_their_rows_say(name):
    row = Dataset.rows()[name]
    assert data.load(name).examples.shape[1:] == row.shape
    if row.has_test:
        assert len(data.load(name, split="test").examples)


def test_every_optimizer_of_keras_has_a_row_and_every_row_one():
    found = public(keras.optimizers, inspect.isclass)
    names = {place.partition(":")[2] for place in found} - NO_ROWS
    absent = set() if _compat.KERAS_3 else IN_KERAS_3
    assert {row.at.partition(":")[2] for row in KERAS.values()} - absent == names


def test_every_schedule_has_a_row():
    kinds = Schedule.rows().keys() - Constant.own_names()
    assert kinds == {"linear", "cosine"}
    for kind in kinds:
        decay = _build.load(Schedule.rows()[kind].at)
        assert float(decay(kind, 1.0, 0, 2)(1)) == pytest.approx(0.5)


# Options whose default differs from the argument's, or which have none.
EXCEPTIONS = {
    "base": "a row instead of a name",
    "features": "the layer of that name, which all discriminators here have",
    "labels_per_class": "of the data",
    "generator_learning_rate": "of two optimizers",
    "discriminator_learning_rate": "of two optimizers",
}
# Arguments that are not options: set elsewhere, or useless in a configuration.
NOT_OPTIONS = {"self", "args", "kwargs", "name", "generator", "discriminator", "loss"}
NOT_OPTIONS |= {"penalties", "seed", "output_range", "learning_rate", "jit_compile"}
NOT_OPTIONS |= {"use_ema", "ema_momentum", "ema_overwrite_frequency"}
NOT_OPTIONS |= {"loss_scale_factor", "gradient_accumulation_steps"}


def arguments(thing):
    """Returns all arguments of a class or function, also those that it passes on."""
    kinds = thing.__mro__[-2::-1] if inspect.isclass(thing) else [thing]
    ours = ("trainers", "tfgan_tricks", "keras")
    found = {}
    for kind in kinds:
        if kind.__module__.partition(".")[0] in ours:
            found |= inspect.signature(kind).parameters
    return {k: each.default for k, each in found.items() if k not in NOT_OPTIONS}


def agree(row, thing, no_options=()):
    told = arguments(thing)
    options = {k: f.default for k, f in row.model_fields.items() if k != "name"}
    own = {k: v for k, v in options.items() if k not in EXCEPTIONS}
    ours = {k: v for k, v in told.items() if k not in {*EXCEPTIONS, *no_options}}
    assert own == ours
    assert {k for k in told if k in EXCEPTIONS} <= options.keys()


@pytest.mark.parametrize("name", Trainer.rows())
def test_options_of_trainers_are_arguments_with_the_same_defaults(name):
    row = Trainer.rows()[name]
    cls = _build.load(row.at)
    agree(row, cls)
    assert row.classifies == bool(cls.score_names)
    paper = cls.paper_optimizer
    rates = {row.optimizer[f"{player}_learning_rate"] for player in PLAYERS}
    assert rates == {paper.arguments["learning_rate"]}
    optimizer = Optimizer.rows()[row.optimizer["name"]]
    ours = optimizer(**row.optimizer).arguments()
    theirs = getattr(keras.optimizers, paper.name)(**paper.arguments).get_config()
    for key, value in ours.items():
        assert theirs[key] == pytest.approx(value), key
    told = [(each.name, each.weight) for each in arguments_of(cls, "penalties")]
    assert [(each["name"], each["weight"]) for each in row.penalty] == told


PLAYERS = ("generator", "discriminator")


def arguments_of(cls, name):
    parameters = inspect.signature(cls).parameters
    return parameters[name].default if name in parameters else ()


@pytest.mark.parametrize("name", Loss.rows())
def test_options_of_losses_are_arguments_with_the_same_defaults(name):
    row = Loss.rows()[name]
    # Relativistic trainers have other targets, and LSGAN has options of its own.
    targets = "abc" if name == "least_squares" else ()
    agree(row, _build.load(row.at), no_options=targets)


@pytest.mark.parametrize("name", Penalty.rows())
def test_options_of_penalties_are_arguments_with_the_same_defaults(name):
    row = Penalty.rows()[name]
    agree(row, _build.load(row.at))


@pytest.mark.parametrize("name", KERAS)
def test_options_of_optimizers_are_arguments_with_the_same_defaults(name):
    row = KERAS[name]
    assert issubclass(row, KerasOptimizer)
    if _compat.KERAS_3 or row.at.partition(":")[2] not in IN_KERAS_3:
        agree(row, _build.load(row.at))


@pytest.mark.parametrize("name", Network.rows())
def test_options_of_networks_are_arguments_with_the_same_defaults(name):
    network = Network.rows()[name]()
    told = network.for_generator(), network.for_discriminator(joint_batch=False)
    makers = _build.load(network.at), _build.load(network.discriminator_at)
    for options, make in zip(told, makers, strict=True):
        parameters = inspect.signature(make).parameters
        for key, value in options.items():
            default = parameters[key].default
            assert value == (list(default) if key == "hidden" else default), key


def trainer_of(name, **changes):
    """Returns a tiny trainer by name, with its own defaults except for the changes."""
    small = {"network": "mlp", "width": 2, "hidden_layers": 1}
    classifies = Trainer.rows()[name].classifies
    network = {"network": "weight_norm"} if classifies else small
    changes = {"trainer": name, "latent_dim": 2, **network, **changes}
    config = configuration.changed(BASE, {"ema_decay": None, **changes})
    return _build.trainer(config, (8, 8, 1), num_classes=3 if classifies else None)


@pytest.mark.parametrize("name", Trainer.rows())
def test_default_options_make_the_trainer_with_its_own_defaults(name):
    made = trainer_of(name)
    features = {"features": "features"} if "features" in made.get_config() else {}
    own = _build.load(Trainer.rows()[name].at)(
        made.generator, made.discriminator, **features
    )
    own.compile()
    config, expected = made.get_config(), own.get_config()
    config.pop("name"), expected.pop("name")
    assert config == expected
    for player in ("generator_optimizer", "discriminator_optimizer"):
        ours, theirs = getattr(made, player), getattr(own, player)
        assert type(ours) is type(theirs)
        ours, theirs = ours.get_config(), theirs.get_config()
        numbers = [k for k, value in ours.items() if isinstance(value, float)]
        for key in numbers:
            assert ours[key] == pytest.approx(theirs[key], rel=1e-6), key


def test_every_option_reaches_the_trainer():
    trainer = trainer_of(
        "relativistic_gan",
        loss="hinge",
        penalty="r1+dragan_penalty",
        penalty_weight=3.0,
        discriminator_steps=2,
        reuse_real_batch=True,
        reuse_fake_batch=True,
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
    assert config["reuse_fake_batch"] is True
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


PRECISIONS = ("float32", "mixed_float16", "mixed_bfloat16")


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", ["wgan", "semi_supervised_gan"])
def test_precision_is_the_policy_of_both_networks_and_of_nothing_else(name, precision):
    before = keras.mixed_precision.global_policy().name
    trainer = trainer_of(name, precision=precision, ema_decay=0.5)
    assert keras.mixed_precision.global_policy().name == before
    dtype = precision.removeprefix("mixed_")
    networks = trainer.generator, trainer.discriminator
    firsts = [next(x for x in n.layers if x.trainable_weights) for n in networks]
    assert {layer.compute_dtype for layer in firsts} == {dtype}
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
        ("r3_gan", "schedule", "simultaneous"),
        ("r3_gan", "micro_batches", 4),
        ("wgan_gp", "packing", 2),
    ],
)
def test_own_options_reach_the_trainer(name, key, value):
    assert trainer_of(name, **{key: value}).get_config()[key] == value


@pytest.mark.parametrize("name", ["relativistic_gan", "relativistic_average_gan"])
@pytest.mark.parametrize("loss", ["minimax", "non_saturating"])
def test_smoothing_reaches_the_loss_of_relativistic_trainers(name, loss):
    trainer = trainer_of(name, loss=loss, real_label=0.75)
    expected = {"name": loss, "real_label": 0.75}
    assert trainer.adversarial_loss.config["base"] == expected


def test_a_joint_batch_reaches_the_trainer_and_its_network():
    kinds = {}
    for joint_batch in (False, True):
        changes = {"minibatch_discrimination": True, "joint_batch": joint_batch}
        config = configuration.changed(
            BASE, {"trainer": "non_saturating_gan", **changes}
        )
        trainer = _build.trainer(config, (8, 8, 1))
        assert trainer.joint_batch is joint_batch
        kinds[joint_batch] = layer_types(trainer.discriminator)
    assert kinds[True] - kinds[False] == {"JointMinibatchDiscrimination"}
    assert kinds[False] - kinds[True] == {"MinibatchDiscrimination"}


def test_steps_per_execution_reaches_keras():
    config = configuration.changed(BASE, {"steps_per_execution": 2})
    trainer = _build.trainer(config, (8, 8, 1))
    name = "steps_per_execution" if _compat.KERAS_3 else "_steps_per_execution"
    assert int(getattr(trainer, name)) == 2


def network_of(network, shape, **changes):
    dataset = "ring8" if shape == (2,) else "npz:a.npz"
    changes = {"network": network, "dataset": dataset, "latent_dim": 3, **changes}
    config = configuration.changed(BASE, changes)
    return _build._networks(config, shape, None)


SHAPES = [("mlp", (2,)), ("mlp", (8, 8, 1)), ("dcgan", (16, 16, 3))]


@pytest.mark.parametrize(("network", "shape"), [*SHAPES, ("standard_cnn", (32, 32, 1))])
def test_networks_make_and_take_the_examples(network, shape):
    narrow = {} if network == "standard_cnn" else {"width": 2}
    generator, discriminator = network_of(network, shape, **narrow)
    assert generator.input_shape == (None, 3)
    assert generator.output_shape == (None, *shape)
    assert discriminator.input_shape == (None, *shape)
    generator, discriminator = network_of(network, shape, **narrow, packing=4)
    assert generator.output_shape == (None, *shape)
    assert discriminator.input_shape == (None, *shape[:-1], 4 * shape[-1])


@pytest.mark.parametrize(
    ("network", "shape", "changes"),
    [
        ("mlp", (16, 16, 3), {"width": 300, "hidden_layers": 3}),
        ("dcgan", (32, 32, 3), {"width": 24, "latent_dim": 500}),
        ("dcgan", (64, 64, 1), {"width": 24}),
    ],
)
def test_rows_estimate_the_number_of_weights(network, shape, changes):
    made = network_of(network, shape, **changes)
    changes = {"network": network, "dataset": "npz:a", "latent_dim": 3, **changes}
    row = configuration.changed(BASE, changes).network
    count = sum(each.count_params() for each in made)
    assert count / 2 < row.num_weights(shape) < 2 * count


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


@pytest.mark.parametrize("network", ["dcgan", "standard_cnn"])
def test_sizes_that_a_network_can_make(network):
    width = {"width": 1} if network == "dcgan" else {}
    for size in (4, 8, 12, 16, 28, 32, 48, 64, 128, 256):
        makes_it = size in Network.rows()[network].image_sizes
        if not makes_it and network == "dcgan":
            with pytest.raises(ValueError, match="image_size"):
                networks.dcgan_generator(size, width=1)
        elif makes_it:
            generator, _ = network_of(network, (size, size, 1), **width)
            assert generator.output_shape == (None, size, size, 1)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_can_be_built(name):
    config = configuration.preset(name)
    shape = [each or 8 for each in config.dataset.example_shape()]
    shape = tuple(shape[:-1] + [config.dataset.shape[-1] or 1])
    num_classes = 10 if config.uses_labels else None
    trainer = _build.trainer(config, shape, num_classes=num_classes)
    assert trainer.latent_dim == config.network.latent_dim


@pytest.mark.parametrize("name", KERAS)
def test_optimizers_reach_both_players(name):
    options = {"optimizer": name, "clipnorm": 0.5, "generator_learning_rate": 0.25}
    if KERAS[name].at.partition(":")[2] in IN_KERAS_3 and not _compat.KERAS_3:
        with pytest.raises(ValueError, match=f"Received: optimizer='{name}'"):
            trainer_of("hinge_gan", **options)
        return
    made = trainer_of("hinge_gan", **options)
    optimizer = made.generator_optimizer.get_config()
    assert type(made.generator_optimizer).__name__ == KERAS[name].at.partition(":")[2]
    assert (optimizer["clipnorm"], optimizer["learning_rate"]) == (0.5, 0.25)
    assert made.discriminator_optimizer.get_config()["learning_rate"] != 0.25
