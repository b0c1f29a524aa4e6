"""Data as users bring them: each counts in full, or is refused in one line."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import trainers
from tests.trainers import toy
from tests.trainers.test_fit import Spied
from tests.trainers.test_networks_of_users import LABEL_INPUTS
from tfgan_tricks import _compat
from tfgan_tricks import data


def seeing(**options):
    """Returns a trainer that keeps the real batches of its updates."""
    trainer = toy.make(Spied, {"run_eagerly": True}, **options)
    trainer.seen = []
    return trainer


def rows(count):
    """Returns points that are told apart by their first number."""
    return np.stack([np.arange(count), np.ones(count)], axis=1).astype("float32")


# Keras 2 refuses several steps in an execution where the length is unknown.
LOOPS = [{}, {"steps_per_execution": 3}] if _compat.KERAS_3 else [{}]


def batched(points, size=8):
    return tf.data.Dataset.from_tensor_slices(points).batch(size)


def firsts(batches):
    return np.concatenate(batches)[:, 0].tolist()


@pytest.mark.parametrize("cls", [trainers.NonSaturatingGAN, trainers.RelativisticGAN])
@pytest.mark.parametrize("compile_options", LOOPS)
def test_no_part_of_a_step_runs_without_data(cls, compile_options):
    """An unknown length ends an epoch by running out of data."""
    known, unknown = (
        toy.make(cls, compile_options, ema_decay=0.5, generator_history=0.1)
        for _ in range(2)
    )
    points = batched(toy.points(96))
    history = known.fit(points, epochs=3, verbose=0).history
    same = unknown.fit(points.filter(lambda x: True), epochs=3, verbose=0).history
    steps = 3 * 12 // known.batches_per_step
    for trainer in (known, unknown):
        assert int(trainer.step.numpy()) == steps
        assert int(trainer.generator_optimizer.iterations.numpy()) == steps
        assert int(trainer.generator_history.count.numpy()) == steps
    assert history.keys() == same.keys()
    for name in history:
        np.testing.assert_allclose(same[name], history[name], rtol=1e-6)
    toy.assert_equal_weights(known, unknown, rtol=1e-6)


def test_every_batch_is_used_whatever_its_size():
    sizes = [8, 64, 64, 3]
    points = rows(sum(sizes))
    parts = np.split(points, np.cumsum(sizes)[:-1])
    dataset = tf.data.Dataset.from_generator(
        lambda: iter(parts), output_signature=tf.TensorSpec([None, 2])
    )
    trainer = seeing()
    trainer.fit(dataset, verbose=0)
    assert [len(batch) for batch in trainer.seen] == sizes
    assert firsts(trainer.seen) == list(range(sum(sizes)))


def test_short_batches_of_a_repeated_dataset_count():
    trainer = seeing()
    dataset = batched(rows(20)).repeat()
    trainer.fit(dataset, epochs=2, steps_per_epoch=3, verbose=0)
    assert [len(batch) for batch in trainer.seen] == 4 * [8, 8, 4]


def test_what_an_epoch_leaves_over_comes_first_in_the_next():
    """Nine batches, of which a step takes five."""
    trainer = seeing(discriminator_steps=4)
    trainer.fit(batched(rows(72)), epochs=9, verbose=0)
    assert int(trainer.step.numpy()) == 9
    assert firsts(trainer.seen) == 5 * list(range(72))


def test_a_generator_is_started_once_an_epoch_and_loses_no_batch():
    starts = []

    def generate():
        starts.append(len(starts))
        yield from np.split(rows(32), 4)

    dataset = tf.data.Dataset.from_generator(
        generate, output_signature=tf.TensorSpec([None, 2])
    )
    trainer = seeing()
    trainer.fit(dataset, epochs=3, verbose=0)
    assert len(starts) == 3
    assert firsts(trainer.seen) == 3 * list(range(32))


class Series(keras.Model):
    """Makes series of five points."""

    def __init__(self):
        super().__init__()
        self.points = keras.layers.Dense(10)
        self.series = keras.layers.Reshape((5, 2))

    def call(self, inputs):
        return self.series(self.points(inputs))


def test_padded_batches_may_differ_in_length():
    lengths = [3, 9, 4, 7, 5, 6, 2, 8]
    series = [np.full([length, 2], length, "float32") for length in lengths]
    dataset = tf.data.Dataset.from_generator(
        lambda: iter(series), output_signature=tf.TensorSpec([None, 2])
    ).padded_batch(2)
    discriminator = keras.Sequential(
        [
            keras.layers.InputLayer((None, 2)),
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dense(1),
        ]
    )
    generator = Series()
    generator(tf.zeros([1, 3]))
    trainer = trainers.WGAN(generator, discriminator, discriminator_steps=2)
    trainer.compile()
    trainer.fit(dataset, verbose=0)
    assert int(trainer.step.numpy()) == 2


@pytest.mark.parametrize("kind", ["array", "PyDataset"])
def test_calls_of_fit_continue_as_epochs_do(kind):
    class Indexed(_compat.PyDataset):
        def __len__(self):
            return 9

        def __getitem__(self, index):
            return rows(72)[8 * index : 8 * index + 8]

    def points():
        return rows(72) if kind == "array" else Indexed()

    size = 8 if kind == "array" else None
    one, other = seeing(), seeing()
    for _ in range(3):
        one.fit(points(), batch_size=size, verbose=0)
    other.fit(points(), batch_size=size, epochs=3, verbose=0)
    assert firsts(one.seen) == firsts(other.seen)
    epochs = np.array(firsts(one.seen)).reshape(3, 64)
    assert all(len(set(epoch)) == 64 for epoch in epochs[:1])
    assert np.any(epochs[0] != epochs[1]) and np.any(epochs[1] != epochs[2])
    assert sorted(firsts(one.seen)[:72]) == list(range(72))


def test_a_step_on_one_batch_is_a_step_of_fit():
    one, other = (toy.make(trainers.RelativisticGAN) for _ in range(2))
    logs = one.train_on_batch(toy.points(16), return_dict=True)
    history = other.fit(toy.points(16), batch_size=8, shuffle=False, verbose=0).history
    assert logs == pytest.approx({name: values[0] for name, values in history.items()})
    toy.assert_equal_weights(one, other, rtol=1e-6)
    assert one.train_on_batch(toy.points(16)) != list(logs.values())


def with_labels(*labels, as_dataset):
    trainer = trainers.NonSaturatingGAN(*(LABEL_INPUTS["()"](*s) for s in SIZES))
    trainer.compile()
    arrays = (toy.points(16), *labels)
    if as_dataset:
        trainer.fit(batched(arrays if labels else arrays[0]), verbose=0)
    else:
        trainer.fit(*arrays, verbose=0)


SIZES = ((4, 2), (2, 1))
COUNT = np.arange(16)


@pytest.mark.parametrize("as_dataset", [False, True], ids=["array", "dataset"])
@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([1 + COUNT % 3], "from 0 to 2.*Received: labels from 1 to 3"),
        ([COUNT % 3 - 1], "Received: labels from -1 to 1"),
        ([COUNT % 3 + 0.5], "Received: labels from 0.5 to 2.5"),
        ([COUNT % 3 / 2.0], "integers.*Received: labels from 0.* to 1"),
        ([np.array(list("abcd" * 4))], "np.unique"),
        ([np.zeros([16, 5], "float32")], r"3 columns.*\(None, 5\)"),
        ([], "pairs `.images, labels.`.*Received: images only"),
    ],
)
def test_what_is_not_a_label_is_refused(labels, message, as_dataset):
    with pytest.raises(ValueError, match=message) as caught:
        with_labels(*labels, as_dataset=as_dataset)
    assert "\n" not in str(caught.value)


def test_as_many_labels_as_images():
    with pytest.raises(ValueError, match="Received: 12 labels for 16 images"):
        with_labels(COUNT[:12] % 3, as_dataset=False)


def fit(x, *args, cls=trainers.RelativisticGAN, options=None, **kwargs):
    toy.make(cls, **(options or {})).fit(x, *args, verbose=0, **kwargs)


P = toy.points(32)
IN_BATCHES = batched(P)
BYTES = P.astype("uint8")


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: fit(IN_BATCHES.repeat()), "`steps_per_epoch` must be given.*=None"),
        (lambda: fit(data.batches(P, 8)), "`steps_per_epoch` must be given.*=None"),
        (lambda: fit(P, batch_size=0), "Received: batch_size=0"),
        (lambda: fit(P, batch_size=2.5), "Received: batch_size=2.5"),
        (lambda: fit(IN_BATCHES, P), "`y` must be None.*Received: y="),
        (lambda: fit(IN_BATCHES, batch_size=8), "`batch_size` must be None.*=8"),
        (lambda: fit(IN_BATCHES.map(lambda x: (x, x, x))), "Received: .* 3 parts"),
        (lambda: fit(IN_BATCHES.map(lambda x: (x, (x, x)))), "not nested"),
        (lambda: fit(IN_BATCHES.map(lambda x: {"img": x})), "'image'.*keys 'img'"),
        (lambda: fit(IN_BATCHES.unbatch()), r"batch\(batch_size\).*shape \(2,\)"),
        (lambda: fit(P[:, :1]), r"shape \(2,\).*Received.*\(None, 1\)"),
        (lambda: fit([P, P]), "np.concatenate.*Received.*builtins.list"),
        (lambda: fit((P, P)), "np.concatenate.*Received.*builtins.tuple"),
        (lambda: fit(lambda: iter([P])), "from_generator.*Received.*function"),
        (lambda: fit(p for p in [P]), "from_generator.*Received.*generator"),
        (lambda: fit(None), "Received: x=None"),
        (lambda: fit(P[:0]), r"at least one example.*shape=\(0, 2\)"),
        (lambda: fit(IN_BATCHES.take(0)), "2 batches.*Received: 0 batches"),
        (lambda: fit(IN_BATCHES.take(1)), "2 batches.*Received: 1 batches"),
        (
            lambda: fit(IN_BATCHES.take(1).filter(lambda x: True)),
            "2 batches.*Received",
        ),
        (lambda: fit(tf.sparse.from_dense(P)), "Received.*SparseTensor"),
        (
            lambda: fit(batched(tf.sparse.from_dense(P))),
            "dense.*Received: SparseTensorSpec",
        ),
        (lambda: fit(np.array([["a", "b"]])), "numbers.*Received: x of dtype <U1"),
        (lambda: fit(P > 0), "numbers.*Received: images of dtype bool"),
        (lambda: fit(BYTES, options={"joint_batch": True}), "joint_batch.*uint8"),
        (lambda: fit(P, validation_data=P), "`validation_data` must be None"),
        (lambda: fit(P, validation_split=0.5), "`validation_split` is unsupported"),
        (lambda: fit(P, class_weight={0: 1.0}), "`class_weight` is unsupported"),
        (lambda: fit(P, sample_weight=P), "`sample_weight` is unsupported"),
        (lambda: toy.make(trainers.LSGAN).evaluate(P), "nothing to evaluate"),
        (lambda: toy.make(trainers.LSGAN).test_on_batch(P), "nothing to evaluate"),
        (
            lambda: toy.make(trainers.RelativisticGAN).train_on_batch(P[:7]),
            "2 batches.*Received: 7 examples",
        ),
        (
            lambda: toy.make(trainers.LSGAN).train_on_batch(P, sample_weight=P),
            "`sample_weight` is unsupported",
        ),
        (
            lambda: fit(P, cls=trainers.SemiSupervisedGAN),
            "labeled_images.*semi_supervised_batches.*Received",
        ),
        (
            lambda: fit(
                IN_BATCHES.map(lambda x: (x, x)), cls=trainers.SemiSupervisedGAN
            ),
            "labeled_images.*Received",
        ),
    ],
)
def test_refused_in_one_line(act, message):
    with pytest.raises(ValueError, match=message) as caught:
        act()
    assert "\n" not in str(caught.value)


def test_arguments_have_the_order_of_keras():
    trainer = toy.make(trainers.LSGAN)
    assert len(trainer.fit(P, None, 16, 3, 0).epoch) == 3
    assert int(trainer.step.numpy()) == 6


@pytest.mark.parametrize(
    "wrong",
    [{"optimizer": "adam"}, {"loss": "mse"}, {"metrics": ["mae"]}, {"loss_weights": 2}],
)
def test_arguments_of_compile_without_a_meaning_are_refused(wrong):
    trainer = toy.make(trainers.LSGAN)
    before = trainer.generator_optimizer
    (name,) = wrong
    with pytest.raises(ValueError, match=f"generator_optimizer.*Received: {name}="):
        trainer.compile(**wrong)
    assert trainer.generator_optimizer is before


def uncompiled():
    return trainers.LSGAN(*toy.networks(), ema_decay=0.5)


def test_a_trainer_is_saved_before_it_is_compiled(tmp_path):
    trainer = uncompiled()
    trainer.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    toy.assert_equal_weights(loaded, trainer)
    assert loaded.generator_optimizer is None
    assert '"ema_decay": 0.5' in trainer.to_json()
    with pytest.raises(ValueError, match="`compile` must be called before `fit`"):
        loaded.fit(P)
    loaded.compile()
    loaded.fit(P, verbose=0)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda gan: gan.save("gan.h5"), ValueError, "end in .keras.*'gan.h5'"),
        (lambda gan: gan.save("folder"), ValueError, "end in .keras.*'folder'"),
        (lambda gan: gan.export("out"), NotImplementedError, "export.save"),
    ],
)
def test_files_that_would_lose_something_are_refused(act, error, message):
    with pytest.raises(error, match=message):
        act(uncompiled())
