from benchmarks import scaling
from tfgan_tricks import networks
from trainers import NonSaturatingGAN


def test_bytes_of_the_gradients_by_hand():
    """Each update of the discriminator sums its gradients."""
    trainer = NonSaturatingGAN(
        networks.mlp_generator((2,), latent_dim=3, hidden=(5,)),
        networks.mlp_discriminator((2,), hidden=(7,)),
        discriminator_steps=3,
    )
    generator = (3 * 5 + 5) + (5 * 2 + 2)
    discriminator = (2 * 7 + 7) + (7 * 1 + 1)
    assert scaling.gradient_bytes(trainer) == 4 * (generator + 3 * discriminator)


def test_a_whole_measurement(monkeypatch):
    monkeypatch.setattr(scaling, "FLAGS", {"none": []})
    result = scaling.measure("digits8", 20)
    assert result["gradient_bytes"] == 693_508  # As docs/scaling.md says.
    assert result["batch_size"] == 64
    assert list(result["milliseconds"]) == ["none"]
    assert result["milliseconds"]["none"] > 0
