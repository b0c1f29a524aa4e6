"""Penalties on the critic's gradient with respect to its input, and on parameters."""

from tfgan_tricks.penalties._dragan import DraganPenalty as DraganPenalty
from tfgan_tricks.penalties._historical_average import (
    HistoricalAverage as HistoricalAverage,
)
from tfgan_tricks.penalties._interpolated import (
    InterpolatedGradientPenalty as InterpolatedGradientPenalty,
)
from tfgan_tricks.penalties._interpolated import (
    ZeroCenteredInterpolated as ZeroCenteredInterpolated,
)
from tfgan_tricks.penalties._zero_centered import R1 as R1
from tfgan_tricks.penalties._zero_centered import R2 as R2
