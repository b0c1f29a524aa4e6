"""Packaging of tfgan_tricks: the library, the trainers and the launchers."""

import pathlib
import re

from setuptools import find_packages
from setuptools import setup

HERE = pathlib.Path(__file__).parent

# Read, not imported, which would need what is installed here.
SOURCE = (HERE / "tfgan_tricks" / "__init__.py").read_text(encoding="utf-8")
(VERSION,) = re.findall(r'^__version__ = "(.+)"$', SOURCE, re.MULTILINE)

# The two supported stacks are TF 2.15 with Keras 2.15 (for TensorFlow Addons)
# and TF >= 2.21 with Keras >= 3.15.1; everything in between is excluded.
TENSORFLOW = "tensorflow>=2.15.1," + ",".join(f"!=2.{i}.*" for i in range(16, 21))
KERAS = "keras>=2.15,!=3.15.0," + ",".join(f"!=3.{i}.*" for i in range(15))

setup(
    name="tfgan_tricks",
    version=VERSION,
    description="Losses and tricks for training GANs with TensorFlow and Keras.",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    packages=find_packages(include=["tfgan_tricks*", "trainers*", "launch*"]),
    package_data={
        "launch._compare": ["report.html"],
        **dict.fromkeys(("tfgan_tricks", "trainers", "launch"), ["py.typed"]),
    },
    python_requires=">=3.11",
    install_requires=[
        TENSORFLOW,
        KERAS,
        "absl-py>=1.4",
        "importlib_resources",  # TFDS imports it without declaring it.
        "mlxtend>=0.23",
        "numpy>=1.26",
        "pillow>=11",
        "pydantic>=2.7",
        "pyyaml>=6",
        "scikit-learn>=1.3",
        "scipy>=1.11",
        "tensorboard>=2.15",
        "tensorflow-datasets>=4.9.4",
    ],
    extras_require={
        "addons": [
            "tensorflow==2.15.1",
            "keras==2.15.*",
            "tensorflow-addons==0.23.0",
            "tensorflow-metadata<1.16",  # Later ones need a protobuf that TF 2.15 bars.
        ],
        "compare": [  # The report of `launch.compare`.
            "jinja2>=3.1",
            "matplotlib>=3.8",
        ],
        "docs": [
            "mkdocs-material>=9.5",
            "mkdocstrings[python]>=1.0",
            "ruff>=0.15",  # Formats the signatures.
        ],
        "ray": ["ray>=2.30"],  # Comparisons on a cluster.
        "search": ["optuna>=4"],  # Comparisons that choose what to try.
        "speed": [  # What `benchmarks.step_time` compares with.
            "jax>=0.10",
            "torch>=2.13",
        ],
        "test": [
            "ipykernel>=6.29",
            "jinja2>=3.1",
            "mypy>=2.4",
            "nbclient>=0.10",
            "optuna>=4",
            "pytest>=8",
            "pytest-timeout>=2.3",
            "pytest-xdist>=3.6",
            "pyyaml>=6",
            "ruff>=0.15",
        ],
    },
    entry_points={
        "console_scripts": [
            "tfgan-train=launch.train:run",
            "tfgan-sample=launch.sample:run",
            "tfgan-export=launch.export:run",
            "tfgan-compare=launch.compare:run",
            "tfgan-evaluate=launch.evaluate:run",
            "tfgan-figures=launch.figures:run",
        ]
    },
    classifiers=[
        "Intended Audience :: Science/Research",
        "Programming Language :: Python :: 3.11",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
)
