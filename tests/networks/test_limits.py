"""Networks too large to be made are refused before memory is asked for."""

import re

import keras
import numpy as np
import pytest

from tfgan_tricks import _limits
from tfgan_tricks import networks

HUGE = [10**9, 2**63 - 1, 2**64, 10**400]


def by_width(make, **kwargs):
    return lambda width: make(16, width=width, **kwargs)


CASES = {
    "conv_weight_norm_generator": lambda n: networks.conv_weight_norm_generator(
        latent_dim=n
    ),
    "conv_weight_norm_classifier": lambda n: networks.conv_weight_norm_classifier(
        num_classes=n
    ),
    "conv_weight_norm_classifier width": lambda n: networks.conv_weight_norm_classifier(
        width=n
    ),
    "dcgan_generator width": by_width(networks.dcgan_generator),
    "dcgan_generator by class": by_width(networks.dcgan_generator, num_classes=3),
    "dcgan_generator latents": lambda n: networks.dcgan_generator(8, latent_dim=n),
    "dcgan_generator classes": lambda n: networks.dcgan_generator(8, num_classes=n),
    "dcgan_generator label": lambda n: networks.dcgan_generator(
        8, num_classes=2, label_dim=n
    ),
    "dcgan_generator reference": lambda n: networks.dcgan_generator(
        8, normalization="virtual", reference_size=n
    ),
    "dcgan_discriminator width": by_width(networks.dcgan_discriminator),
    "dcgan_discriminator channels": lambda n: networks.dcgan_discriminator(8, n),
    "dcgan_discriminator classes": lambda n: networks.dcgan_discriminator(
        8, num_classes=n
    ),
    "dcgan_discriminator label": lambda n: networks.dcgan_discriminator(
        8, num_classes=2, label_dim=n
    ),
    "mlp_generator latents": lambda n: networks.mlp_generator((2,), latent_dim=n),
    "mlp_generator hidden": lambda n: networks.mlp_generator((2,), hidden=(3, n)),
    "mlp_generator shape": lambda n: networks.mlp_generator((n, 2, 1)),
    "mlp_discriminator hidden": lambda n: networks.mlp_discriminator((2,), (n, 3)),
    "mlp_discriminator shape": lambda n: networks.mlp_discriminator((n, 2)),
    "lsgan_character_generator": lambda n: networks.lsgan_character_generator(n),
    "lsgan_character_generator latents": lambda n: networks.lsgan_character_generator(
        2, latent_dim=n
    ),
    "lsgan_character_discriminator": networks.lsgan_character_discriminator,
    "lsgan_character_discriminator label": lambda n: (
        networks.lsgan_character_discriminator(2, label_dim=n)
    ),
    "lsgan_discriminator": networks.lsgan_discriminator,
    "lsgan_generator": lambda n: networks.lsgan_generator(latent_dim=n),
    "standard_cnn_generator": lambda n: networks.standard_cnn_generator(latent_dim=n),
    "standard_cnn_discriminator": networks.standard_cnn_discriminator,
    "weight_norm_generator": lambda n: networks.weight_norm_generator(latent_dim=n),
    "weight_norm_generator hidden": lambda n: networks.weight_norm_generator(
        hidden=(n,)
    ),
    "weight_norm_classifier": lambda n: networks.weight_norm_classifier(num_classes=n),
    "weight_norm_classifier shape": lambda n: networks.weight_norm_classifier((n,)),
}


@pytest.mark.parametrize("size", HUGE, ids=["1e9", "2^63-1", "2^64", "1e400"])
@pytest.mark.parametrize("make", CASES.values(), ids=CASES)
def test_sizes_in_range_and_still_impossible_are_refused(make, size):
    with pytest.raises(ValueError, match=rf"^`.*must .*Received: .*{size}") as raised:
        make(size)
    assert "\n" not in str(raised.value)


def test_every_network_is_tried():
    known = {name for name in vars(networks) if not name.startswith("_")}
    tried = {name.split()[0] for name in CASES}
    assert known == tried


@pytest.mark.parametrize(
    "make",
    [
        lambda: networks.dcgan_generator(64, 1, latent_dim=5, width=3),
        lambda: networks.dcgan_generator(28, 2, 5, width=3, num_classes=4, label_dim=7),
        lambda: networks.dcgan_discriminator(32, 1, width=3),
        lambda: networks.dcgan_discriminator(28, 1, width=3, num_classes=4),
        lambda: networks.lsgan_character_generator(3, latent_dim=5, label_dim=2),
        lambda: networks.lsgan_character_discriminator(3, 2, label_dim=5),
        lambda: networks.standard_cnn_discriminator(6),
        lambda: networks.lsgan_discriminator(5),
        lambda: networks.mlp_generator((3, 5), latent_dim=7, hidden=(11, 2)),
        lambda: networks.mlp_discriminator((3, 5), hidden=(11, 2)),
        lambda: networks.weight_norm_generator((3, 5, 1), 7, hidden=(11, 2)),
        lambda: networks.weight_norm_classifier((3, 5, 1), 7, hidden=(11, 2)),
        lambda: networks.conv_weight_norm_generator(2, latent_dim=3),
        lambda: networks.conv_weight_norm_classifier(2, 7, width=3),
    ],
)
def test_the_count_matches_the_matrices(make, monkeypatch):
    kernels = [w for w in make().trainable_weights if len(w.shape) >= 2]
    count = sum(int(np.prod(w.shape)) for w in kernels)
    monkeypatch.setattr(_limits, "MOST_WEIGHTS", 1)
    with pytest.raises(ValueError, match="at most 1 weights") as raised:
        make()
    told = int(re.search(r"not ([\d,]+)\.", str(raised.value))[1].replace(",", ""))
    assert told == count


def test_the_bound_itself_is_met():
    _limits.check_weights([_limits.MOST_WEIGHTS - 1, 1], width=3)
    with pytest.raises(ValueError, match="`width` must .* not 1,000,000,001"):
        _limits.check_weights([_limits.MOST_WEIGHTS, 1], width=3)


def test_networks_of_the_papers_fit():
    """These are the largest networks of papers for 128x128 images."""
    network = networks.dcgan_generator(128, width=64, num_classes=1000)
    assert isinstance(network, keras.Model)


@pytest.mark.parametrize(
    "num_bytes, told",
    [(2**31, "2 GiB"), (10**30, "about 10^30 bytes"), (63_771_674_411_008, "58 TiB")],
)
def test_memory_matches_the_machine(monkeypatch, num_bytes, told):
    monkeypatch.setattr(_limits, "memory", lambda: 2**30)
    _limits.check_memory(2**30, a=1)
    with pytest.raises(ValueError) as raised:
        _limits.check_memory(num_bytes, a=1, b=2)
    assert str(raised.value) == (
        f"`a` and `b` must fit in memory: {told} are needed, but this machine has "
        "1 GiB. Received: a=1, b=2"
    )
