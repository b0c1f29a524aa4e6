"""Trainings by name, each with what has been seen of it."""

from launch import _config


def _preset(preset, **values):
    return preset, _config.make(preset=preset, **values)


# R1 instead of a normalization of the discriminator: clear digits of MNIST after 1,500
# steps, where spectral normalization still blurs them.
_PICTURES = {
    "trainer": "relativistic_gan",
    "penalty": "r1",
    "penalty_weight": 1.0,
    "generator_learning_rate": 5e-4,
    "discriminator_learning_rate": 5e-4,
    "ema_decay": 0.995,
    "network": "dcgan",
    "width": 32,
    "discriminator_normalization": "none",
    "batch_size": 64,
}
# Finds all modes of both mixtures; about nine points of ten within three standard
# deviations of a centre.
_POINTS = {
    "trainer": "r3_gan",
    "penalty_weight": 0.2,
    "generator_learning_rate": 1e-3,
    "discriminator_learning_rate": 1e-3,
    "ema_decay": 0.995,
    "network": "mlp",
    "width": 128,
    "hidden_layers": 3,
    "latent_dim": 4,
    "batch_size": 256,
    "steps_per_execution": 20,
    "sample_every": 1000,
    "checkpoint_every": 2000,
    "log_every": 100,
}

PRESETS = dict(
    [
        # scikit-learn's 8x8 digits, which need no download; measured by
        # benchmarks/digits.py.
        _preset(
            "digits",
            dataset="digits",
            trainer="r3_gan",
            penalty_weight=0.5,
            generator_learning_rate=5e-4,
            discriminator_learning_rate=5e-4,
            ema_decay=0.995,
            network="mlp",
            latent_dim=32,
            batch_size=64,
            steps=8000,
            steps_per_execution=50,
            sample_every=1000,
            checkpoint_every=1000,
        ),
        _preset(
            "mnist",
            dataset="tfds:mnist",
            image_size=32,
            **_PICTURES | {"steps": 5000},
        ),
        _preset(
            "fashion_mnist",
            dataset="tfds:fashion_mnist",
            image_size=32,
            **_PICTURES | {"steps": 5000},
        ),
        # 64x64 pictures in colour, such as Noto Emoji's. Not yet run to its end; a
        # smaller penalty let the discriminator win the first 200 steps by more.
        _preset(
            "emoji",
            dataset="image_folder:emoji64",
            image_size=64,
            channels=3,
            **_PICTURES
            | {
                "penalty_weight": 20.0,
                "generator_learning_rate": 2e-4,
                "discriminator_learning_rate": 2e-4,
                "steps": 10_000,
            },
        ),
        _preset("ring8", dataset="ring8", **_POINTS | {"steps": 6000}),
        _preset("grid25", dataset="grid25", **_POINTS | {"steps": 8000}),
    ]
)
