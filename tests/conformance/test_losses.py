"""Properties of every public loss."""

import inspect

import pytest
import tensorflow as tf

from tests.losses.oracles import ORACLES
from tfgan_tricks import losses

# Public names that are not losses: the interface, the codings, the look-up.
OTHERS = {
    "AdversarialLoss",
    "BINARY",
    "LeastSquaresCoding",
    "PEARSON",
    "config_of",
    "get",
}
COMBINATORS = {"relativistic", "relativistic_average"}
every_loss = pytest.mark.parametrize("name", ORACLES)


def test_every_public_loss_has_an_oracle_and_every_oracle_a_loss():
    public = {
        name
        for name, value in vars(losses).items()
        if name[0] != "_" and not inspect.ismodule(value)
    }
    bases = public - OTHERS - COMBINATORS
    oracles = {name.partition(",")[0] for name in ORACLES}
    combined = {f"{prefix}_{base}" for prefix in COMBINATORS for base in bases}
    assert OTHERS | COMBINATORS <= public
    assert oracles == bases | combined


@every_loss
def test_players_take_keywords_and_give_a_float32_scalar(name):
    loss = ORACLES[name].loss
    logits = {"real_logits": tf.ones([3, 1]), "fake_logits": tf.zeros([3, 1])}
    for player in (loss.discriminator, loss.generator):
        kinds = {p.kind for p in inspect.signature(player).parameters.values()}
        assert kinds == {inspect.Parameter.KEYWORD_ONLY}
        assert player(**logits).shape == ()
        assert player(**logits).dtype == tf.float32


@every_loss
def test_only_relativistic_generators_need_real_logits(name):
    loss = ORACLES[name].loss
    assert loss.generator_needs_real is ("relativistic" in name)
    if not loss.generator_needs_real:
        assert loss.generator(fake_logits=tf.zeros([3, 1])).shape == ()


@every_loss
def test_graph_equals_eager(name):
    loss = ORACLES[name].loss
    logits = {
        "real_logits": tf.constant([[1.5], [-0.5], [3.0]]),
        "fake_logits": tf.constant([[0.25], [-2.0], [1.0]]),
    }
    for player in (loss.discriminator, loss.generator):
        graph = tf.function(player)(**logits)
        tf.debugging.assert_near(graph, player(**logits), rtol=1e-6)
