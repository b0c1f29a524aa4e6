"""The networks of LSGAN for 112x112 scenes and for small conditional images."""

import math

import keras

from tfgan_tricks import _checks
from tfgan_tricks import _limits
from tfgan_tricks import layers
from tfgan_tricks.networks import _parts

# The transposed convolutions before the last one: channels, and strides.
_UPWARD = ((256, 2), (256, 1), (256, 2), (256, 1), (128, 2), (64, 2))
_GRID = (7, 7, 256)


def lsgan_generator(
    channels: int = 3, latent_dim: int = 1024, seed: int = 0
) -> keras.Sequential:
    """Returns the generator of LSGAN's 112x112 scenes.

    A dense layer projects the latents to `7x7x256`. Six transposed 3x3 convolutions
    with 256, 256, 256, 256, 128 and 64 channels follow, of which the second and the
    fourth keep the size and the others double it. Each of these layers has batch
    normalization and ReLU. A seventh transposed convolution with tanh returns the
    image. Initial weights are drawn from N(0, 0.02^2).

    The layers have no bias where normalization follows, since it would have no effect.

    Args:
        channels: Number of channels of the images, 1 to 4.
        latent_dim: Length of the latents, at least 1.
        seed: Integer seed of the initial weights.

    Returns:
        A `keras.Sequential` from latents `[batch, latent_dim]` to float32 images
        `[batch, 112, 112, channels]` in [-1, 1].

    Raises:
        ValueError: If an argument is out of range, or the network would have more than
            10^9 weights.

    >>> lsgan_generator(channels=1, latent_dim=8).output_shape
    (None, 112, 112, 1)

    Reference:
        Mao et al., 2017, arXiv:1611.04076, section 4.1 and figure 3, and the authors'
        code.
    """
    _checks.channels(channels)
    _checks.positive_integer(latent_dim=latent_dim)
    units = math.prod(_GRID)
    _limits.check_weights([latent_dim * units], latent_dim=latent_dim)
    make = _parts.Maker("lsgan_generator", seed)
    stack = [
        keras.Input((latent_dim,)),
        make.layer(keras.layers.Dense, units, "project", use_bias=False),
        keras.layers.Reshape(_GRID, name="grid"),
        *_normalized("grid"),
    ]
    size = 7
    for level, (filters, strides) in enumerate(_UPWARD):
        size *= strides
        name = f"up_{level}_{size}"
        stack.append(_upward(make, filters, name, strides, use_bias=False))
        stack += _normalized(name)
    last = _upward(make, channels, "to_channels", 1)
    return make.sequential(*stack, last, _parts.pictures())


def lsgan_discriminator(channels: int = 3, seed: int = 0) -> keras.Sequential:
    """Returns the discriminator of LSGAN's 112x112 scenes.

    Four 5x5 convolutions with 64, 128, 256 and 512 channels halve the size, down to
    7x7. All but the first have batch normalization. Leaky ReLU of slope 0.2 follows
    each. A dense layer computes the logit. Initial weights are drawn from N(0, 0.02^2),
    as everywhere in this package; the authors cut the convolutions' off at two standard
    deviations.

    Args:
        channels: Number of channels of the images, at least 1. With `packing`, all
            channels of a pack.
        seed: Integer seed of the initial weights.

    Returns:
        A `keras.Sequential` from images `[batch, 112, 112, channels]` to float32 logits
        `[batch, 1]`.

    Raises:
        ValueError: If an argument is out of range.

    >>> lsgan_discriminator(channels=1).output_shape
    (None, 1)

    Reference:
        Mao et al., 2017, arXiv:1611.04076, section 4.1 and figure 3, and the authors'
        code.
    """
    _checks.positive_integer(channels=channels)
    kernels = [25 * size for size in _limits.chained(channels, 64, 128, 256, 512)]
    _limits.check_weights([*kernels, 7 * 7 * 512], channels=channels)
    make = _parts.Maker("lsgan_discriminator", seed)
    stack = [keras.Input((112, 112, channels))]
    for size, filters in ((56, 64), (28, 128), (14, 256), (7, 512)):
        stack += _downward(make, filters, f"down_{size}", normalized=size < 56)
    return make.sequential(*stack, _parts.flat("features"), make.logit())


def lsgan_character_generator(
    num_classes: int,
    channels: int = 1,
    latent_dim: int = 1024,
    label_dim: int = 256,
    seed: int = 0,
) -> keras.Model:
    """Returns the generator of LSGAN's 28x28 Chinese characters.

    The one-hot label is mapped linearly to `label_dim` numbers, which are concatenated
    with the latents. A dense layer projects both to `7x7x128`. Two transposed 5x5
    convolutions double the size, the first to 128 channels. All but the last layer have
    batch normalization and ReLU. The last layer ends in a sigmoid that is scaled to
    [-1, 1]. Initial weights are drawn from N(0, 0.02^2), and the numbers of a label
    from N(0, 1).

    Args:
        num_classes: Number of classes, at least 1.
        channels: Number of channels of the images, 1 to 4.
        latent_dim: Length of the latents, at least 1.
        label_dim: Number of values that encode a label, at least 1.
        seed: Integer seed of the initial weights.

    Returns:
        A `keras.Model` from `[latents, labels]`, float32 `[batch, latent_dim]` and
        int32 `[batch]`, to float32 images `[batch, 28, 28, channels]` in [-1, 1].

    Raises:
        ValueError: If an argument is out of range, or the network would have more than
            10^9 weights.

    >>> lsgan_character_generator(3, latent_dim=8, label_dim=4).output_shape
    (None, 28, 28, 1)

    Reference:
        Mao et al., 2017, arXiv:1611.04076, section 4.2 and figure 4, and the authors'
        code.
    """
    _checks.channels(channels)
    sizes = {"num_classes": num_classes, "label_dim": label_dim}
    _checks.positive_integer(latent_dim=latent_dim, **sizes)
    projected = (latent_dim + label_dim) * 7 * 7 * 128
    convolutions = 25 * 128 * (128 + channels)
    _limits.check_weights(
        [num_classes * label_dim, projected, convolutions],
        latent_dim=latent_dim,
        **sizes,
    )
    make = _parts.Maker("lsgan_character_generator", seed)
    latents = keras.Input((latent_dim,))
    labels, vectors = _parts.label_input(make, num_classes, label_dim)
    stack = [
        make.layer(keras.layers.Dense, 7 * 7 * 128, "project", use_bias=False),
        *_normalized("project"),
        keras.layers.Reshape((7, 7, 128), name="grid"),
        _upward(make, 128, "up_14", 2, kernel_size=5, use_bias=False),
        *_normalized("up_14"),
        _upward(make, channels, "up_28", 2, kernel_size=5),
        keras.layers.Activation("sigmoid", name="unit_pictures"),
        keras.layers.Rescaling(2.0, -1.0, dtype="float32", name="pictures"),
    ]
    pictures = _parts.chain(_parts.concatenated("with_label", latents, vectors), stack)
    return keras.Model([latents, labels], pictures, name=make.network)


def lsgan_character_discriminator(
    num_classes: int, channels: int = 1, label_dim: int = 256, seed: int = 0
) -> keras.Model:
    """Returns the discriminator of LSGAN's 28x28 Chinese characters.

    Images are scaled to [0, 1]. Two 5x5 convolutions halve the size, to
    `channels + label_dim` and `64 + label_dim` channels. A dense layer of 1,024 units
    and the logit follow. The `label_dim` numbers of the label are concatenated with the
    results of each layer, after the first one as constant feature maps. The second and
    the third layer have batch normalization. Leaky ReLU of slope 0.2 follows each of
    the three. Initial weights are drawn as in `lsgan_character_generator`.

    Args:
        num_classes: Number of classes, at least 1.
        channels: Number of channels of the images, 1 to 4.
        label_dim: Number of values that encode a label, at least 1.
        seed: Integer seed of the initial weights.

    Returns:
        A `keras.Model` from `[images, labels]`, `[batch, 28, 28, channels]` in [-1, 1]
        and int32 `[batch]`, to float32 logits `[batch, 1]`.

    Raises:
        ValueError: If an argument is out of range, or the network would have more than
            10^9 weights.

    >>> lsgan_character_discriminator(3, label_dim=4).output_shape
    (None, 1)

    Reference:
        Mao et al., 2017, arXiv:1611.04076, section 4.2 and figure 4, and the authors'
        code.
    """
    _checks.channels(channels)
    sizes = {"num_classes": num_classes, "label_dim": label_dim}
    _checks.positive_integer(**sizes)
    second = 25 * (channels + 2 * label_dim) * (64 + label_dim)
    third = (7 * 7 * (64 + label_dim) + label_dim) * 1024
    _limits.check_weights(
        [
            num_classes * label_dim,
            25 * channels * (channels + label_dim),
            *(second, third, 1024 + label_dim),
        ],
        **sizes,
    )
    make = _parts.Maker("lsgan_character_discriminator", seed)
    pictures = keras.Input((28, 28, channels))
    labels, vectors = _parts.label_input(make, num_classes, label_dim)
    pixel = keras.layers.Reshape((1, 1, label_dim), name="label_pixel")
    repeat = keras.layers.UpSampling2D(14, name="label_maps", **_parts.CHANNELS_LAST)
    maps = _parts.chain(vectors, [pixel, repeat])
    unit = keras.layers.Rescaling(0.5, 0.5, name="unit_pictures")(pictures)
    x = _parts.chain(unit, _downward(make, channels + label_dim, "down_14"))
    x = _parts.concatenated("with_maps", x, maps)
    x = _parts.chain(x, _downward(make, 64 + label_dim, "down_7", normalized=True))
    x = _parts.concatenated("with_label", _parts.flat("flat")(x), vectors)
    dense = [
        make.layer(keras.layers.Dense, 1024, "joint", use_bias=False),
        _parts.batch_norm("joint_norm"),
        layers.LeakyReLU(0.2, name="features"),
    ]
    x = _parts.concatenated("with_label_again", _parts.chain(x, dense), vectors)
    return keras.Model([pictures, labels], make.logit()(x), name=make.network)


def _upward(make, filters, name, strides, kernel_size=3, **options):
    options |= {"kernel_size": kernel_size, "strides": strides, "padding": "same"}
    options |= _parts.CHANNELS_LAST
    return make.layer(keras.layers.Conv2DTranspose, filters, name, **options)


def _downward(make, filters, name, normalized=False):
    """Returns a 5x5 convolution that halves the size, and what follows it."""
    norm = [_parts.batch_norm(f"{name}_norm")] if normalized else []
    options = {"kernel_size": 5, "strides": 2, "padding": "same"}
    options |= _parts.CHANNELS_LAST | {"use_bias": not norm}
    convolution = make.layer(keras.layers.Conv2D, filters, name, **options)
    return [convolution, *norm, layers.LeakyReLU(0.2, name=f"{name}_leaky")]


def _normalized(name):
    return [_parts.batch_norm(f"{name}_norm"), keras.layers.ReLU(name=f"{name}_relu")]
