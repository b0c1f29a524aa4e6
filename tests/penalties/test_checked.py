"""Requirements of a trainer on its penalties, and the errors that name them."""

import functools

import keras
import pytest
import tensorflow as tf

from tfgan_tricks import penalties
from tfgan_tricks.penalties._checked import checked


def mean_logit(critic, *, real, fake, seed):
    return tf.reduce_mean(critic(real))


def named(name, function=mean_logit):
    penalty = functools.partial(function)
    penalty.name = name
    return penalty


def without_seed(critic, *, real, fake):
    return 0.0


class Steeper(penalties.R1):
    """A second R1."""

    name = "steeper"


@pytest.mark.parametrize("kind", [list, tuple])
def test_penalties_of_all_kinds_are_taken_as_they_are(kind):
    good = [
        penalties.R1(),
        penalties.R2(),
        penalties.DraganPenalty(),
        penalties.InterpolatedGradientPenalty(),
        penalties.ZeroCenteredInterpolated(),
        Steeper(3.0),
        named("mine"),
        named("by_keywords", lambda *args, **kwargs: 0.0),
    ]
    result = checked(kind(good), taken=("d_loss", "g_loss"))
    assert isinstance(result, tuple)
    assert [id(one) for one in result] == [id(one) for one in good]
    assert checked(kind()) == ()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            penalties.R1(),
            r"`penalties` must be a list: penalties=\[R1\(...\)\]. Received: "
            r"penalties=R1\(weight=10.0, every=1\)$",
        ),
        (mean_logit, r"must be a list: penalties=\[function\(...\)\]"),
        (None, r"must be a list: penalties=\[\]. Received: penalties=None$"),
        ("r1", "must be a list.*Received: penalties='r1'$"),
        ({"r1": penalties.R1()}, "must be a list.*Received: penalties={'r1'"),
        (iter([penalties.R1()]), "must be a list.*Received: penalties=<list_iter"),
        ([lambda critic, *, real, fake, seed: 0.0], "a `name`.*penalty.name = 'my_p"),
        ([named("")], "callables with a `name`"),
        ([named(3)], "callables with a `name`"),
        ([keras.regularizers.L2(0.1)], r"called as `penalty\(critic, \*, real"),
        ([named("a", without_seed)], r"called as `penalty\(critic, \*, real, fake, s"),
        (["r1"], r"called as .*Received: penalties=\['r1'\]$"),
        ([None], r"called as .*Received: penalties=\[None\]$"),
        ([penalties.R1], r"not classes. Write penalties=\[R1\(\)\]"),
        (
            [penalties.HistoricalAverage([tf.Variable(1.0)], name="mine")],
            "Use `discriminator_history` or",
        ),
        (
            [penalties.R1(1.0), penalties.R2(), penalties.R1(2.0)],
            r"different names.*Received: penalties=\['r1', 'r2', 'r1'\]$",
        ),
        ([named("r1"), penalties.R1()], r"Received: penalties=\['r1', 'r1'\]$"),
        (
            [penalties.R2(), named("d_loss")],
            r"not use the name 'd_loss'.*Received: penalties=\['r2', 'd_loss'\]$",
        ),
    ],
)
def test_anything_else_is_refused_with_what_to_do(given, message):
    with pytest.raises(ValueError, match=message) as error:
        checked(given, taken=("d_loss", "g_loss"))
    assert "\n" not in str(error.value)
