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
        # 5,000 digits of MNIST, which need no download; measured by
        # benchmarks/digits.py.
        _preset(
            "digits",
            dataset="mnist5k",
            trainer="non_saturating_gan",
            penalty="r1",
            penalty_weight=1.0,
            generator_learning_rate=1e-3,
            discriminator_learning_rate=1e-3,
            ema_decay=0.998,
            network="dcgan",
            conditional=True,
            label_dim=256,
            latent_dim=64,
            width=16,
            discriminator_normalization="none",
            batch_size=64,
            steps=3000,
            steps_per_execution=50,
        ),
        # scikit-learn's 8x8 digits, for tests: dense networks learn them in seconds.
        _preset(
            "digits8",
            dataset="digits8",
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
        # Virtual batch normalization in a small DCGAN. By the measures of
        # benchmarks/digits.py its coverage is 0.87, less than that of "digits".
        _preset(
            "digits_vbn",
            dataset="digits8",
            trainer="relativistic_gan",
            penalty="r1",
            penalty_weight=0.05,
            generator_learning_rate=2e-3,
            discriminator_learning_rate=2e-3,
            ema_decay=0.995,
            network="dcgan",
            width=64,
            normalization="virtual",
            discriminator_normalization="none",
            latent_dim=32,
            batch_size=64,
            steps=6000,
            steps_per_execution=50,
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
        # The semi-supervised MNIST of Salimans et al., 2016, with 100 labels, by the
        # 300 epochs of the paper, but for the generator's rate; see
        # benchmarks/semi_supervised.py.
        _preset(
            "mnist_semi_supervised",
            dataset="tfds:mnist",
            trainer="semi_supervised_gan",
            generator_learning_rate=3e-4,
            network="weight_norm",
            latent_dim=100,
            batch_size=100,
            steps=180_000,
            sample_every=600,
            checkpoint_every=600,
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
        # The 3,755 characters of benchmarks/hanzi.py, which measures it: nearly all can
        # be read, each in one font only. The rates are five times the paper's, as the
        # training is so short; R1 of weight 20 kept the fonts, until it blew up.
        _preset(
            "hanzi",
            dataset="npz:hanzi28.npz",
            trainer="ls_gan",
            generator_learning_rate=1e-3,
            discriminator_learning_rate=1e-3,
            ema_decay=0.995,
            network="dcgan",
            conditional=True,
            label_dim=256,
            latent_dim=64,
            width=32,
            batch_size=64,
            steps=15_000,
            steps_per_execution=10,
        ),
        _preset("ring8", dataset="ring8", **_POINTS | {"steps": 6000}),
        _preset("grid25", dataset="grid25", **_POINTS | {"steps": 8000}),
    ]
)
