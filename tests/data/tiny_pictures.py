"""A tiny dataset for TensorFlow Datasets that needs no download."""

import pathlib

import numpy as np
import tensorflow_datasets as tfds

_GRAY = tfds.features.Image(shape=(3, 3, 1))
_DEEP = tfds.features.Image(shape=(3, 3, 1), dtype=np.uint16)
_VARIED = tfds.features.Image(shape=(None, None, 4))
_KIND = tfds.features.ClassLabel(names=["zero", "one", "two"])
_NUMBERS = tfds.features.Sequence(np.int64)

FEATURES = {
    "fixed": {"image": _GRAY, "label": _KIND, "numbers": _NUMBERS},
    "varied": {"mask": _GRAY, "picture": _VARIED, "other": _KIND, "kind": _KIND},
    "unlabeled": {"image": _GRAY, "numbers": _NUMBERS},
    "no_pictures": {"numbers": _NUMBERS},
    "two_pictures": {"left": _GRAY, "right": _GRAY},
    "deep": {"image": _DEEP},
}
SUPERVISED = {"varied": ("picture", "kind")}


def value(feature, i):
    """Returns the value of a feature of example `i`: its own gray level, or kind."""
    if feature is _VARIED:
        return np.full([2 + i, 5, 4], [10 * i, 0, 0, 255], "uint8")
    if feature in (_GRAY, _DEEP):
        return np.full([3, 3, 1], 10 * i, feature.np_dtype)
    return [7] * i if feature is _NUMBERS else i % 3


class TinyPictures(tfds.core.GeneratorBasedBuilder):
    code_path = pathlib.Path(__file__)  # TFDS 4.9.4 finds none in namespace packages.
    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [tfds.core.BuilderConfig(name=name) for name in FEATURES]

    def _info(self):
        name = self.builder_config.name
        return tfds.core.DatasetInfo(
            builder=self,
            features=tfds.features.FeaturesDict(FEATURES[name]),
            supervised_keys=SUPERVISED.get(name),
        )

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples(5), "test": self._generate_examples(2)}

    def _generate_examples(self, count):
        features = FEATURES[self.builder_config.name].items()
        for i in range(count):
            yield i, {name: value(feature, i) for name, feature in features}
