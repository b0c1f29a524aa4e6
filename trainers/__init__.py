"""Keras models that train GANs, one per paper."""

from trainers._batch import Batch as Batch
from trainers.base import AdversarialTrainer as AdversarialTrainer
from trainers.feature_matching_gan import FeatureMatchingGAN as FeatureMatchingGAN
from trainers.hinge_gan import HingeGAN as HingeGAN
from trainers.ls_gan import LSGAN as LSGAN
from trainers.minimax_gan import MinimaxGAN as MinimaxGAN
from trainers.non_saturating_gan import NonSaturatingGAN as NonSaturatingGAN
from trainers.r3_gan import R3GAN as R3GAN
from trainers.relativistic_average_gan import (
    RelativisticAverageGAN as RelativisticAverageGAN,
)
from trainers.relativistic_gan import RelativisticGAN as RelativisticGAN
from trainers.semi_supervised_gan import SemiSupervisedGAN as SemiSupervisedGAN
from trainers.wgan import WGAN as WGAN
from trainers.wgan_gp import WGANGP as WGANGP
