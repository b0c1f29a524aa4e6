"""Presets with the settings of the papers' own experiments, for a GPU and their data.

Only a few steps of each were run for this package; docs/papers.md says what is known.
"""

from typing import Any


def _adam(rate, beta_1, beta_2, **options):
    rates = {"generator_learning_rate": rate, "discriminator_learning_rate": rate}
    return rates | {"beta_1": beta_1, "beta_2": beta_2} | options


def _folder(path, size):
    return {
        "name": "image_folder",
        "path": path,
        "image_size": size,
        "channels": 3,
    }


_SELDOM = {"sample_every": 10_000, "checkpoint_every": 10_000}
# Jolicoeur-Martineau, 2018, table 1, and the author's code.
_CIFAR10: dict[str, Any] = _SELDOM | {
    "dataset": "tfds:cifar10",
    "trainer": "relativistic_gan",
    "optimizer": _adam(2e-4, 0.5, 0.999),
    "network": {"name": "standard_cnn", "latent_dim": 128},
    "batch_size": 32,
    "steps": 100_000,
}
# Salimans et al., 2016, sections 6.2 and 6.3, and the authors' code. Rates fall to zero
# in the last third of the epochs. CIFAR-10 has 500 batches in an epoch, and SVHN 732.
_FEW_LABELS: dict[str, Any] = _SELDOM | {
    "optimizer": _adam(3e-4, 0.5, 0.999, epsilon=1e-4),
    "batch_size": 100,
}
_IMPROVED_CIFAR10: dict[str, Any] = _FEW_LABELS | {
    "dataset": "tfds:cifar10",
    "trainer": {
        "name": "semi_supervised_gan",
        "distance": "l1",
        "labels_per_class": 400,
    },
    "network": {"name": "conv_weight_norm", "latent_dim": 100, "width": 96},
    "schedule": {"name": "linear", "start": 400_000, "end": 600_000},
    "steps": 600_000,
}
_IMPROVED_SVHN: dict[str, Any] = _FEW_LABELS | {
    "dataset": "tfds:svhn_cropped",
    "trainer": _IMPROVED_CIFAR10["trainer"] | {"labels_per_class": 100},
    "network": _IMPROVED_CIFAR10["network"] | {"width": 64},
    "schedule": {"name": "linear", "start": 439_200, "end": 658_800},
    "steps": 658_800,
}
_WGAN_GP_POINTS: dict[str, Any] = _SELDOM | {
    "trainer": {"name": "wgan_gp", "discriminator_steps": 5},
    "penalty": [{"name": "gradient_penalty", "weight": 0.1}],
    "optimizer": _adam(1e-4, 0.5, 0.9),
    "network": {"name": "mlp", "latent_dim": 2, "width": 512, "hidden_layers": 3},
    "batch_size": 256,
    "steps": 100_000,
    "steps_per_execution": 20,
    "log_every": 100,
}


def _minibatch(preset):
    """Returns a setting with minibatch discrimination, which has CIFAR-10's widths."""
    comparing = {"width": 96, "minibatch_discrimination": True}
    return preset | {
        "trainer": preset["trainer"] | {"feature_matching": False},
        "network": preset["network"] | comparing,
    }


def _unstable(optimizer, **network):
    """Returns a setting of table 2, which has no spectral normalization."""
    network = {"discriminator_normalization": "batch"} | network
    return _CIFAR10 | {
        "optimizer": optimizer,
        "network": _CIFAR10["network"] | network,
    }


PRESETS: dict[str, dict[str, Any]] = {
    "relativistic_cifar10": _CIFAR10,
    "relativistic_cifar10_five_steps": _CIFAR10
    | {
        "trainer": {"name": "relativistic_gan", "discriminator_steps": 5},
        "optimizer": _adam(1e-4, 0.5, 0.9),
    },
    "relativistic_cifar10_high_rate": _unstable(_adam(1e-3, 0.5, 0.999)),
    # The author's script has rates of 1e-4 in these three.
    "relativistic_cifar10_momentum": _unstable(_adam(1e-4, 0.9, 0.9)),
    "relativistic_cifar10_no_norm": _unstable(
        _adam(1e-4, 0.5, 0.999),
        normalization="none",
        discriminator_normalization="none",
    ),
    "relativistic_cifar10_tanh": _unstable(_adam(1e-4, 0.5, 0.999), activation="tanh"),
    # The same paper, table 3: 9,304 cats of 64x64 pixels, not included.
    "relativistic_cats": _SELDOM
    | {
        "dataset": _folder("cats64", 64),
        "trainer": "relativistic_average_gan",
        "optimizer": _adam(2e-4, 0.5, 0.999),
        "network": {"name": "dcgan", "latent_dim": 128, "width": 64},
        "batch_size": 32,
        "steps": 100_000,
    },
    # Mao et al., 2017, section 4.1, and the authors' code.
    "lsgan_scenes": _SELDOM
    | {
        "dataset": _folder("church112", 112),
        "trainer": "ls_gan",
        "optimizer": _adam(1e-3, 0.5, 0.999, epsilon=1e-8),
        "network": {"name": "lsgan_scenes", "latent_dim": 1024},
        "batch_size": 64,
        "steps": 1_000_000,
    },
    # Section 4.2. Characters of HWDB 1.0 in 28x28 pixels, not included.
    "lsgan_characters": _SELDOM
    | {
        "dataset": "npz:hwdb28.npz",
        "trainer": "ls_gan",
        "optimizer": _adam(2e-4, 0.5, 0.999, epsilon=1e-8),
        "network": {"name": "lsgan_characters", "latent_dim": 1024},
        "batch_size": 64,
        "steps": 1_000_000,
    },
    # Section 4.4. The authors' ring has the same eight centers; one of them has twice
    # the weight of the others.
    "lsgan_ring": {
        "dataset": "ring8",
        "trainer": "ls_gan",
        "optimizer": _adam(1e-3, 0.5, 0.999, epsilon=1e-8)
        | {"discriminator_learning_rate": 1e-4},
        "network": {
            "name": "mlp",
            "latent_dim": 256,
            "width": 128,
            "hidden_layers": 2,
            "activation": "tanh",
            "initializer": "orthogonal",
        },
        "batch_size": 512,
        "steps": 35_000,
        "steps_per_execution": 20,
        "sample_every": 5000,
        "checkpoint_every": 5000,
        "log_every": 100,
    },
    # Gulrajani et al., 2017, figure 2, and the authors' code, whose grid is this one
    # divided by 2.828; the penalty's target of 1 is a slope in these units.
    "wgan_gp_grid": _WGAN_GP_POINTS | {"dataset": "grid25"},
    # The authors' ring is this one times 1.414.
    "wgan_gp_ring": _WGAN_GP_POINTS | {"dataset": "ring8"},
    "improved_cifar10": _IMPROVED_CIFAR10,
    "improved_svhn": _IMPROVED_SVHN,
    "improved_cifar10_minibatch": _minibatch(_IMPROVED_CIFAR10),
    "improved_svhn_minibatch": _minibatch(_IMPROVED_SVHN),
    # Section 6.4: ImageNet in 128x128 pixels. Four GPUs have batches of 16, and the
    # authors' script has no last step.
    "improved_imagenet": _SELDOM
    | {
        "dataset": _folder("imagenet128", 128),
        "trainer": {
            "name": "non_saturating_gan",
            "real_label": 0.75,
            "joint_batch": True,
        },
        "optimizer": _adam(4e-4, 0.5, 0.999),
        "network": {
            "name": "dcgan",
            "latent_dim": 8192,
            "width": 64,
            "normalization": "virtual",
            "discriminator_normalization": "none",
            "minibatch_discrimination": True,
        },
        "batch_size": 64,
        "steps": 1_000_000,
    },
    # Huang et al., 2025, and the authors' code: ten million images. The network is not
    # theirs.
    "r3gan_stacked_mnist": _SELDOM
    | {
        "dataset": {"name": "stacked_mnist", "image_size": 32},
        "trainer": {"name": "r3_gan", "ema_decay": 0.999},
        "penalty": [{"name": "r1", "weight": 1.0}, {"name": "r2", "weight": 1.0}],
        "optimizer": _adam(2e-4, 0.0, 0.99),
        "network": {
            "name": "dcgan",
            "latent_dim": 512,
            "width": 64,
            "normalization": "none",
            "discriminator_normalization": "none",
        },
        "batch_size": 512,
        "steps": 19_532,
    },
    # Lin et al., 2018, and the authors' code: 50 epochs of 128,000 packs of two images,
    # 64 packs in a batch.
    "pac_stacked_mnist": _SELDOM
    | {
        "dataset": "stacked_mnist",
        "trainer": {"name": "non_saturating_gan", "packing": 2},
        "optimizer": _adam(2e-4, 0.5, 0.999),
        "network": {"name": "dcgan", "latent_dim": 100, "width": 64},
        "batch_size": 128,
        "steps": 100_000,
    },
}
