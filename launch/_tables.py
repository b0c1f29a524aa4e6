"""Names and defaults of what can be chosen, known without importing TensorFlow.

Tests compare every entry with the trainers, networks and losses themselves.
"""

LOSSES = ("hinge", "least_squares", "minimax", "non_saturating", "wasserstein")
# Those whose target for real examples can be smoothed.
CROSS_ENTROPIES = ("minimax", "non_saturating")

# By name, with the weight each has unless it is told.
PENALTIES = {
    "gradient_penalty": 10.0,
    "dragan_penalty": 10.0,
    "zero_centered_penalty": 10.0,
    "r1": 10.0,
    "r2": 10.0,
}

PRECISIONS = ("float32", "mixed_float16", "mixed_bfloat16")

DATASETS = (
    "mnist5k",
    "digits8",
    "ring8",
    "grid25",
    "tfds:NAME",
    "image_folder:PATH",
    "npz:PATH",
)
# The height and width of pictures that come with the package's dependencies.
PICTURE_SIZES = {"mnist5k": 28, "digits8": 8}
PATH_DATASETS = ("image_folder", "npz")
POINT_DATASETS = ("ring8", "grid25")
TESTED_DATASETS = ("digits8", "tfds")


def _trainer(rate, beta_1=None, beta_2=None, **options):
    return {
        "discriminator_steps": 1,
        "penalty": "none",
        "penalty_weight": None,
        "generator_learning_rate": rate,
        "discriminator_learning_rate": rate,
        **({} if beta_1 is None else {"beta_1": beta_1, "beta_2": beta_2}),
        **options,
    }


# The options of each trainer, with its paper's defaults.
TRAINERS = {
    "minimax_gan": _trainer(2e-4, 0.5, 0.999, real_label=1.0),
    "non_saturating_gan": _trainer(2e-4, 0.5, 0.999, real_label=1.0),
    "ls_gan": _trainer(2e-4, 0.5, 0.999, a=0.0, b=1.0, c=1.0),
    "wgan": _trainer(5e-5, discriminator_steps=5, clip=0.01),
    "wgan_gp": _trainer(
        1e-4,
        0.0,
        0.9,
        discriminator_steps=5,
        penalty="gradient_penalty",
        penalty_weight=10.0,
    ),
    "hinge_gan": _trainer(2e-4, 0.0, 0.9, discriminator_steps=5),
    "relativistic_gan": _trainer(
        2e-4, 0.5, 0.999, loss="non_saturating", real_label=1.0
    ),
    "relativistic_average_gan": _trainer(
        2e-4, 0.5, 0.999, loss="non_saturating", real_label=1.0
    ),
    "r3_gan": _trainer(2e-4, 0.0, 0.99, penalty="r1+r2", penalty_weight=1.0),
    "feature_matching_gan": _trainer(
        2e-4,
        0.5,
        0.999,
        loss="non_saturating",
        real_label=1.0,
        features="features",
        distance="l2",
    ),
    "semi_supervised_gan": _trainer(
        3e-3,
        0.5,
        0.999,
        real_label=1.0,
        features="features",
        feature_matching=True,
        distance="mse",
        discriminator_ema_decay=0.9999,
        labels_per_class=10,
    ),
}

# The options of each schedule of learning rates; it ends with the training's steps
# unless it is told.
_DECAY = {
    "learning_rate_decay_start": 0,
    "learning_rate_decay_end": None,
    "learning_rate_final": 0.0,
}
SCHEDULES = {"constant": {}, "linear": _DECAY, "cosine": _DECAY}

# How many numbers stand for a label unless it is told: the paper's.
LABEL_DIM = 256

# The options of each network, with the defaults of its functions.
NETWORKS = {
    "mlp": {"width": 256, "hidden_layers": 2},
    "dcgan": {
        "width": 64,
        "normalization": "batch",
        "discriminator_normalization": "batch",
        "minibatch_discrimination": False,
        "conditional": False,
        "label_dim": None,
    },
    "standard_cnn": {"discriminator_normalization": "spectral"},
    "weight_norm": {"minibatch_discrimination": False},
}
# The networks whose discriminator classifies, and the trainers that want one.
CLASSIFIERS = ("weight_norm",)
CLASSIFYING = ("semi_supervised_gan",)
DISTANCES = ("l2", "mse", "l1")
IMAGE_SIZES = {"dcgan": (8, 16, 28, 32, 64, 128), "standard_cnn": (32,)}
NORMALIZATIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "normalization": {"dcgan": ("none", "batch", "virtual", "spectral")},
    "discriminator_normalization": {
        "dcgan": ("none", "batch", "spectral"),
        "standard_cnn": ("batch", "spectral"),
    },
}


def takers(table, key):
    """The names in a table of options whose entry has an option."""
    return [name for name, options in table.items() if key in options]
