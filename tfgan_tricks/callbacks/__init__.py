"""Keras callbacks for GANs, which count training steps instead of epochs."""

from tfgan_tricks.callbacks._best import Best as Best
from tfgan_tricks.callbacks._checkpoint_files import newest as newest
from tfgan_tricks.callbacks._checkpoints import Checkpoints as Checkpoints
from tfgan_tricks.callbacks._checkpoints import restore as restore
from tfgan_tricks.callbacks._checkpoints import save as save
from tfgan_tricks.callbacks._evaluate import Evaluate as Evaluate
from tfgan_tricks.callbacks._evaluate import best as best
from tfgan_tricks.callbacks._for_player import ForPlayer as ForPlayer
from tfgan_tricks.callbacks._generator_ema import GeneratorEMA as GeneratorEMA
from tfgan_tricks.callbacks._metrics_log import MetricsLog as MetricsLog
from tfgan_tricks.callbacks._picture import picture as picture
from tfgan_tricks.callbacks._picture import write_png as write_png
from tfgan_tricks.callbacks._sample_grid import SampleGrid as SampleGrid
from tfgan_tricks.callbacks._stop_on_non_finite import (
    StopOnNonFinite as StopOnNonFinite,
)
