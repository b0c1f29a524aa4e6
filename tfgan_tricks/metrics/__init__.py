"""Scores of generated examples: numpy in, floats out, in float64."""

from tfgan_tricks.metrics._balls import DensityCoverage as DensityCoverage
from tfgan_tricks.metrics._balls import PrecisionRecall as PrecisionRecall
from tfgan_tricks.metrics._balls import density_coverage as density_coverage
from tfgan_tricks.metrics._balls import precision_recall as precision_recall
from tfgan_tricks.metrics._features import Extracted as Extracted
from tfgan_tricks.metrics._features import Features as Features
from tfgan_tricks.metrics._features import pixel_features as pixel_features
from tfgan_tricks.metrics._features_classifier import cache_folder as cache_folder
from tfgan_tricks.metrics._features_classifier import (
    classifier_features as classifier_features,
)
from tfgan_tricks.metrics._features_inception import (
    inception_features as inception_features,
)
from tfgan_tricks.metrics._features_model import model_features as model_features
from tfgan_tricks.metrics._features_random import random_features as random_features
from tfgan_tricks.metrics._frechet import frechet_distance as frechet_distance
from tfgan_tricks.metrics._inception_score import InceptionScore as InceptionScore
from tfgan_tricks.metrics._inception_score import inception_score as inception_score
from tfgan_tricks.metrics._judge import Judge as Judge
from tfgan_tricks.metrics._kernel import KernelDistance as KernelDistance
from tfgan_tricks.metrics._kernel import kernel_distance as kernel_distance
from tfgan_tricks.metrics._modes import ModeCount as ModeCount
from tfgan_tricks.metrics._modes import StackedDigits as StackedDigits
from tfgan_tricks.metrics._modes import mode_count as mode_count
from tfgan_tricks.metrics._modes import stacked_digits as stacked_digits
from tfgan_tricks.metrics._ms_ssim import ms_ssim_diversity as ms_ssim_diversity
from tfgan_tricks.metrics._nearest import Neighbors as Neighbors
from tfgan_tricks.metrics._nearest import copying as copying
from tfgan_tricks.metrics._nearest import nearest_neighbors as nearest_neighbors
from tfgan_tricks.metrics._protocol import Evaluation as Evaluation
from tfgan_tricks.metrics._protocol import Protocol as Protocol
from tfgan_tricks.metrics._sliced_wasserstein import (
    sliced_wasserstein as sliced_wasserstein,
)
