"""Both networks' gradients from one pass, against a tape for each by hand."""

import collections

import keras
import numpy as np
import pytest
import tensorflow as tf

import trainers
from tests.trainers import dirac
from tests.trainers import replica_cases
from tests.trainers import toy
from tests.trainers.test_dirac import DEFAULT_PENALTIES
from tfgan_tricks import layers
from tfgan_tricks import losses
from tfgan_tricks import penalties
from tfgan_tricks import replica
from trainers._updates import fold

RATE = 1.0  # Changes of the weights are far above their rounding.
BOTH = {"schedule": "simultaneous", "discriminator_steps": 1}
REFUSED = {trainers.FeatureMatchingGAN, trainers.SemiSupervisedGAN}
ALLOWED = [cls for cls in toy.ALL if cls not in REFUSED]
REAL = toy.points(8)


def dense(units, activation=None, **options):
    """Returns a layer with weights of order 1, so that no gradient is small."""
    start = keras.initializers.RandomNormal(stddev=0.7, seed=units)
    return keras.layers.Dense(
        units, activation, kernel_initializer=start, bias_initializer=start, **options
    )


def generator():
    norm = keras.layers.BatchNormalization()
    return keras.Sequential([keras.Input((3,)), dense(5, "tanh"), norm, dense(2)])


def critic(*middle, last=None):
    stack = [dense(4, "tanh"), *middle, last or dense(1)]
    return keras.Sequential([keras.Input((2,)), *stack])


def made(cls, discriminator, more=BOTH, **arguments):
    trainer = cls(generator(), discriminator, **{**more, **arguments})
    pair = [keras.optimizers.SGD(RATE) for _ in range(2)]
    trainer.compile(*pair, run_eagerly=True)
    return trainer


def latents_of(trainer, tag="discriminator 0"):
    seed = fold(trainer.random_seed(tag), 0)
    return replica.stateless_normal([len(REAL), 3], seed)


def outputs(network, x):
    return network(x, training=True)


def descent(network, loss):
    """Returns the gradient of a loss, by a tape of its own."""
    with tf.GradientTape() as tape:
        value = loss()
    return tape.gradient(value, network.trainable_variables), value


def apply(network, gradients):
    for variable, gradient in zip(network.trainable_variables, gradients, strict=True):
        variable.assign(variable - RATE * gradient)


def by_hand(trainer, of_discriminator=None, of_generator=None, own=lambda fake: 0.0):
    """Updates both networks by two tapes at the same weights; returns the losses."""
    loss = trainer.adversarial_loss
    of_discriminator = of_discriminator or loss.discriminator
    of_generator = of_generator or loss.generator
    g, d = trainer.generator, trainer.discriminator
    z = latents_of(trainer)

    def logits(fake):
        return {"real_logits": outputs(d, REAL), "fake_logits": outputs(d, fake)}

    def d_loss():
        fake = tf.stop_gradient(outputs(g, z))
        return of_discriminator(**logits(fake)) + own(fake)

    def g_loss():
        return of_generator(**logits(outputs(g, z)))

    both = descent(d, d_loss), descent(g, g_loss)
    for network, (gradients, _) in zip((d, g), both, strict=True):
        apply(network, gradients)
    return [float(value) for _, value in both]


def weights(trainer):
    networks = trainer.discriminator, trainer.generator
    return [v.numpy() for network in networks for v in network.trainable_variables]


def assert_same(trainer, expected, before, **tolerance):
    """Compares the changes, relative to the greatest of each weight."""
    tolerance = tolerance or {"rtol": 1e-5, "atol": 2e-5}
    for one, other, start in zip(
        weights(trainer), weights(expected), before, strict=True
    ):
        assert np.all(np.isfinite(one))
        scale = max(np.abs(other - start).max(), 1e-6)
        change, told = (one - start) / scale, (other - start) / scale
        np.testing.assert_allclose(change, told, **tolerance)


def compared(make, **hand):
    """Compares a trainer after one step with another one by hand; returns its logs."""
    trainer, expected = make(), make()
    before = weights(trainer)
    logs = trainer.fit(REAL, batch_size=8, shuffle=False, verbose=0).history
    told = by_hand(expected, **hand)
    assert_same(trainer, expected, before)
    assert any(np.any(a != b) for a, b in zip(weights(trainer), before, strict=True))
    return {name: value[0] for name, value in logs.items()}, told


@pytest.mark.parametrize(
    ("cls", "mode"),
    [
        *((cls, {"run_eagerly": True}) for cls in ALLOWED),
        (trainers.NonSaturatingGAN, {"jit_compile": True}),
    ],
)
def test_every_trainer_follows_its_recursion(cls, mode):
    clip = {"clip": 0.9} if cls is trainers.WGAN else {}
    trainer = dirac.make(cls, **BOTH, **clip)
    pair = [keras.optimizers.SGD(dirac.LEARNING_RATE) for _ in range(2)]
    trainer.compile(*pair, **mode)
    assert trainer.batches_per_step == 1
    game = {"used_penalties": DEFAULT_PENALTIES.get(cls, ()), **clip}
    expected = dirac.recursion(cls, 3, 1, simultaneous=True, **game)
    np.testing.assert_allclose(dirac.train(trainer, 3), expected, rtol=1e-5)
    one_after_the_other = dirac.recursion(cls, 3, 1, **game)
    assert np.any(np.abs(expected - one_after_the_other) > 1e-3)


LOSSES = {
    trainers.MinimaxGAN: {"real_label": 0.9},
    trainers.NonSaturatingGAN: {"real_label": 0.8},
    trainers.LSGAN: {"a": -1.0, "c": 0.5},
    trainers.WGAN: {"clip": 1e6},
    trainers.HingeGAN: {},
    trainers.RelativisticGAN: {"base": losses.minimax(0.7)},
    trainers.RelativisticAverageGAN: {"base": "hinge"},
    trainers.R3GAN: {"penalties": []},
    trainers.WGANGP: {"penalties": []},
}


@pytest.mark.parametrize("scale", [1.0, 60.0, 1500.0])
@pytest.mark.parametrize("cls", LOSSES, ids=lambda cls: cls.__name__)
def test_gradients_are_those_of_two_tapes_at_any_logits(cls, scale):
    def make():
        discriminator = critic()
        kernel = discriminator.trainable_variables[-2]
        kernel.assign(scale * tf.convert_to_tensor(kernel))
        return made(cls, discriminator, **LOSSES[cls])

    logs, told = compared(make)
    np.testing.assert_allclose([logs["d_loss"], logs["g_loss"]], told, rtol=1e-5)


def test_every_loss_is_compared_on_both_sides_of_all_margins():
    assert set(LOSSES) == set(ALLOWED)
    latents = latents_of(made(trainers.LSGAN, critic()))
    logits = outputs(critic(), outputs(generator(), latents)).numpy()
    assert np.min(60.0 * logits) < -1.0 and np.max(60.0 * logits) > 1.0
    assert np.min(1500.0 * logits) < -500.0 and np.max(1500.0 * logits) > 500.0


@pytest.mark.parametrize("start", ["zeros", "ones"])
def test_slopes_of_zero_are_not_divided_by(start):
    """A logit of 0 is what LSGAN's discriminator wants of a fake image."""

    def make():
        last = keras.layers.Dense(1, kernel_initializer=start)
        return made(trainers.LSGAN, critic(last=last))

    compared(make)


def patches():
    stack = keras.Sequential([dense(3), keras.layers.Reshape((3, 1, 1))])
    return critic(last=stack)


def scales():
    points = keras.Input((2,))
    several = keras.layers.Reshape((3, 1, 1))(dense(3)(points))
    return keras.Model(points, [dense(1)(dense(4, "tanh")(points)), several])


@pytest.mark.parametrize("cls", [trainers.NonSaturatingGAN, trainers.R3GAN])
def test_patches_and_several_outputs_have_more_than_one_slope(cls):
    more = {"penalties": []}
    compared(lambda: made(cls, patches(), **more))

    def summed(function):
        def over_both(real_logits, fake_logits):
            pairs = zip(real_logits, fake_logits, strict=True)
            return sum(function(real_logits=r, fake_logits=f) for r, f in pairs)

        return over_both

    loss = made(cls, scales(), **more).adversarial_loss
    compared(
        lambda: made(cls, scales(), **more),
        of_discriminator=summed(loss.discriminator),
        of_generator=summed(loss.generator),
    )


def squares(critic, *, real, fake, seed):
    """Penalizes as a user might, without stopping the gradient to the fake images."""
    return 0.1 * tf.reduce_mean(critic(fake) ** 2)


squares.name = "squares"


@pytest.mark.parametrize("adds", [False, True])
def test_penalties_and_own_losses_reach_the_discriminator_only(adds):
    """`Adding` takes the mean of its inputs' fourth powers, times 0.3."""
    regularizer = keras.regularizers.L2(0.2)

    def make():
        middle = [replica_cases.Adding()] * adds
        last = dense(1, kernel_regularizer=regularizer)
        return made(
            trainers.NonSaturatingGAN,
            critic(*middle, last=last),
            penalties=[penalties.R1(0.4), penalties.R2(0.3), squares],
            discriminator_history=0.5,
            generator_history=0.5,
        )

    expected = make()

    def norms(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            logits = outputs(expected.discriminator, x)
        return tf.reduce_sum(tape.gradient(logits, x) ** 2) / len(REAL)

    def own(fake):
        first, *_, last = expected.discriminator.layers
        added = [tf.reduce_mean(first(x) ** 4) for x in (REAL, fake)]
        squared = squares(expected.discriminator, real=REAL, fake=fake, seed=None)
        total = 0.2 * tf.reduce_sum(last.kernel**2) + 0.3 * adds * tf.add_n(added)
        total += 0.2 * norms(tf.constant(REAL)) + 0.15 * norms(fake)
        return total + squared

    trainer = make()
    before = weights(trainer)
    logs = trainer.fit(REAL, batch_size=8, shuffle=False, verbose=0).history
    told, _ = by_hand(expected, own=own)
    assert_same(trainer, expected, before)
    parts = [logs[name][0] for name in ("d_loss", "d_losses", "r1", "r2", "squares")]
    np.testing.assert_allclose(sum(parts), told, rtol=1e-5)
    assert logs.keys() == {
        *("d_loss", "g_loss", "d_losses", "r1", "r2", "squares"),
        *("d_history", "g_history"),
    }


def pictures(schedule, *used):
    """Returns a trainer whose discriminator alone has convolutions."""
    small = [keras.Input((3,)), dense(32), keras.layers.Reshape((4, 4, 2))]
    conv = keras.layers.Conv2D(3, 3, activation="tanh")
    judge = [keras.Input((4, 4, 2)), conv, keras.layers.Flatten(), dense(1)]
    networks = keras.Sequential(small), keras.Sequential(judge)
    trainer = trainers.R3GAN(*networks, penalties=used, schedule=schedule)
    trainer.compile("sgd", "sgd")
    return trainer


def counts(trainer):
    """Counts the operations of a step whose results are used, by type."""
    spec = tf.TensorSpec((8 * trainer.batches_per_step, 4, 4, 2))
    step = tf.function(trainer.train_step, autograph=False)
    return used(step.get_concrete_function(spec).graph)


def used(graph):
    """Counts the operations of a graph whose results are used, by type.

    TensorFlow creates gradients that nobody asked for, and removes them before it runs.
    """
    found = {}
    pending = [each.op for each in graph.outputs] + list(graph.control_outputs)
    while pending:
        operation = pending.pop()
        if operation.name not in found:
            found[operation.name] = operation.type
            pending += [each.op for each in operation.inputs]
            pending += operation.control_inputs
    return collections.Counter(found.values())


def test_each_network_runs_once_forth_and_once_back():
    found = counts(pictures("simultaneous"))
    # Of real and of fake images; only the fake images need a gradient.
    assert found["Conv2D"] == found["Conv2DBackpropFilter"] == 2
    assert found["Conv2DBackpropInput"] == 1
    # The discriminator's last layer, forth, back and to its kernel; the generator's.
    assert found["MatMul"] == 3 * 2 + 2
    alternating = counts(pictures("alternating"))
    assert alternating["Conv2D"] == 4
    assert alternating["MatMul"] > found["MatMul"]


def test_a_lazy_penalty_costs_nothing_in_other_steps():
    plain = counts(pictures("simultaneous"))
    lazy = counts(pictures("simultaneous", penalties.R1(every=4)))
    always = counts(pictures("simultaneous", penalties.R1()))
    for name in ("Conv2D", "Conv2DBackpropFilter", "Conv2DBackpropInput", "MatMul"):
        assert lazy[name] == plain[name] < always[name]


def test_state_moves_once_and_compiled_is_eager():
    def make(run_eagerly):
        keras.utils.set_random_seed(1)
        spectral = layers.SpectralNormalization
        networks = [
            keras.Sequential([keras.Input((3,)), spectral(dense(5)), dense(2)]),
            critic(spectral(dense(4, "tanh"))),
        ]
        trainer = trainers.R3GAN(*networks, ema_decay=0.5, **BOTH)
        trainer.compile("sgd", "sgd", run_eagerly=run_eagerly)
        for network in networks:
            layer = network.layers[1 if network is networks[1] else 0]
            layer.u.assign(np.eye(1, layer.u.shape[-1]))
        return trainer

    def moved(layer):
        kernel, u = layer.layer.kernel.numpy(), np.eye(layer.u.shape[-1])[0]
        u = kernel.T @ (kernel @ u)
        return u / np.linalg.norm(u)

    eager, compiled = make(run_eagerly=True), make(run_eagerly=False)
    spectral = eager.generator.layers[0], eager.discriminator.layers[1]
    expected = [moved(layer) for layer in spectral]
    eager.fit(REAL, batch_size=8, shuffle=False, verbose=0)
    for layer, u in zip(spectral, expected, strict=True):
        np.testing.assert_allclose(np.ravel(layer.u), u, rtol=1e-5, atol=1e-6)
    compiled.fit(REAL, batch_size=8, shuffle=False, verbose=0)
    toy.assert_equal_weights(eager, compiled, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "options",
    [BOTH, {"reuse_fake_batch": True}],
    ids=lambda options: next(iter(options)),
)
def test_a_trainer_continues_from_its_file(tmp_path, options):
    trainer = toy.make(trainers.R3GAN, {"run_eagerly": True}, ema_decay=0.5, **options)
    trainer.fit(toy.endless(), steps_per_epoch=2, verbose=0)
    trainer.save(tmp_path / "gan.keras")
    restored = keras.models.load_model(tmp_path / "gan.keras")
    for name, value in options.items():
        assert getattr(restored, name) == value
    for each in (trainer, restored):
        each.fit(toy.endless(), steps_per_epoch=2, verbose=0)
    toy.assert_equal_weights(trainer, restored)


def mixing(layer):
    return lambda: made(trainers.LSGAN, critic(layer))


def half(**options):
    with_policy = keras.layers.Dense(3, dtype="mixed_float16")
    return lambda: made(trainers.LSGAN, critic(with_policy), more=options)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: toy.make(trainers.LSGAN, schedule="both"), "schedule='both'"),
        (lambda: toy.make(trainers.LSGAN, **BOTH | {"discriminator_steps": 2}), "=2"),
        (lambda: toy.make(trainers.LSGAN, **BOTH, joint_batch=True), "joint_batch=Tr"),
        (
            lambda: toy.make(trainers.LSGAN, **BOTH, reuse_real_batch=True),
            "reuse_real_batch=True",
        ),
        (
            lambda: toy.make(trainers.LSGAN, **BOTH, reuse_fake_batch=True),
            "reuse_fake_batch=True",
        ),
        (lambda: toy.make(trainers.FeatureMatchingGAN, **BOTH), "schedule='simult"),
        (lambda: toy.make(trainers.SemiSupervisedGAN, **BOTH), "schedule='simult"),
        (mixing(keras.layers.BatchNormalization(name="a")), r"a \(BatchNorm"),
        (mixing(layers.MinibatchDiscrimination(2, 2, name="b")), r"b \(Minibatch"),
        (mixing(layers.JointMinibatchDiscrimination(2, 2, name="c")), r"c \(JointM"),
        (mixing(layers.MinibatchStdDev(name="d")), r"d \(MinibatchStdDev\)"),
        (half(**BOTH), "schedule='simultaneous' with float16"),
        (half(reuse_fake_batch=True), "reuse_fake_batch=True with float16"),
    ],
)
def test_what_cannot_be_shared_is_refused(make, message):
    with pytest.raises(ValueError, match=f"must.*Received: .*{message}"):
        make()


def test_batch_normalization_may_be_frozen_and_must_stay_so():
    norm = keras.layers.BatchNormalization(trainable=False)
    trainer = made(trainers.LSGAN, critic(norm))
    trainer.fit(REAL, batch_size=8, verbose=0)
    norm.trainable = True
    trainer.compile("sgd", "sgd", run_eagerly=True)
    with pytest.raises(ValueError, match="independently"):
        trainer.fit(REAL, batch_size=8, verbose=0)


def features(network, x):
    return network.layers[0](x)


REUSING = {
    trainers.NonSaturatingGAN: {},
    trainers.RelativisticGAN: {},
    trainers.FeatureMatchingGAN: {"features": "features"},
}


@pytest.mark.parametrize("cls", REUSING, ids=lambda cls: cls.__name__)
def test_the_generator_learns_from_the_discriminator_s_last_fake_batch(cls):
    def make():
        first = dense(4, "tanh", name="features")
        discriminator = keras.Sequential([keras.Input((2,)), first, dense(1)])
        options = {"reuse_fake_batch": True, "discriminator_steps": 2}
        return made(cls, discriminator, options, **REUSING[cls])

    trainer, expected = make(), make()
    real = toy.points(8 * trainer.batches_per_step)
    seen = toy.spied(trainer)
    before = weights(trainer)
    trainer.fit(real, batch_size=8, shuffle=False, verbose=0)
    g, d = expected.generator, expected.discriminator
    loss, batches = expected.adversarial_loss, np.split(real, len(real) // 8)
    latents = [latents_of(expected, f"discriminator {index}") for index in range(2)]
    for x, z in zip(batches[:2], latents, strict=True):
        fake = outputs(g, z)
        gradients, _ = descent(
            d,
            lambda x=x, fake=fake: loss.discriminator(
                real_logits=outputs(d, x), fake_logits=outputs(d, fake)
            ),
        )
        apply(d, gradients)

    def g_loss():
        fake, x = outputs(g, latents[-1]), batches[-1]
        if cls is trainers.FeatureMatchingGAN:
            means = [tf.reduce_mean(features(d, each), axis=0) for each in (x, fake)]
            return tf.reduce_sum((means[0] - means[1]) ** 2)
        real_logits = outputs(d, x) if loss.generator_needs_real else None
        return loss.generator(fake_logits=outputs(d, fake), real_logits=real_logits)

    apply(g, descent(g, g_loss)[0])
    assert_same(trainer, expected, before)
    np.testing.assert_array_equal(seen, latents)
