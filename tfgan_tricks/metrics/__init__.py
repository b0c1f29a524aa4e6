"""Scores of generated examples: numpy in, floats out, in float64."""

from tfgan_tricks.metrics._balls import DensityCoverage as DensityCoverage
from tfgan_tricks.metrics._balls import PrecisionRecall as PrecisionRecall
from tfgan_tricks.metrics._balls import density_coverage as density_coverage
from tfgan_tricks.metrics._balls import precision_recall as precision_recall
from tfgan_tricks.metrics._frechet import frechet_distance as frechet_distance
from tfgan_tricks.metrics._inception_score import InceptionScore as InceptionScore
from tfgan_tricks.metrics._inception_score import inception_score as inception_score
from tfgan_tricks.metrics._kernel import KernelDistance as KernelDistance
from tfgan_tricks.metrics._kernel import kernel_distance as kernel_distance
