"""The contexts that say how often a layer may update its state."""

import threading

import keras
import pytest

from tfgan_tricks import layers

ONE, OTHER = object(), object()


def test_outside_the_contexts_every_claim_succeeds():
    assert [layers.claim_update(ONE) for _ in range(3)] == [True, True, True]


def test_updates_once_lets_each_layer_update_in_its_first_call():
    with layers.updates_once():
        answers = [layers.claim_update(x) for x in (ONE, OTHER, ONE, OTHER)]
    assert answers == [True, True, False, False]


def test_each_updates_once_starts_again():
    for _ in range(2):
        with layers.updates_once():
            assert layers.claim_update(ONE)


def test_updates_once_of_a_network_lets_only_its_layers_update():
    inner, other = keras.layers.Dense(1), keras.layers.Dense(1)
    network = keras.Sequential([keras.Sequential([inner])])
    with layers.updates_once(network):
        answers = [layers.claim_update(x) for x in (inner, inner, other)]
    assert answers == [True, False, False]


def test_updates_never_lets_no_layer_update():
    with layers.updates_never():
        assert not layers.claim_update(ONE)


def test_the_inner_context_rules_and_the_outer_one_comes_back():
    with layers.updates_once():
        with layers.updates_never():
            assert not layers.claim_update(ONE)
        assert layers.claim_update(ONE)
        assert not layers.claim_update(ONE)
    assert layers.claim_update(ONE)


def test_a_context_ends_with_an_exception():
    with pytest.raises(KeyError):
        with layers.updates_never():
            raise KeyError
    assert layers.claim_update(ONE)


def test_a_context_does_not_reach_other_threads():
    answers = []
    with layers.updates_never():
        thread = threading.Thread(
            target=lambda: answers.append(layers.claim_update(ONE))
        )
        thread.start()
        thread.join()
    assert answers == [True]
