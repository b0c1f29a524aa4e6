"""Layers of the GAN papers."""

from tfgan_tricks.layers._adapt import adapt as adapt
from tfgan_tricks.layers._dropout import Dropout as Dropout
from tfgan_tricks.layers._gaussian_noise import GaussianNoise as GaussianNoise
from tfgan_tricks.layers._joint_minibatch_discrimination import (
    JointMinibatchDiscrimination as JointMinibatchDiscrimination,
)
from tfgan_tricks.layers._leaky_relu import LeakyReLU as LeakyReLU
from tfgan_tricks.layers._minibatch_discrimination import (
    MinibatchDiscrimination as MinibatchDiscrimination,
)
from tfgan_tricks.layers._minibatch_std_dev import MinibatchStdDev as MinibatchStdDev
from tfgan_tricks.layers._spectral_normalization import (
    SpectralNormalization as SpectralNormalization,
)
from tfgan_tricks.layers._updates import claim_update as claim_update
from tfgan_tricks.layers._updates import updates_never as updates_never
from tfgan_tricks.layers._updates import updates_once as updates_once
from tfgan_tricks.layers._virtual_batch_norm import VirtualBatchNorm as VirtualBatchNorm
from tfgan_tricks.layers._virtual_batch_norm import (
    VirtualBatchNormalized as VirtualBatchNormalized,
)
from tfgan_tricks.layers._weight_norm_conv import WeightNormConv2D as WeightNormConv2D
from tfgan_tricks.layers._weight_norm_conv import (
    WeightNormConv2DTranspose as WeightNormConv2DTranspose,
)
from tfgan_tricks.layers._weight_norm_dense import WeightNormDense as WeightNormDense
