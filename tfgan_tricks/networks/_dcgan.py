"""The networks of DCGAN for images from 8x8 to 128x128, also class-conditional."""

import math

import keras
import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks import _limits
from tfgan_tricks import layers
from tfgan_tricks.networks import _parts

# The size of the coarsest level for each size of the image.
_COARSEST = {8: 4, 16: 4, 28: 7, 32: 4, 64: 4, 128: 4}
_GENERATOR_NORMALIZATIONS = ("none", "batch", "virtual", "spectral")
_DISCRIMINATOR_NORMALIZATIONS = ("none", "batch", "spectral")
# The number of maps that a label adds to the discriminator's first feature map.
_LABEL_MAPS = 8


def dcgan_generator(
    image_size: int,
    channels: int = 3,
    latent_dim: int = 128,
    width: int = 64,
    normalization: str = "batch",
    seed: int = 0,
    reference_size: int = 64,
    num_classes: int | None = None,
    label_dim: int = 256,
) -> keras.Model:
    """Returns the generator of DCGAN.

    A dense layer projects the latents to a 4x4 feature map (7x7 for 28x28 images).
    Transposed 4x4 convolutions then double its sides until it has the size of the
    image, with ReLU in between and tanh at the end. The finest hidden level has `width`
    channels, and each coarser level has twice as many, up to `8 * width`. Initial
    weights are drawn from N(0, 0.02^2).

    With `num_classes`, the one-hot label is mapped linearly to `label_dim` numbers,
    which are concatenated with the latents. Initially they are drawn from N(0, 1).

    Args:
        image_size: Height and width of the images: 8, 16, 28, 32, 64 or 128.
        channels: Number of channels of the images, 1 to 4.
        latent_dim: Length of the latents, at least 1.
        width: Number of channels of the finest hidden level, at least 1.
        normalization: "none", "batch", "virtual" or "spectral". Batch and virtual batch
            normalization follow every layer except the last. Spectral normalization
            applies to every layer.
        seed: Integer seed of the initial weights and of the reference batch.
        reference_size: Number of latents in the reference batch of virtual batch
            normalization, at least 1. Their labels cycle through all classes.
        num_classes: Number of classes, at least 1. `None` means a generator without
            labels.
        label_dim: Number of values that encode a label, at least 1.

    Returns:
        A `keras.Model` from latents `[batch, latent_dim]` to float32 images
        `[batch, image_size, image_size, channels]` in [-1, 1]. With `num_classes` its
        inputs are `[latents, labels]`, with int32 labels of shape `[batch]`.

    Raises:
        ValueError: If an argument is out of range, or the network would have more than
            10^9 weights.

    >>> dcgan_generator(16, channels=1, latent_dim=8, width=4).output_shape
    (None, 16, 16, 1)
    >>> generator = dcgan_generator(28, 1, latent_dim=8, width=4, num_classes=10)
    >>> generator([tf.zeros([2, 8]), tf.constant([3, 7])]).shape
    TensorShape([2, 28, 28, 1])

    Reference:
        Radford et al., 2015, arXiv:1511.06434; virtual batch normalization: Salimans
        et al., 2016, arXiv:1606.03498; spectral normalization: Miyato et al., 2018,
        arXiv:1802.05957; labels: Mao et al., 2017, arXiv:1611.04076, section 3.3.
    """
    _check(image_size, width, normalization, _GENERATOR_NORMALIZATIONS)
    _checks.channels(channels)
    _checks.positive_integer(latent_dim=latent_dim, reference_size=reference_size)
    label = _label(num_classes, label_dim)
    _check_generator(image_size, channels, width, latent_dim, label)
    if normalization == "virtual":
        _check_reference(reference_size, image_size, width, latent_dim)
    make = _parts.Maker("dcgan_generator", seed, normalization == "spectral")
    stack = _generator(make, image_size, channels, width, normalization)
    latents = keras.Input((latent_dim,))
    if num_classes is None:
        network = make.sequential(latents, *stack)
    else:
        network = _of_class(make, latents, stack, num_classes, label_dim)
    if normalization != "virtual":
        return network
    shape, seeds = [reference_size, latent_dim], [0, make.seed_of("reference")]
    reference = tf.random.stateless_normal(shape, seeds, alg="philox")
    if num_classes is not None:
        reference = [reference, tf.range(reference_size) % num_classes]
    return layers.VirtualBatchNormalized(network, reference, name=make.network)


def dcgan_discriminator(
    image_size: int,
    channels: int = 3,
    width: int = 64,
    normalization: str = "batch",
    minibatch_discrimination: bool | str = False,
    seed: int = 0,
    num_classes: int | None = None,
    label_dim: int = 256,
) -> keras.Model:
    """Returns the discriminator of DCGAN.

    4x4 convolutions halve the sides of the image down to 4x4 (7x7 for 28x28 images),
    with leaky ReLU of slope 0.2 in between. A dense layer then computes the logit. The
    finest level has `width` channels, and each coarser level has twice as many, up to
    `8 * width`. Initial weights are drawn from N(0, 0.02^2).

    With `num_classes`, the one-hot label is mapped linearly to `label_dim` numbers,
    initially drawn from N(0, 1). Eight feature maps, linear in these numbers, are
    concatenated with the first feature map. The numbers themselves are concatenated
    with the last features, and a dense layer of `16 * width` units follows. The paper's
    code has one constant map for each number, which is a special case. These maps can
    also differ between positions.

    Args:
        image_size: Height and width of the images: 8, 16, 28, 32, 64 or 128.
        channels: Number of channels of the images, at least 1. With `packing`, all
            channels of a pack.
        width: Number of channels of the finest level, at least 1.
        normalization: "none", "batch" or "spectral". Batch normalization follows every
            convolution except the first. Spectral normalization applies to every layer.
        minibatch_discrimination: If `True`, the last layer also gets similarities of
            each example's features to the features of its batch, from 100 kernels of 5
            dimensions. "joint" compares with the real and with the fake examples, for
            trainers with `joint_batch=True`.
        seed: Integer seed of the initial weights.
        num_classes: Number of classes, at least 1. `None` means a discriminator without
            labels.
        label_dim: Number of values that encode a label, at least 1.

    Returns:
        A `keras.Model` from images `[batch, image_size, image_size, channels]` to
        float32 logits `[batch, 1]`. With `num_classes` its inputs are
        `[images, labels]`, with int32 labels of shape `[batch]`.

    Raises:
        ValueError: If an argument is out of range, or the network would have more than
            10^9 weights.

    >>> dcgan_discriminator(16, channels=1, width=4).output_shape
    (None, 1)

    Reference:
        Radford et al., 2015, arXiv:1511.06434; minibatch discrimination: Salimans et
        al., 2016, arXiv:1606.03498; spectral normalization: Miyato et al., 2018,
        arXiv:1802.05957; labels: Mao et al., 2017, arXiv:1611.04076, section 3.3.
    """
    if normalization == "virtual":
        raise ValueError(
            "`normalization` must not be 'virtual' in a discriminator: the paper uses "
            "it in the generator only. Use 'none', 'batch' or 'spectral'. "
            "Received: normalization='virtual'"
        )
    _check(image_size, width, normalization, _DISCRIMINATOR_NORMALIZATIONS)
    _checks.positive_integer(channels=channels)
    label = _label(num_classes, label_dim)
    _check_discriminator(image_size, channels, width, label)
    make = _parts.Maker("dcgan_discriminator", seed, normalization == "spectral")
    first, *finer = _discriminator(make, image_size, width, normalization)
    rest = [layer for block in finer for layer in block]
    rest.append(_parts.flat("features"))
    end = [make.logit()]
    if minibatch_discrimination:
        end.insert(0, _minibatch_discrimination(make, minibatch_discrimination))
    pictures = keras.Input((image_size, image_size, channels))
    if num_classes is None:
        return make.sequential(pictures, *first, *rest, *end)
    labels, vectors = _parts.label_input(make, num_classes, label_dim)
    x = _parts.chain(pictures, first)
    x = _parts.concatenated("with_maps", x, _label_maps(make, vectors, image_size // 2))
    x = _parts.concatenated("with_label", _parts.chain(x, rest), vectors)
    joint = make.layer(keras.layers.Dense, 16 * width, "joint")
    end = [joint, layers.LeakyReLU(0.2, name="joint_leaky"), *end]
    return keras.Model([pictures, labels], _parts.chain(x, end), name=make.network)


def _check(image_size, width, normalization, normalizations):
    if image_size not in _COARSEST:
        raise ValueError(
            "`image_size` must be 8, 16, 28, 32, 64 or 128. "
            f"Received: image_size={image_size!r}"
        )
    _checks.positive_integer(width=width)
    _parts.check_choice("normalization", normalization, normalizations)


def _label(num_classes, label_dim):
    """Checks and returns the sizes that labels need, `{}` without labels."""
    if num_classes is None:
        return {}
    _checks.positive_integer(num_classes=num_classes, label_dim=label_dim)
    return {"num_classes": num_classes, "label_dim": label_dim}


def _table_size(label):
    return math.prod(label.values()) if label else 0


def _check_generator(image_size, channels, width, latent_dim, label):
    widths = _widths(image_size, width)
    project = (latent_dim + label.get("label_dim", 0)) * _grid_units(image_size, width)
    sizes = [_table_size(label), project, *_kernels(channels, *widths)]
    _limits.check_weights(sizes, width=width, latent_dim=latent_dim, **label)


def _check_discriminator(image_size, channels, width, label):
    widths = _widths(image_size, width)
    sizes = _kernels(channels, *widths)
    features = _grid_units(image_size, width)
    if label:
        label_dim = label["label_dim"]
        maps = label_dim * (image_size // 2) ** 2 * _LABEL_MAPS
        joint = (features + label_dim) * 16 * width
        seen = sum(_kernels(_LABEL_MAPS, *widths[1:2]))
        sizes += [_table_size(label), maps, seen, joint]
        features = 16 * width
    sizes.append(features)
    _limits.check_weights(sizes, channels=channels, width=width, **label)


def _check_reference(reference_size, image_size, width, latent_dim):
    """Checks that the reference's largest feature map, the finest, fits in memory."""
    values = max(latent_dim, width * (image_size // 2) ** 2)
    num_bytes = 4 * reference_size * values
    _limits.check_memory(num_bytes, reference_size=reference_size, width=width)


def _grid_units(image_size, width):
    return _COARSEST[image_size] ** 2 * _widths(image_size, width)[-1]


def _kernels(*widths):
    return [4 * 4 * entries for entries in _limits.chained(*widths)]


def _widths(image_size, width):
    """Returns the channels of the hidden levels, from the finest to the coarsest."""
    num_levels = (image_size // _COARSEST[image_size]).bit_length() - 1
    return [width * min(2**level, 8) for level in range(num_levels)]


def _generator(make, image_size, channels, width, normalization):
    """Returns the layers from the latents to the images."""
    *finer, coarsest = _widths(image_size, width)
    size = _COARSEST[image_size]
    norm = _norm(normalization, "grid")
    units = size * size * coarsest
    stack = [
        make.layer(keras.layers.Dense, units, "project", use_bias=not norm),
        keras.layers.Reshape((size, size, coarsest), name="grid"),
        *norm,
        keras.layers.ReLU(name="grid_relu"),
    ]
    for level, filters in enumerate(reversed(finer)):
        name = f"up_{2 * size * 2**level}"
        norm = _norm(normalization, name)
        stack.append(_conv(make, keras.layers.Conv2DTranspose, filters, name, norm))
        stack += [*norm, keras.layers.ReLU(name=f"{name}_relu")]
    name = f"up_{image_size}"
    last = _conv(make, keras.layers.Conv2DTranspose, channels, name)
    return [*stack, last, _parts.pictures()]


def _of_class(make, latents, stack, num_classes, label_dim):
    """Returns the generator with labels as second input."""
    labels, vectors = _parts.label_input(make, num_classes, label_dim)
    pictures = _parts.chain(_parts.concatenated("with_label", latents, vectors), stack)
    return keras.Model([latents, labels], pictures, name=make.network)


def _discriminator(make, image_size, width, normalization):
    """Yields the layers of each level, from the finest to the coarsest."""
    for level, filters in enumerate(_widths(image_size, width)):
        name = f"down_{image_size // 2 ** (level + 1)}"
        norm = _norm(normalization, name) if level else []
        conv = _conv(make, keras.layers.Conv2D, filters, name, norm)
        yield [conv, *norm, layers.LeakyReLU(0.2, name=f"{name}_leaky")]


def _label_maps(make, vectors, size):
    units = size * size * _LABEL_MAPS
    shape = (size, size, _LABEL_MAPS)
    maps = make.layer(keras.layers.Dense, units, "label_maps", use_bias=False)
    return keras.layers.Reshape(shape, name="maps")(maps(vectors))


def _conv(make, kind, filters, name, norm=()):
    """Returns a convolution, without bias if the normalization after it has one."""
    options = {"kernel_size": 4, "strides": 2, "padding": "same"}
    options |= _parts.CHANNELS_LAST
    return make.layer(kind, filters, name, use_bias=not norm, **options)


def _norm(normalization, name):
    if normalization == "batch":
        return [_parts.batch_norm(f"{name}_norm")]
    if normalization == "virtual":
        return [layers.VirtualBatchNorm(name=f"{name}_norm", **_parts.CHANNELS_LAST)]
    return []


def _minibatch_discrimination(make, mode):
    if mode not in (True, "joint"):
        raise ValueError(
            '`minibatch_discrimination` must be True, False or "joint". '
            f"Received: minibatch_discrimination={mode!r}"
        )
    joint = mode == "joint"
    return make.comparison(
        layers.JointMinibatchDiscrimination if joint else layers.MinibatchDiscrimination
    )
