"""The networks of DCGAN, for pictures from 8x8 to 128x128."""

import keras
import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks import layers
from tfgan_tricks.networks import _layers

_IMAGE_SIZES = (8, 16, 32, 64, 128)
_GENERATOR_NORMALIZATIONS = ("none", "batch", "virtual", "spectral")
_DISCRIMINATOR_NORMALIZATIONS = ("none", "batch", "spectral")
# Those of the CIFAR-10 discriminator of Salimans et al., 2016.
_NUM_KERNELS = 100
_KERNEL_DIM = 5


def dcgan_generator(
    image_size,
    channels=3,
    latent_dim=128,
    width=64,
    normalization="batch",
    seed=0,
    reference_size=64,
):
    """The generator of DCGAN: z is projected to 4x4, which doubles up to the picture.

        4x4 -> 8x8 -> ... -> image_size,   each by a 4x4 transposed convolution

    with ReLU in between and tanh at the end. The finest hidden level has `width`
    channels and each coarser one twice as many, up to `8 * width`. First weights are
    drawn from N(0, 0.02^2).

    Args:
        image_size: 8, 16, 32, 64 or 128.
        channels: 1 to 4.
        latent_dim: the length of z, at least 1.
        width: channels of the finest hidden level, at least 1.
        normalization: "none"; "batch" or "virtual", after every layer but the last;
            or "spectral", of every layer.
        seed: an integer from which all first weights and the reference follow.
        reference_size: how many latents are the reference of "virtual", at least 1.

    Returns:
        A model from `[batch, latent_dim]` to float32
        `[batch, image_size, image_size, channels]` in [-1, 1].

    Raises:
        ValueError: if an argument is out of range.

    >>> dcgan_generator(16, channels=1, latent_dim=8, width=4).output_shape
    (None, 16, 16, 1)

    Reference:
        Radford et al., 2015, arXiv:1511.06434; virtual batch normalization: Salimans
        et al., 2016, arXiv:1606.03498; spectral normalization: Miyato et al., 2018,
        arXiv:1802.05957.
    """
    _check(image_size, channels, width, normalization, _GENERATOR_NORMALIZATIONS)
    _checks.positive_integer(latent_dim=latent_dim, reference_size=reference_size)
    make = _layers.Maker("dcgan_generator", seed, normalization == "spectral")
    widths = _widths(image_size, width)
    network = _generator(make, image_size, channels, latent_dim, widths, normalization)
    if normalization != "virtual":
        return network
    shape, seeds = [reference_size, latent_dim], [0, make.seed_of("reference")]
    reference = tf.random.stateless_normal(shape, seeds, alg="philox")
    return layers.VirtualBatchNormalized(network, reference, name=make.network)


def dcgan_discriminator(
    image_size,
    channels=3,
    width=64,
    normalization="batch",
    minibatch_discrimination=False,
    seed=0,
):
    """The discriminator of DCGAN: 4x4 convolutions halve the picture down to 4x4.

        image_size -> ... -> 8x8 -> 4x4 -> logit

    with leaky ReLU of slope 0.2 in between. The finest level has `width` channels and
    each coarser one twice as many, up to `8 * width`. First weights are drawn from
    N(0, 0.02^2).

    Args:
        image_size: 8, 16, 32, 64 or 128.
        channels: 1 to 4.
        width: channels of the finest level, at least 1.
        normalization: "none"; "batch", after every convolution but the first; or
            "spectral", of every layer.
        minibatch_discrimination: whether the last layer also sees how close the
            features of an example are to those of its batch, by 100 kernels of 5
            dimensions.
        seed: an integer from which all first weights follow.

    Returns:
        A model from `[batch, image_size, image_size, channels]` to float32 logits
        `[batch, 1]`.

    Raises:
        ValueError: if an argument is out of range.

    >>> dcgan_discriminator(16, channels=1, width=4).output_shape
    (None, 1)

    Reference:
        Radford et al., 2015, arXiv:1511.06434; minibatch discrimination: Salimans et
        al., 2016, arXiv:1606.03498; spectral normalization: Miyato et al., 2018,
        arXiv:1802.05957.
    """
    if normalization == "virtual":
        raise ValueError(
            "`normalization` must not be 'virtual' in a discriminator: the paper uses "
            "it in the generator only. Received: normalization='virtual'"
        )
    _check(image_size, channels, width, normalization, _DISCRIMINATOR_NORMALIZATIONS)
    make = _layers.Maker("dcgan_discriminator", seed, normalization == "spectral")
    stack = [keras.Input((image_size, image_size, channels))]
    for level, filters in enumerate(_widths(image_size, width)):
        name = f"down_{image_size // 2 ** (level + 1)}"
        norm = _norm(normalization, name) if level else []
        stack.append(_conv(make, keras.layers.Conv2D, filters, name, norm))
        stack += [*norm, keras.layers.LeakyReLU(0.2, name=f"{name}_leaky")]
    stack.append(keras.layers.Flatten(name="features"))
    if minibatch_discrimination:
        stack.append(_minibatch_discrimination(make))
    return make.sequential(*stack, make.logit())


def _check(image_size, channels, width, normalization, normalizations):
    if image_size not in _IMAGE_SIZES:
        raise ValueError(
            "`image_size` must be 8, 16, 32, 64 or 128. "
            f"Received: image_size={image_size!r}"
        )
    _checks.channels(channels)
    _checks.positive_integer(width=width)
    if normalization not in normalizations:
        raise _checks.unknown_name("normalization", normalization, normalizations)


def _widths(image_size, width):
    """The channels of the hidden levels, from the finest to that of 4x4."""
    num_levels = image_size.bit_length() - 3
    return [width * min(2**level, 8) for level in range(num_levels)]


def _generator(make, image_size, channels, latent_dim, widths, normalization):
    *finer, coarsest = widths
    norm = _norm(normalization, "grid")
    units = 16 * coarsest
    stack = [
        keras.Input((latent_dim,)),
        make.layer(keras.layers.Dense, units, "project", use_bias=not norm),
        keras.layers.Reshape((4, 4, coarsest), name="grid"),
        *norm,
        keras.layers.ReLU(name="grid_relu"),
    ]
    for level, filters in enumerate(reversed(finer)):
        name = f"up_{8 * 2**level}"
        norm = _norm(normalization, name)
        stack.append(_conv(make, keras.layers.Conv2DTranspose, filters, name, norm))
        stack += [*norm, keras.layers.ReLU(name=f"{name}_relu")]
    name = f"up_{image_size}"
    last = _conv(make, keras.layers.Conv2DTranspose, channels, name)
    return make.sequential(*stack, last, _layers.pictures())


def _conv(make, kind, filters, name, norm=()):
    """A convolution, without bias where a normalization brings one."""
    options = {"kernel_size": 4, "strides": 2, "padding": "same"}
    return make.layer(kind, filters, name, use_bias=not norm, **options)


def _norm(normalization, name):
    if normalization == "batch":
        return [_layers.batch_norm(f"{name}_norm")]
    if normalization == "virtual":
        return [layers.VirtualBatchNorm(name=f"{name}_norm")]
    return []


def _minibatch_discrimination(make):
    name = "minibatch_discrimination"
    initializer = _layers.normal(make.seed_of(name))
    return layers.MinibatchDiscrimination(
        _NUM_KERNELS, _KERNEL_DIM, kernel_initializer=initializer, name=name
    )
