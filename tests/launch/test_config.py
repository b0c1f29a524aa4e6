import json

import pytest

from launch.config import changes as changing
from launch.config import configuration
from launch.config.datasets import Dataset
from launch.config.networks import Network
from launch.config.optimizers import Optimizer
from launch.config.presets import PRESETS
from launch.config.trainers import Trainer
from tests.launch.programs import BASE

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_named_and_survive_json(name):
    preset = configuration.preset(name)
    assert preset.preset == name
    assert configuration.from_entries(entries(preset)) == preset


def entries(config):
    return json.loads(configuration.to_json(config))


def test_a_configuration_holds_what_its_rows_have_and_nothing_else():
    values = entries(BASE)
    assert list(values) == list(configuration.Config.model_fields)
    assert values["network"].keys() == {"name", *BASE.network.options()}
    points = entries(configuration.preset("ring8"))
    assert points["dataset"] == {"name": "ring8"}
    assert "clip" not in points["trainer"] and "beta_1" in points["optimizer"]
    assert "beta_1" not in entries(changed({"trainer": "wgan"}))["optimizer"]


def changed(changes):
    return configuration.changed(BASE, changes)


def value(config, key):
    """Returns the value of a configuration's key, given without its row."""
    found = []
    for path in dict.fromkeys(each.path for each in configuration.KEYS[key]):
        here = config.model_dump()
        for part in path:
            here = here.get(part, {}) if isinstance(here, dict) else {}
        found += [] if here == {} else [here]
    (only,) = found
    return only


def test_every_key_says_what_it_means():
    for keys in configuration.KEYS.values():
        assert all(key.field.description.endswith(".") for key in keys)


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("width=64", ("network", "width"), 64),
        ("network.width=64", ("network", "width"), 64),
        ("beta_1=1e-3", ("optimizer", "beta_1"), 1e-3),
        ("optimizer.epsilon=1e-3", ("optimizer", "epsilon"), 1e-3),
        ("ema_decay=0.99", ("trainer", "ema_decay"), 0.99),
        ("trainer.ema_decay=none", ("trainer", "ema_decay"), None),
        ("ema_decay=null", ("trainer", "ema_decay"), None),
        ("generator_history=0.1", ("trainer", "generator_history"), 0.1),
        ("joint_batch=true", ("trainer", "joint_batch"), True),
        ("schedule=simultaneous", ("trainer", "schedule"), "simultaneous"),
        ("jit_compile=False", ("jit_compile",), False),
        ("loss=hinge", ("trainer", "base"), {"name": "hinge"}),
        ("trainer.base=hinge", ("trainer", "base"), {"name": "hinge"}),
        ("real_label=0.9", ("trainer", "base", "real_label"), 0.9),
        ("trainer.base.real_label=0.9", ("trainer", "base", "real_label"), 0.9),
        ("precision=mixed_bfloat16", ("precision",), "mixed_bfloat16"),
        ("normalization=none", ("network", "normalization"), "none"),
        ("optimizer.name=sgd", ("optimizer", "name"), "sgd"),
        ("learning_rate_schedule=linear", ("schedule", "end"), 3000),
        ("penalty=r1", ("penalty",), ({"name": "r1", "weight": 10.0, "every": 1},)),
        ("penalty=none", ("penalty",), ()),
        ("channels=3", ("dataset", "channels"), 3),
        ("dataset=npz:a=b.npz", ("dataset", "path"), "a=b.npz"),
        ("dataset=tfds:mnist", ("dataset", "builder"), "mnist"),
    ],
)
def test_settings_are_read_as_what_they_set(text, path, expected):
    found = changed(changing.parsed([text])).model_dump()
    for part in path:
        found = found[part]
    assert found == expected and type(found) is type(expected)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("width", r"`set` must be key=value\. Received: set='width'"),
        ("widht=3", "Did you mean 'width'.*Received: set='widht'"),
        ("network.widht=3", "Did you mean 'network.width'.*Received: set='network.w"),
        ("preset=mnist", "Received: set='preset'"),
        ("name=mnist", "Received: set='name'"),
        ("steps.x=3", "Received: set='steps.x'"),
        (".=3", r"Received: set='\.'"),
        ("width=1.5", "`width` must be an integer.*Received: width='1.5'"),
        ("network.width=x", "`network.width` must be an integer. Received: network.w"),
        ("steps=none", "`steps` must be an integer.*Received: steps='none'"),
        (
            "trainer.clip=1",
            "with the trainer wgan. Received: trainer.clip='1' with trainer",
        ),
        ("ema_decay=high", "`ema_decay` must be a number or null.*Received: ema_dec"),
        ("jit_compile=maybe", "`jit_compile` must be true or false.*Received"),
        ("ema_decay=nan", "`ema_decay` must be finite. Received: ema_decay=nan"),
        ("width=1000000000", "at most 1024. Received: width=1000000000"),
        ("latent_dim=9223372036854775807", "at most 65536. Received: latent_dim=92"),
        ("steps=" + "9" * 5000, "`steps` must be an integer"),
    ],
)
def test_bad_settings(text, match):
    with pytest.raises(ValueError, match=match) as error:
        changed(changing.parsed([text]))
    assert len(str(error.value)) < 500


def test_one_value_has_one_setting():
    with pytest.raises(ValueError, match="once. Received: width and network.width"):
        changed({"width": "3", "network.width": "4"})


def test_changes_change_nothing_else():
    config = changed({"seed": 7, "width": 16})
    assert (config.seed, config.network.width) == (7, 16)
    assert configuration.changed(config, {"seed": 0, "width": 32}) == BASE


def test_the_order_of_changes_does_not_matter():
    changes = {"hidden_layers": 3, "a": -1, "network": "mlp", "trainer": "ls_gan"}
    backwards = dict(reversed(changes.items()))
    assert changed(changes) == changed(backwards)
    assert changed(changes).network.hidden_layers == 3


def test_another_trainer_brings_its_paper_s_options():
    tuned = configuration.changed(BASE, {"generator_learning_rate": 3e-3})
    config = configuration.changed(tuned, {"trainer": "wgan"})
    assert config.optimizer.generator_learning_rate == 5e-5
    assert (config.trainer.clip, config.trainer.discriminator_steps) == (0.01, 5)
    assert (config.optimizer.name, config.network) == ("rmsprop", BASE.network)
    assert config.trainer.ema_decay == BASE.trainer.ema_decay


def test_options_given_with_another_trainer_are_kept():
    changes = {"trainer": "wgan", "clip": 0.5, "generator_learning_rate": 0.1}
    config = configuration.changed(BASE, changes)
    optimizer = config.optimizer
    assert (config.trainer.clip, optimizer.generator_learning_rate) == (0.5, 0.1)
    assert optimizer.discriminator_learning_rate == 5e-5


def test_naming_the_same_trainer_resets_nothing():
    tuned = configuration.changed(BASE, {"generator_learning_rate": 3e-3})
    assert configuration.changed(tuned, {"trainer": tuned.trainer.name}) == tuned


def test_another_network_brings_its_options():
    config = configuration.changed(BASE, {"network": "mlp"})
    assert config.network.options() == {
        "latent_dim": 128,
        "width": 256,
        "hidden_layers": 2,
        "activation": "relu",
        "initializer": "glorot_uniform",
    }
    config = changed({"latent_dim": 7, "network": "mlp"})
    assert config.network.latent_dim == 7
    again = configuration.changed(config, {"network": "dcgan"})
    assert again.network.latent_dim == 7


def test_another_optimizer_keeps_rates_and_betas():
    rates = {"generator_learning_rate": 0.5, "discriminator_learning_rate": 0.25}
    config = changed({"beta_1": 0.125, **rates, "optimizer": "nadam"})
    assert config.optimizer.beta_1 == 0.125 and config.optimizer.beta_2 == 0.999
    config = configuration.changed(config, {"optimizer": "lion"})
    assert (config.optimizer.beta_1, config.optimizer.beta_2) == (0.9, 0.99)
    assert value(config, "generator_learning_rate") == 0.5
    config = changed({"optimizer": "sgd", "optimizer.momentum": "0.5", **rates})
    assert config.optimizer.arguments() == {"momentum": 0.5, "nesterov": False}
    assert value(config, "discriminator_learning_rate") == 0.25


def test_labels_have_a_vector():
    config = changed({"conditional": True, "label_dim": 8})
    assert (config.conditional, config.network.label_dim) == (True, 8)
    assert not configuration.changed(config, {"network": "mlp"}).conditional


def test_images_keep_their_size_with_another_dataset_but_points_have_none():
    emoji = configuration.preset("emoji")
    config = configuration.changed(emoji, {"dataset": "tfds:mnist"})
    assert (config.dataset.image_size, config.dataset.channels) == (64, 3)
    config = configuration.changed(emoji, {"dataset": "ring8", "network": "mlp"})
    assert config.dataset.options() == {}


@pytest.mark.parametrize(
    ("changes", "weight"),
    [
        ({"penalty": "r1"}, 10.0),
        ({"penalty": "r1+r2"}, 10.0),
        ({"penalty": "r1+r2", "penalty_weight": 0.5}, 0.5),
        ({"trainer": "r3_gan"}, 1.0),
        ({"trainer": "r3_gan", "penalty": "r1"}, 10.0),
        ({"trainer": "wgan_gp", "penalty": "none"}, None),
        ({"trainer": "r3_gan", "penalty_weight": 0.5, "penalty": "r1+r2"}, 0.5),
    ],
)
def test_penalties_bring_their_weight(changes, weight):
    penalties = changed(changes).penalty
    assert {each.weight for each in penalties} == ({weight} if penalties else set())


BAD = [
    ({"trainer": "wgan_pg"}, "Did you mean 'wgan_gp'.*Received: trainer='wgan_pg'"),
    ({"network": "dgcan"}, "Did you mean 'dcgan'.*Received: network='dgcan'"),
    ({"loss": "hing"}, "Did you mean 'hinge'.*Received: loss='hing'"),
    ({"penalty": "r1+r3"}, "one of .* r1, r2,.*Received: penalty='r3'"),
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
        "relativistic_average_gan or feature_matching_gan. Received: loss='hinge' "
        "with trainer='wgan'",
    ),
    ({"clip": 0.1}, "only with the trainer wgan. Received: clip=0.1"),
    ({"hidden_layers": 2}, "only with the network mlp. Received: hidden_layers=2"),
    ({"width": None}, "must be an integer. Received: width=None"),
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
        "`penalty_weight` must be a number. Received: penalty_weight=None",
    ),
    ({"trainer": "minimax_gan", "real_label": 1.1}, "Received: real_label=1.1"),
    (
        {"loss": "hinge", "real_label": 0.9},
        "loss non_saturating or minimax. Received: real_label=0.9 with loss='hinge'",
    ),
    ({"generator_history": -0.1}, "Received: generator_history=-0.1"),
    ({"discriminator_history": INF}, "Received: discriminator_history=inf"),
    (
        {"joint_batch": True, "penalty": "r1"},
        "`penalty` must be none with `joint_batch`. Received: penalty='r1'",
    ),
    ({"packing": 0}, "Received: packing=0"),
    ({"packing": 3}, "multiple of `packing`.*: batch_size=64 with packing=3"),
    ({"packing": 2, "batch_size": 2}, "at least 4 for .*average_gan. Received: bat"),
    ({"channels": 2}, "must be one of 1, 3. Received: channels=2"),
    ({"channels": []}, r"must be one of 1, 3. Received: channels=\[\]"),
    ({"seed": -1}, "Received: seed=-1"),
    ({"seed": 2**31}, "Received: seed=2147483648"),
    ({"steps_per_execution": 0}, "Received: steps_per_execution=0"),
    ({"precision": "half"}, "mixed_float16.*Received: precision='half'"),
    ({"optimizer": "adan"}, "Did you mean 'adam'.*Received: optimizer='adan'"),
    ({"optimizer": "addons:LAMP"}, "Did you mean 'addons:LAMB'"),
    (
        {"optimizer": "sgd", "beta_1": 0.5},
        "only with the optimizer adam or .*Received: beta_1=0.5 with",
    ),
    ({"batch_size": 2**40}, "at most 1048576. Received: batch_size=1099511627776"),
    ({"network": "mlp", "hidden_layers": 10**9}, "at most 100. Received: hidden_lay"),
    ({"image_size": 2**31}, "at most 4096. Received: image_size=2147483648"),
    (
        {"network": "mlp", "width": 16384, "hidden_layers": 100},
        "at most 2,147,483,648 weights, not about 53,.*width=16384, hidden_layers=100",
    ),
    ({"image_size": 64, "width": 1024, "latent_dim": 65536}, "at most .* weights"),
    ({"network": "mlp", "dataset": "npz:a", "channels": 3, "image_size": 4096}, "weig"),
    ({"discriminator_steps": 10**9}, "Received: discriminator_steps=1000000000"),
    ({"label_dim": 8}, "Received: label_dim=8 with conditional=False"),
    ({"conditional": True, "label_dim": 0}, "Received: label_dim=0"),
    (
        {"network": "mlp", "conditional": True},
        "with the network dcgan. Received: conditional=True with network='mlp'",
    ),
    ({"conditional": True, "normalization": "virtual"}, "Received: normalization="),
    ({"image_size": 12}, "8, 16, 28, 32, 64, 128.*Received: images of 12x12"),
    ({"network": "standard_cnn"}, "one of 32 .*Received: images of 8x8"),
    ({"dataset": "ring8"}, "must be mlp for points.*Received: network='dcgan'"),
    (
        {"dataset": "ring8", "network": "mlp", "image_size": 8},
        "tfds or image_folder or npz. Received: image_size=8 with dataset='ring8'",
    ),
]


@pytest.mark.parametrize(("changes", "match"), BAD)
def test_bad_values(changes, match):
    with pytest.raises(ValueError, match=match):
        configuration.changed(BASE, changes)


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
    assert configuration.changed(BASE, ALONE).batch_size == 1
    with pytest.raises(ValueError, match=f"{what}.*Received: batch_size=1"):
        configuration.changed(BASE, ALONE | changes)


def test_standard_cnn_has_batch_normalization_unless_both_are_without():
    changes = {"network": "standard_cnn", "image_size": 32}
    assert changed(changes).network.discriminator_normalization == "spectral"
    alone = changes | {"batch_size": 1, "trainer": "relativistic_gan"}
    with pytest.raises(ValueError, match="batch normalization"):
        configuration.changed(BASE, alone)
    assert changed(alone | {"normalization": "none"}).batch_size == 1


def test_networks_that_always_normalize_batches_say_so():
    changes = {"network": "lsgan_scenes", "image_size": 112, "schedule": "simultaneous"}
    with pytest.raises(ValueError, match="`discriminator_normalization` must be none"):
        changed(changes)


def test_files_with_other_keys_are_refused():
    with pytest.raises(ValueError, match="color"):
        configuration.from_entries(entries(BASE) | {"color": "red"})
    values = entries(BASE)
    del values["seed"], values["steps"]
    with pytest.raises(ValueError, match="steps"):
        configuration.from_entries(values)


def test_a_flat_file_of_an_earlier_version_is_refused():
    flat = {"trainer": "wgan", "generator_learning_rate": 1e-4, "width": 3}
    with pytest.raises(ValueError, match="earlier version.*Train again"):
        configuration.from_entries(flat)


YAML = """
dataset: npz:a.npz
trainer: {name: ls_gan, a: -1}
optimizer: {generator_learning_rate: 1e-3}
penalty: r1+r2
network: dcgan
batch_size: 8
steps: 30
"""


def test_a_file_of_json_or_yaml_is_a_configuration(tmp_path):
    (tmp_path / "a.json").write_text(configuration.to_json(BASE))
    assert configuration.from_file(tmp_path / "a.json") == BASE
    (tmp_path / "a.yaml").write_text(configuration.to_json(BASE))
    assert configuration.from_file(tmp_path / "a.yaml") == BASE
    (tmp_path / "b.yml").write_text(YAML)
    config = configuration.from_file(tmp_path / "b.yml")
    changes = {"trainer": "ls_gan", "a": -1, "network": "dcgan", "penalty": "r1+r2"}
    changes |= {"generator_learning_rate": 1e-3, "network.latent_dim": 128}
    changes |= {"dataset": "npz:a.npz", "batch_size": 8, "steps": 30}
    expected = configuration.changed(configuration.preset("ring8"), changes)
    assert config.trainer.a == -1 and config.optimizer == expected.optimizer
    parts = ("trainer", "penalty", "network", "dataset", "steps")
    for part in parts:
        ours, theirs = config.model_dump()[part], expected.model_dump()[part]
        assert ours == (theirs | {"ema_decay": None} if part == "trainer" else theirs)


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("a.json", "{", "cannot|delimiter|Expecting"),
        ("a.json", "[]", "must be an object"),
        ("a.json", '{"steps": "3"}', "`dataset` must be given"),
        ("a.yaml", "a: [", "while parsing"),
        ("a.yaml", "3", "must be an object"),
        ("a.yaml", "a: !!python/name:os.system", "could not determine a constructor"),
        ("a.yaml", "[" * 30_000, "nested"),
        ("a.yaml", "1: 2", "Received: key='1'|must be"),
        ("a.yaml", YAML + "steps: x", "`steps` must be an integer"),
        ("missing.json", None, "No such file"),
    ],
)
def test_other_files_are_refused_in_one_line(tmp_path, name, content, match):
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(ValueError, match=match) as error:
        configuration.from_file(str(tmp_path / name))
    assert "Received: config=" in str(error.value) and "\n" not in str(error.value)


def test_the_schema_knows_every_row():
    schema = json.dumps(configuration.Config.model_json_schema())
    for kind in (Trainer, Network, Dataset, Optimizer):
        assert all(f'"{name}"' in schema for name in kind.rows())


def test_changes_that_a_resumed_run_may_have():
    allowed = {
        "steps": 9000,
        "checkpoint_every": 1,
        "sample_every": 2,
        "log_every": 3,
        "data_dir": "elsewhere",
        "path": "b.npz",
        "rollbacks": 4,
        "evaluate_every": 5,
    }
    assert sorted(allowed) == sorted(configuration.MAY_CHANGE)
    begun = changed({"dataset": "npz:a.npz", "image_size": 8})
    config = configuration.changed(begun, allowed)
    assert configuration.refused_changes(begun, config) == []
    config = configuration.changed(config, {"seed": 1, "width": 16})
    assert configuration.refused_changes(begun, config) == [
        "network.width=16 (it was 32)",
        "seed=1 (it was 0)",
    ]
    elsewhere = configuration.changed(begun, {"dataset": "image_folder:a.npz"})
    (refused,) = configuration.refused_changes(begun, elsewhere)
    assert refused == "dataset.name='image_folder' (it was 'npz')"
