"""Training in half precision."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import trainers
from tests import replicas
from tests.trainers import precision
from tests.trainers import toy
from tests.trainers.precision import LossScaleOptimizer
from tfgan_tricks import _compat
from tfgan_tricks import callbacks
from tfgan_tricks import layers
from tfgan_tricks import penalties
from trainers import _skipping

EVERY_TRAINER = pytest.mark.parametrize("cls", toy.ALL, ids=lambda cls: cls.__name__)
HALVES = ["mixed_float16", "mixed_bfloat16"]


def trained(cls, policy):
    """Returns the losses of steps 101 to 200, and the mean and deviation of samples."""
    adam = [keras.optimizers.Adam(2e-3, beta_1=0.5) for _ in range(2)]
    clip = {"clip": 0.1} if cls is trainers.WGAN else {}
    players = ("generator_optimizer", "discriminator_optimizer")
    options = dict(zip(players, adam, strict=True)) | {"steps_per_execution": 50}
    trainer = precision.make(policy, cls, options, **clip)
    batches = toy.endless(16, cls=cls)
    logs = trainer.fit(batches, steps_per_epoch=100, epochs=2, verbose=0).history
    latents = tf.random.stateless_normal([500, 3], [1, 2])
    samples = tf.cast(trainer.generator(latents, training=False), tf.float32).numpy()
    assert all(np.isfinite(w).all() for w in toy.weights(trainer))
    skipped = {name: logs.pop(name)[-1] for name in [*logs] if "skipped" in name}
    losses = np.array([values[-1] for values in logs.values()])
    return losses, np.concatenate([samples.mean(0), samples.std(0)]), skipped


@EVERY_TRAINER
def test_200_steps_in_half_precision_follow_those_in_float32(cls):
    """Another seed moves the means and deviations by 0.1 to 0.7."""
    losses, moments, skipped = trained(cls, "float32")
    assert not skipped
    for policy in HALVES:
        their_losses, their_moments, skipped = trained(cls, policy)
        np.testing.assert_allclose(their_losses, losses, atol=0.03, err_msg=policy)
        np.testing.assert_allclose(their_moments, moments, atol=0.15, err_msg=policy)
        assert all(count <= 5 for count in skipped.values())
        assert bool(skipped) == (policy == "mixed_float16")


def kinds(trainer):
    optimizers = trainer.generator_optimizer, trainer.discriminator_optimizer
    return [isinstance(optimizer, LossScaleOptimizer) for optimizer in optimizers]


@pytest.mark.parametrize("policy", ["float32", *HALVES])
def test_both_optimizers_have_a_scale_of_their_own_in_float16_only(policy):
    trainer = precision.make(policy)
    assert kinds(trainer) == 2 * [policy == "mixed_float16"]
    assert trainer.generator_optimizer is not trainer.discriminator_optimizer
    assert (trainer.generator_player.skipped is not None) == (policy == "mixed_float16")


def two(generator_dtype, discriminator_dtype):
    dense = keras.layers.Dense
    generator = [keras.Input((3,)), dense(2, dtype=generator_dtype)]
    discriminator = [keras.Input((2,)), dense(1, dtype=discriminator_dtype)]
    trainer = trainers.LSGAN(
        keras.Sequential(generator), keras.Sequential(discriminator)
    )
    trainer.compile()
    return trainer


@pytest.mark.parametrize(
    ("dtypes", "scaled"),
    [
        # The generator's gradient passes through the discriminator, not vice versa.
        (("float32", "mixed_float16"), [True, True]),
        (("mixed_float16", "float32"), [True, False]),
        (("mixed_bfloat16", "mixed_bfloat16"), [False, False]),
    ],
)
def test_the_networks_own_dtypes_decide(dtypes, scaled):
    assert kinds(two(*dtypes)) == scaled
    with precision.policy("mixed_float16"):
        generator, discriminator = toy.networks()
    trainer = trainers.LSGAN(generator, discriminator)
    trainer.compile()
    assert kinds(trainer) == [True, True]


def test_a_users_loss_scale_is_kept():
    own = LossScaleOptimizer(keras.optimizers.SGD(0.01), initial_scale=64.0)
    trainer = precision.make("mixed_float16", compile_options={"run_eagerly": True})
    trainer.compile(own, "sgd")
    assert trainer.generator_optimizer is own
    assert precision.scales(trainer) == [64.0, 32768.0]


def test_the_learning_rate_is_within_reach():
    trainer = precision.make("mixed_float16")
    rate = trainer.generator_optimizer.learning_rate
    np.testing.assert_allclose(float(rate.numpy()), 2e-4)
    trainer.generator_optimizer.learning_rate = 0.5
    inner = trainer.generator_optimizer.inner_optimizer
    np.testing.assert_allclose(float(inner.learning_rate.numpy()), 0.5)


def with_norms(policy="mixed_float16", run_eagerly=True, **kwargs):
    """Returns a trainer whose networks have batch and spectral normalization."""
    keras.utils.set_random_seed(1)
    spectral = layers.SpectralNormalization
    dense, norm = keras.layers.Dense, keras.layers.BatchNormalization
    with precision.policy(policy):
        generator = [keras.Input((3,)), spectral(dense(6)), norm(), dense(2)]
        discriminator = [keras.Input((2,)), spectral(dense(6)), norm(), dense(1)]
        trainer = trainers.LSGAN(
            keras.Sequential(generator), keras.Sequential(discriminator), **kwargs
        )
    adam = [keras.optimizers.Adam(0.01) for _ in range(2)]
    trainer.compile(*adam, run_eagerly=run_eagerly)
    return trainer


@pytest.mark.parametrize("player", ["g", "d"])
def test_an_overflow_skips_one_player_s_update_and_is_counted(player):
    history = {"generator_history": 0.1, "discriminator_history": 0.1}
    trainer = with_norms(**history)
    trainer.fit(toy.endless(), steps_per_epoch=2, verbose=0)
    updates = {"g": trainer.update_generator, "d": trainer.update_discriminator}
    optimizers = trainer.generator_optimizer, trainer.discriminator_optimizer
    index = "gd".index(player)
    precision.scale_of(optimizers[index]).assign(2.0**120)
    before, counts = state(trainer), precision.skipped(trainer)
    other_scale = precision.scales(trainer)[1 - index]
    updates.pop(player)(toy.batch(8))
    assert precision.equal(before, state(trainer))
    counts[index] += 1
    assert precision.skipped(trainer) == counts
    assert precision.scales(trainer)[index] == 2.0**119
    assert precision.scales(trainer)[1 - index] == other_scale
    updates.popitem()[1](toy.batch(8))
    assert not precision.equal(before, state(trainer))
    assert precision.skipped(trainer) == counts


def state(trainer):
    """Returns the state that updates change, except counts, scales and averages."""
    histories = (trainer.generator_history, trainer.discriminator_history)
    owners = (trainer.generator, trainer.discriminator, *histories)
    optimizers = trainer.generator_optimizer, trainer.discriminator_optimizer
    values = [w for owner in owners for w in precision.all_weights(owner)]
    return values + [slot for x in optimizers for slot in slots_of(x)]


def slots_of(optimizer):
    """Returns an optimizer's state per parameter; scalars may count skipped steps."""
    return [v.numpy() for v in optimizer.variables if len(v.shape)]


def huge(count=1):
    """Returns batches that float16 cannot hold."""
    return tf.data.Dataset.from_tensors(1e30 * toy.points(8)).repeat(count)


def test_training_continues_after_a_step_on_huge_inputs():
    trainer = with_norms(run_eagerly=False, ema_decay=0.5)
    trainer.fit(toy.endless(), steps_per_epoch=5, verbose=0)
    before, counts = parameters(trainer), precision.skipped(trainer)
    logs = trainer.fit(huge(), verbose=0).history
    assert not np.isfinite(logs["d_loss"][-1])
    assert precision.equal(before, parameters(trainer))
    assert precision.skipped(trainer) == [counts[0], counts[1] + 1]
    networks = trainer.generator, trainer.discriminator, trainer.ema_generator
    for network in networks:
        assert all(np.isfinite(w).all() for w in precision.all_weights(network))
    logs = trainer.fit(toy.endless(), steps_per_epoch=3, epochs=2, verbose=0).history
    assert np.isfinite(logs["d_loss"]).all()
    assert logs["d_skipped"] == 2 * [counts[1] + 1]
    assert not precision.equal(before, parameters(trainer))


def parameters(trainer):
    return [w.numpy() for w in trainer.discriminator.trainable_variables]


def test_skipped_steps_are_counted_in_executions_of_several_steps():
    options = {"steps_per_execution": 2}
    trainer = precision.make("mixed_float16", compile_options=options)
    logs = trainer.fit(huge(4), verbose=0).history
    assert logs["d_skipped"] == [4]
    assert int(trainer.step.numpy()) == 4


@pytest.mark.parametrize("policy", HALVES)
def test_parameters_stay_float32_and_are_not_rounded(policy):
    trainer = with_norms(policy, ema_decay=0.9)
    trainer.fit(toy.endless(), steps_per_epoch=5, verbose=0)
    half = policy.removeprefix("mixed_")
    networks = trainer.generator, trainer.discriminator
    assert {network.layers[0].layer.compute_dtype for network in networks} == {half}
    for network in (*networks, trainer.ema_generator):
        for weight in network.weights:
            value = weight.numpy()
            assert value.dtype == "float32"
            rounded = tf.cast(tf.cast(value, half), "float32").numpy()
            if value.ndim > 1 and value.size > 2:  # Singular vectors too.
                assert np.mean(rounded == value) < 0.2, weight.name


@pytest.mark.parametrize("policy", HALVES)
def test_spectral_normalization_leaves_its_kernel_alone(policy):
    trainer = with_norms(policy)
    layer = trainer.discriminator.layers[0]
    kernel = layer.layer.kernel.numpy()
    trainer.compile("sgd", keras.optimizers.SGD(1e-30), run_eagerly=True)
    trainer.fit(toy.endless(), steps_per_epoch=5, verbose=0)
    np.testing.assert_array_equal(layer.layer.kernel.numpy(), kernel)
    normalized = layer.normalized_kernel()
    assert normalized.dtype == tf.float32
    sigma = np.linalg.svd(normalized.numpy(), compute_uv=False)[0]
    np.testing.assert_allclose(sigma, 1.0, atol=1e-3)


@pytest.mark.parametrize("policy", HALVES)
def test_logits_losses_and_penalties_are_float32(policy):
    trainer = precision.make(policy, trainers.R3GAN)
    real = toy.batch(8)
    assert trainer.generator(tf.zeros([8, 3])).dtype == policy.removeprefix("mixed_")
    assert trainer.critic(real).dtype == tf.float32
    terms = trainer.discriminator_objective(real, real, trainer.random_seed("d"))
    terms |= trainer.generator_objective(real, trainer.random_seed("g"))
    assert set(terms) == {"d_loss", "g_loss", "r1", "r2"}
    assert {term.dtype for term in terms.values()} == {tf.float32}
    matching = precision.make(policy, trainers.FeatureMatchingGAN)
    terms = matching.generator_objective(real, matching.random_seed("g"))
    assert terms["g_loss"].dtype == tf.float32


def penalized(policy, size):
    """Returns a gradient penalty and its gradient by the weights of a scaled critic."""
    keras.utils.set_random_seed(3)
    with precision.policy(policy):
        stack = [keras.layers.Dense(32, "relu"), keras.layers.Dense(1)]
        critic = keras.Sequential([keras.Input((1000,)), *stack])
    critic.set_weights([size * weight for weight in critic.get_weights()])
    real = tf.random.stateless_normal([16, 1000], [0, 1])
    with tf.GradientTape() as tape:
        penalty = penalties.InterpolatedGradientPenalty()
        value = penalty(critic, real=real, fake=-real, seed=[0, 1])
        scaled = 2.0**15 * value
    gradient = tape.gradient(scaled, critic.trainable_variables[0]) / 2.0**15
    return value.numpy(), gradient.numpy()


def error_in_float16(size):
    """Returns the relative errors of the penalty and of its gradient."""
    expected, result = penalized("float32", size), penalized("mixed_float16", size)
    return [
        np.linalg.norm(b - a) / np.linalg.norm(a)
        for a, b in zip(expected, result, strict=True)
    ]


@pytest.mark.parametrize("size", [0.1, 1.0])
def test_gradient_penalty_of_a_float16_critic_follows_float32(size):
    assert max(error_in_float16(size)) < 2e-3


def test_gradients_by_the_input_that_float16_would_lose_are_kept(monkeypatch):
    kept = error_in_float16(3e-3)
    assert kept[0] < 1e-5 and kept[1] < 0.05
    monkeypatch.setattr(penalties._passes, "_SCALE", 1.0)
    assert error_in_float16(3e-3)[1] > 4.0 * kept[1]


def test_saved_trainers_continue_identically(tmp_path):
    trainer = precision.make("mixed_float16", ema_decay=0.9)
    saver = callbacks.Checkpoints(tmp_path / "checkpoints", every=100)
    trainer.fit(huge(2), verbose=0)
    trainer.fit(toy.endless(), steps_per_epoch=3, verbose=0, callbacks=[saver])
    trainer.save(tmp_path / "gan.keras")
    from_keras = keras.models.load_model(tmp_path / "gan.keras")
    from_checkpoint = precision.make("mixed_float16", ema_decay=0.9)
    callbacks.restore(from_checkpoint, tmp_path / "checkpoints")
    trainer.fit(toy.endless(), steps_per_epoch=2, verbose=0)
    for restored in (from_keras, from_checkpoint):
        assert kinds(restored) == [True, True]
        assert precision.skipped(restored) == [0, 2]
        restored.fit(toy.endless(), steps_per_epoch=2, verbose=0)
        toy.assert_equal_weights(trainer, restored)
    assert precision.scales(from_checkpoint) == precision.scales(trainer)
    if _compat.KERAS_3:  # Keras 2 leaves the scales out of `.keras` files.
        assert precision.scales(from_keras) == precision.scales(trainer)


def test_embeddings_gradients_count_too():
    rows = tf.IndexedSlices(tf.constant([[1.0, np.inf]]), tf.constant([2]), [5, 2])
    optimizer = LossScaleOptimizer(keras.optimizers.SGD())
    for gradients, expected in (
        ([None, rows], False),
        ([rows, tf.ones([2])], False),
        ([tf.ones([2]), None], True),
    ):
        result, is_finite = _skipping.unscaled(optimizer, gradients)
        assert bool(is_finite) == expected
        assert [g is None for g in result] == [g is None for g in gradients]
    assert _skipping.unscaled(keras.optimizers.SGD(), [rows]) == ([rows], True)


ON_TWO_REPLICAS = """
import json
import keras
import numpy as np
import tensorflow as tf
import trainers
from tests import replicas
from tests.trainers import precision

strategy = replicas.two_replicas()
rows = np.random.default_rng(0).normal(1.0, 2.0, (24, 2)).astype("float32")
rows[14] = 1e30  # In the second step, and the second replica.


def trained():
    keras.utils.set_random_seed(1)
    dense = keras.layers.Dense
    with precision.policy("mixed_float16"):
        generator = [keras.Input((3,)), dense(4, "relu"), dense(2)]
        discriminator = [keras.Input((2,)), dense(4, "relu"), dense(1)]
        trainer = trainers.LSGAN(
            keras.Sequential(generator), keras.Sequential(discriminator), ema_decay=0.5
        )
    trainer.compile(*(keras.optimizers.SGD(0.1) for _ in range(2)))
    dataset = tf.data.Dataset.from_tensor_slices(rows).batch(8, drop_remainder=True)
    logs = trainer.fit(dataset, shuffle=False, verbose=0).history
    networks = trainer.generator, trainer.discriminator, trainer.ema_generator
    weights = [w.numpy().tolist() for x in networks for w in x.weights]
    counts = [int(logs[name][-1]) for name in ("d_skipped", "g_skipped")]
    return counts, precision.scales(trainer), weights


with strategy.scope():
    two = trained()
print(json.dumps([trained(), two]))
"""


def test_an_overflow_on_one_replica_is_skipped_on_all():
    one, two = replicas.printed_by(ON_TWO_REPLICAS)
    assert one[0] == two[0] == [1, 0]
    assert one[1] == two[1] == [32768.0, 16384.0]
    for a, b in zip(one[2], two[2], strict=True):
        np.testing.assert_allclose(a, b, rtol=0.01, atol=1e-3)
