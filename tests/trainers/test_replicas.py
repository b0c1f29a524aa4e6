"""Complete runs on two replicas, in a separate process, against one replica."""

import types

import numpy as np
import pytest
import tensorflow as tf

from tests import replicas
from tests.conformance import test_layers
from tests.conformance import test_losses
from tests.conformance import test_penalties
from tests.trainers import replica_cases
from tests.trainers import toy
from trainers import _feeding

# Of values of order 1 in float32; the absolute part is for those that are near 0.
CLOSE = {"rtol": 1e-5, "atol": 1e-6}
EVERY_CASE = pytest.mark.parametrize("name", replica_cases.CASES)


@pytest.fixture(scope="module")
def results():
    script = "from tests.trainers import replica_run; replica_run.main({})"
    first, second = replicas.printed_by_each(script.format(0), script.format(1))
    return first | {"cases": first["cases"] | second["cases"]}


def assert_same_training(result, steps_per_execution=1):
    assert result["steps"] == replica_cases.STEPS
    (*each, epoch), logs_of_two = result["logs"]
    reported = [*each[steps_per_execution - 1 :: steps_per_execution], epoch]
    if replica_cases.STEPS % steps_per_execution:
        reported.insert(-1, each[-1])
    for one, two in zip(reported, logs_of_two, strict=True):
        assert one.keys() == two.keys()
        for name in one:
            np.testing.assert_allclose(two[name], one[name], **CLOSE, err_msg=name)
    for name, one, two in zip(result["names"], *result["state"], strict=True):
        np.testing.assert_allclose(two, one, **CLOSE, err_msg=name)


@EVERY_CASE
def test_two_replicas_learn_and_report_what_one_does(results, name):
    steps_per_execution = replica_cases.CASES[name].steps_per_execution
    assert_same_training(results["cases"][name], steps_per_execution)


@EVERY_CASE
def test_all_state_is_identical_on_both_replicas(results, name):
    case = results["cases"][name]
    pairs = zip(case["names"], case["equal"], strict=True)
    assert [variable for variable, is_equal in pairs if not is_equal] == []


def names(things):
    return {thing.__name__ for thing in things}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("trainers", names(toy.ALL)),
        ("losses", {name.partition(",")[0] for name in test_losses.ORACLES}),
        ("penalties", names(test_penalties.PUBLIC)),
        ("layers", names(test_layers.LAYERS) | {"BatchNormalization"}),
        ("options", set(toy.OPTIONS)),
    ],
)
def test_everything_public_is_in_some_case(results, kind, expected):
    cases = results["cases"].values()
    assert {name for case in cases for name in case["parts"][kind]} >= expected


def test_batch_normalization_that_is_not_synchronized_learns_something_else(results):
    """It shows, too, that the comparison can fail."""
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        assert_same_training(results["local"])


def test_data_that_are_distributed_already_are_taken_as_they_are(results):
    assert_same_training(results["distributed"])


def test_arrays_lose_a_last_batch_that_is_not_full(results):
    """Of 29 examples, two batches of 6 go into each step."""
    assert results["partial"]["steps on arrays"] == 2


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("may not be full", "drop_remainder=True.*Received: sizes=[None]"),
        ("odd", "a multiple of 2, .*Received: sizes=[7]"),
        ("lazy", "`every` must be 1 on.*Received: every=2 on 2 replicas"),
        ("xla", "on several replicas.*Received: jit_compile=True on 2 replicas"),
    ],
)
def test_what_is_not_the_same_training_is_refused(results, what, message):
    start, end = message.split(".*")
    assert start in results["partial"][what] and end in results["partial"][what]


def test_a_classifier_is_evaluated_on_all_examples(results):
    one, two = results["errors"]
    np.testing.assert_allclose(two, one, rtol=1e-6)
    assert one * 29 == pytest.approx(round(one * 29))


def batches_of(sizes):
    """Returns nested batches, with other sizes for images than for labeled images."""
    examples = tf.data.Dataset.from_tensor_slices(toy.points(24))
    images, labeled = (examples.batch(size, drop_remainder=True) for size in sizes)
    return tf.data.Dataset.zip((images, (labeled, labeled)))


def on_replicas(count):
    """Returns what is read of a trainer on several replicas."""
    return types.SimpleNamespace(num_replicas=count, micro_batches=1, packing=1)


@pytest.mark.parametrize("sizes", [(3, 6), (6, 3), (5, 5)])
def test_every_part_of_a_batch_must_be_divisible(sizes):
    dataset = batches_of(sizes)
    specs = dataset.element_spec
    _feeding._check_divisible(specs, on_replicas(1))
    received = [sizes[0], sizes[1], sizes[1]]
    with pytest.raises(ValueError, match=rf"Received: sizes=\{received}"):
        _feeding._check_divisible(specs, on_replicas(2))


def test_divisible_batches_are_taken():
    specs = batches_of((6, 12)).element_spec
    _feeding._check_divisible(specs, on_replicas(3))
