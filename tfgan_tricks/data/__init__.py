"""Real examples to train on: datasets by name, and deterministic batches of them."""

from tfgan_tricks._not_prepared import NotPrepared as NotPrepared
from tfgan_tricks._unit_range import to_uint8 as to_uint8
from tfgan_tricks._unit_range import to_unit_range as to_unit_range
from tfgan_tricks.data._batches import batches as batches
from tfgan_tricks.data._load import load as load
from tfgan_tricks.data._mixtures import Mixture as Mixture
from tfgan_tricks.data._mixtures import mixture as mixture
from tfgan_tricks.data._semi_supervised import labeled_subset as labeled_subset
from tfgan_tricks.data._semi_supervised import (
    semi_supervised_batches as semi_supervised_batches,
)
from tfgan_tricks.data._source import Source as Source
