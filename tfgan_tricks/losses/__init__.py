"""Adversarial losses: pairs of pure functions of logits, and combinators over them."""

from tfgan_tricks.losses._base import AdversarialLoss as AdversarialLoss
from tfgan_tricks.losses._cross_entropy import minimax as minimax
from tfgan_tricks.losses._cross_entropy import non_saturating as non_saturating
from tfgan_tricks.losses._get import config_of as config_of
from tfgan_tricks.losses._get import get as get
from tfgan_tricks.losses._hinge import hinge as hinge
from tfgan_tricks.losses._least_squares import BINARY as BINARY
from tfgan_tricks.losses._least_squares import PEARSON as PEARSON
from tfgan_tricks.losses._least_squares import LeastSquaresCoding as LeastSquaresCoding
from tfgan_tricks.losses._least_squares import least_squares as least_squares
from tfgan_tricks.losses._relativistic import relativistic as relativistic
from tfgan_tricks.losses._relativistic import (
    relativistic_average as relativistic_average,
)
from tfgan_tricks.losses._wasserstein import wasserstein as wasserstein
