"""Generators and discriminators, as functions that return Keras models."""

from tfgan_tricks.networks._conv_weight_norm import (
    conv_weight_norm_classifier as conv_weight_norm_classifier,
)
from tfgan_tricks.networks._conv_weight_norm import (
    conv_weight_norm_generator as conv_weight_norm_generator,
)
from tfgan_tricks.networks._dcgan import dcgan_discriminator as dcgan_discriminator
from tfgan_tricks.networks._dcgan import dcgan_generator as dcgan_generator
from tfgan_tricks.networks._lsgan import (
    lsgan_character_discriminator as lsgan_character_discriminator,
)
from tfgan_tricks.networks._lsgan import (
    lsgan_character_generator as lsgan_character_generator,
)
from tfgan_tricks.networks._lsgan import lsgan_discriminator as lsgan_discriminator
from tfgan_tricks.networks._lsgan import lsgan_generator as lsgan_generator
from tfgan_tricks.networks._mlp import mlp_discriminator as mlp_discriminator
from tfgan_tricks.networks._mlp import mlp_generator as mlp_generator
from tfgan_tricks.networks._standard_cnn import (
    standard_cnn_discriminator as standard_cnn_discriminator,
)
from tfgan_tricks.networks._standard_cnn import (
    standard_cnn_generator as standard_cnn_generator,
)
from tfgan_tricks.networks._weight_norm import (
    weight_norm_classifier as weight_norm_classifier,
)
from tfgan_tricks.networks._weight_norm import (
    weight_norm_generator as weight_norm_generator,
)
