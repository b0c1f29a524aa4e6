"""Hundreds of wrong command lines, by kind: one line of error each, and no TensorFlow.

The line names the argument as the user wrote it; nothing is written or lost.
"""

import itertools
import os
import re

import pytest

from launch import export
from launch import sample
from launch import train
from tests.launch.programs import run
from tests.launch.test_cli import folder as folder
from tests.launch.test_cli import no_tensorflow as no_tensorflow

LONG = "9" * 5000
HUGE = str(2**63 - 1)
# Texts that are not numbers, and numbers that no option accepts.
NOT_NUMBERS = ["", " ", "a", "nan!", "1e", "１", "²", "0x10", "1 2", "1,5", "None!"]
NOT_FLOATS = [*NOT_NUMBERS, "nan", "inf", "-inf", "1e400", "-1", "9" * 400]
NOT_INTEGERS = [*NOT_NUMBERS, "1.5", "inf", "nan", "1e3x", "-1", LONG, "9" * 30]
NOT_PLACES = [
    *("{tmp}/loop", "{tmp}/loop/x", "{tmp}/full/file/x", "{tmp}/pipe/x", "/dev/null/x"),
    *("a" * 300, "{tmp}/" + "b" * 300 + "/c", "x/" * 3000, "{tmp}/pipe", "/dev/null"),
    *("/dev/full", "/proc/self/environ/x"),
]
NOT_RUNS = ["[", "a?", "{tmp}/*", "\\", "\x01", "\n", "{tmp}/\udcff", "a\x7f"]

SETS = {
    "optimizer.generator_learning_rate": NOT_FLOATS,
    "optimizer.beta_1": [*NOT_FLOATS, "1"],
    "ema_decay": [*NOT_FLOATS, "1"],
    "penalty_weight": NOT_FLOATS,
    "trainer.real_label": [*NOT_FLOATS, "0", "1.1"],
    "width": [*NOT_INTEGERS, "0", HUGE],
    "latent_dim": [*NOT_INTEGERS, "0", HUGE],
    "image_size": [*NOT_INTEGERS, "0", HUGE],
    "channels": [*NOT_INTEGERS, "0", "2", "4", HUGE],
    "steps_per_execution": [*NOT_INTEGERS, "0", HUGE],
    "discriminator_steps": [*NOT_INTEGERS, "0", HUGE],
    "log_every": [*NOT_INTEGERS, "0", HUGE],
    "conditional": ["", "2", "maybe", "nan", "-1"],
    "jit_compile": ["", "2", "maybe", "nan", "-1"],
    "precision": ["", "float16", "Float32", "float32 "],
    "penalty": ["", "+", "r1+", "r1+nope", "r1,r2", "R1"],
    "network": ["", "MLP", "mlp ", "none", "os:system"],
    "learning_rate_schedule": ["", "linearr", "Linear"],
}
NOT_KEYS = [
    *("", "=", "=3", "width", "a.b.c=3", "trainer.=3", ".a=3", "trainer..a=3"),
    *("__class__=1", "name=3", "preset=digits", "WIDTH=3", "wïdth=3", "\x1b[31m=3"),
    *("base=hinge", "at=os:system", "trainer.at=os:system"),
]
TRAIN = {
    **dict.fromkeys(("steps", "checkpoint_every", "sample_every"), [*NOT_INTEGERS]),
    "batch_size": [*NOT_INTEGERS, "0", HUGE],
    "seed": [*NOT_INTEGERS, HUGE],
    "rollbacks": [*NOT_INTEGERS, HUGE],
    "evaluate_every": [*NOT_INTEGERS, HUGE],
    "num_virtual_devices": [*NOT_INTEGERS, "0", "1000001", "2"],
    "preset": ["", " ", "Digits", "digits ", "\x1b[31m", "../digits", "a" * 5000],
    "trainer": ["", "Wgan", "wgan+hinge_gan", "os.system", " r3_gan", "none"],
    "optimizer": ["", "Adam", "adam ", "addons:", "os:system", "keras.optimizers:Adam"],
    "strategy": ["", "Mirrored", "tpu", "none "],
    "resume": ["2", "maybe", ""],
    "download": ["2", "maybe", ""],
    "workdir": [*NOT_PLACES, "{tmp}/\udcff", "{tmp}/trained", "{tmp}/full/file"],
    "dataset": [
        *("", ":", "tfds", "tfds:", "npz", "npz:", "digits8:x", "a:b:c", "http://a/b"),
        *("npz:" + path for path in NOT_PLACES),
        *("image_folder:" + path for path in (*NOT_PLACES, "/proc/self/fd")),
        *("npz:{tmp}", "npz:{tmp}/dangling", "npz:\x1b", "npz:" + "a" * 5000),
    ],
    "config": [
        *("", "digits", "{tmp}", "{tmp}/dangling", "{tmp}/full/file", "{tmp}/\udcff"),
        *NOT_PLACES,
        *("{tmp}/bytes.json", "{tmp}/list.json", "{tmp}/deep.json", "/proc/self/mem"),
        *("{tmp}/open.yaml", "{tmp}/deep.yaml", "{tmp}/tag.yaml", "{tmp}/bomb.yaml"),
        *("{tmp}/long.yaml", "{tmp}/deep_block.yaml"),
    ],
    "set": [
        *(f"{key}={value}" for key, values in SETS.items() for value in values),
    ],
}
SAMPLE = {
    "num_images": [*NOT_INTEGERS, "0", str(2**31), str(2**31 - 1)],
    "seed": [*NOT_INTEGERS, str(2**31)],
    "class": ["", "7", "cat", "-1"],
    "output": [
        *("", "x", "x.jpg", "x.png.txt", ".png/", "/", "{tmp}/full", "a" * 300),
        *(f"{path}.png" for path in NOT_PLACES if not path.startswith("/dev")),
        *("{tmp}/dangling.png", "{tmp}/folder.png", "{tmp}/folder.png/", "/dev/null"),
    ],
    "workdir": [*NOT_PLACES, *NOT_RUNS, "", "{tmp}", "{tmp}/full", "/"],
}
EXPORT = {
    "format": ["", "Keras", "h5", "onnx", "saved-model", " keras"],
    "output": [
        *("", "/", "{tmp}", "{tmp}/full", "{tmp}/full/file", "{tmp}/trained"),
        *("{tmp}/dangling", "x.h5", "x.onnx", "x.tflite", "x.pb", "x.png", "x.KERAS"),
        *NOT_PLACES,
        *(f"{path}.keras" for path in NOT_PLACES if not path.startswith("/dev")),
    ],
    "workdir": [*NOT_PLACES, *NOT_RUNS, "", "{tmp}", "{tmp}/full", "/"],
}
NOT_FLAGS = [
    *("-", "=3", "stéps=3", "\x1b[31m=3", "\udcff=3", "a" * 5000, "steps ", "s" * 79),
    *("flagfile=/dev/zero", "flagfile={tmp}/pipe", "undefok=steps", "help=3"),
    *("noresume=1", "steps", "set", "width=3", "image_size=32", "zzz", "helpfull"),
]
# Flags that contradict each other or need another one, and a match for the error.
TOGETHER = [
    (("set=width=3", "set=network.width=3"), "must be given once"),
    (("seed=3", "set=seed=3"), "`seed` must be given once"),
    (("preset=digits", "config={tmp}/trained/config.json"), "`config` must not"),
    (("resume",), "`workdir` must be given with --resume"),
    (("resume", "preset=ring8"), "`workdir` must be given with --resume"),
    (
        ("download", "preset=ring8"),
        "only with stacked_mnist or tfds:NAME",
    ),
    (
        ("download", "dataset=npz:{tmp}/full/file"),
        "only with stacked_mnist or tfds:NAME",
    ),
    (("strategy=multi_worker",), "`workdir` must be given"),
    (("strategy=multi_worker", "workdir={tmp}/new"), "`TF_CONFIG` must"),
    (("num_virtual_devices=2",), "`num_virtual_devices` must be given with --strategy"),
    (("preset=emoji", "data_dir={tmp}"), "{tmp}/emoji64"),
    (("preset=mnist", "data_dir={tmp}/loop"), "Received: data_dir='{tmp}/loop'"),
    (("preset=mnist", "data_dir=/dev/null"), "with the same command and --download"),
    (("resume", "workdir={tmp}/trained", "steps=6"), "`steps` must be at least the 7"),
    (("resume", "workdir={tmp}/trained", "seed=9"), "seed=9 [(]it was 0"),
    (("resume", "workdir={tmp}/trained", "trainer=wgan"), "`resume` must keep all"),
    (("resume", "workdir={tmp}/trained", "preset=ring8"), "`resume` must keep all"),
    (("resume", "workdir={tmp}/files"), "`workdir` must have a folder checkpoints"),
    (("trainer=wgan", "loss=hinge"), "`loss` must be given only with"),
    (("set=network=mlp", "set=minibatch_discrimination=true"), "network dcgan"),
    (("set=penalty=r1", "set=joint_batch=true"), "`penalty` must be none"),
    (
        ("set=label_dim=7", "set=conditional=false"),
        "`label_dim` must be given only with `cond",
    ),
    (("set=packing=2", "preset=digits"), "1 for class-conditional networks"),
    (("set=packing=2", "preset=mnist_semi_supervised"), "classifies single examples"),
    (("set=packing=7", "preset=ring8"), "`batch_size` must be a multiple of `packing`"),
    (
        ("set=schedule=simultaneous", "set=discriminator_steps=2"),
        "`discriminator_steps` must be 1",
    ),
    (
        ("set=schedule=simultaneous", "set=discriminator_normalization=batch"),
        "`discriminator_normalization` must be none or spectral",
    ),
    (
        ("set=schedule=simultaneous", "trainer=feature_matching_gan"),
        "`schedule` must be alternating",
    ),
    (
        ("set=schedule=simultaneous", "set=reuse_fake_batch=true"),
        "`reuse_fake_batch` must be False",
    ),
    (("set=micro_batches=2",), "`micro_batches` must be 1 for batch normalization"),
    (
        ("set=micro_batches=2", "trainer=relativistic_average_gan"),
        "`micro_batches` must be 1 for the trainer relativistic_average_gan",
    ),
    (
        ("preset=ring8", "set=micro_batches=2", "set=penalty=dragan_penalty"),
        "`micro_batches` must be 1 for dragan_penalty",
    ),
    (
        ("preset=ring8", "set=micro_batches=3"),
        "`batch_size` must be a multiple of `micro_batches`",
    ),
    (
        ("preset=ring8", "set=micro_batches=2", "set=reuse_fake_batch=true"),
        "`reuse_fake_batch` must be False with `micro_batches`",
    ),
]
INTERNAL = re.compile(
    r"`(directory|folder|path|name|data|label|download=True)`|download=True"
)


@pytest.fixture
def cluttered(folder):
    """Returns the folder of `test_cli`, with more files that get in the way."""
    for name in ("loop", "loop.png", "loop.keras"):
        (folder / name).symlink_to(name)
    for name in ("dangling", "dangling.png"):
        (folder / name).symlink_to("nowhere")
    for name in ("pipe", "pipe.png", "pipe.keras"):
        os.mkfifo(folder / name)
    (folder / "folder.png").mkdir()
    (folder / "files").mkdir()
    for name in ("config.json", "run.json"):
        content = (folder / "trained" / name).read_bytes()
        (folder / "files" / name).write_bytes(content)
    (folder / "files" / "checkpoints").write_text("a file")
    (folder / "bytes.json").write_bytes(b"\xff\xfe{}")
    (folder / "list.json").write_text("[]")
    (folder / "deep.json").write_text("[" * 100_000)
    (folder / "deep.yaml").write_text("[" * 60_000)
    (folder / "deep_block.yaml").write_text("- " * 30_000)
    (folder / "open.yaml").write_text("a: [1")
    (folder / "long.yaml").write_text("a: " + "b" * 2**20)
    (folder / "tag.yaml").write_text("!!python/object/apply:os.mkdir [owned]")
    (folder / "bomb.yaml").write_text("\n".join(bomb()))
    return folder


def bomb():
    """Yields a few lines of YAML that expand to 9**9 texts."""
    yield "a: &a [" + ", ".join("x" * 9) + "]"
    for before, name in itertools.pairwise("abcdefghi"):
        yield f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]"


def there(folder):
    """Returns all paths below a folder, with their sizes and times of change."""
    paths = sorted(folder.rglob("*"))
    return [(path, path.lstat().st_mtime_ns, path.lstat().st_size) for path in paths]


@pytest.fixture
def refused(cluttered, monkeypatch, capsys, no_tensorflow):
    """Runs a program that must fail; returns the faults of its error, in words."""
    monkeypatch.chdir(cluttered)
    monkeypatch.delenv("TF_CONFIG", raising=False)
    before = there(cluttered)

    def refuse(program, arguments, named):
        arguments = [text.replace("{tmp}", str(cluttered)) for text in arguments]
        code = run(program, *arguments)
        out, line = capsys.readouterr()
        faults = {
            f"code {code}": code != 2,
            f"output {out!r}": out,
            "not one line": line.count("\n") != 1 or not line.endswith("\n"),
            "too long": len(line) > 1500,
            "control characters": not line[:-1].isprintable(),
            "internal name": INTERNAL.search(line),
            "nothing named": not re.search(named.format(tmp=cluttered), line),
            "written": there(cluttered) != before,
        }
        told = [fault for fault, is_there in faults.items() if is_there]
        return [f"{arguments!r:.200}: {', '.join(told)}: {line:.300}"] if told else []

    return refuse


KINDS = [
    (program, flag, values)
    for program, table in ((train, TRAIN), (sample, SAMPLE), (export, EXPORT))
    for flag, values in table.items()
]


def named_by(flag, value):
    """Returns a match for the name of a flag, or of the key that it sets."""
    key = value.partition("=")[0].rpartition(".")[2] if flag == "set" else flag
    return f"{key}.*Received: "


@pytest.mark.parametrize(
    ("program", "flag", "values"), KINDS, ids=[f"{k[0].PROGRAM}-{k[1]}" for k in KINDS]
)
def test_wrong_values(program, flag, values, refused):
    given = {"workdir": "{tmp}/trained", "output": "{tmp}/new.png"}
    if program is export:
        given["output"] = "{tmp}/new"
    needed = {} if program is train else given
    wrong = []
    for value in values:
        flags = needed | {flag: value}
        arguments = [f"{name}={text}" for name, text in flags.items()]
        wrong += refused(program, arguments, named_by(flag, value))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("program", [train, sample, export])
def test_wrong_flags(program, refused):
    wrong = []
    for text in NOT_FLAGS:
        known = program is train or not text.startswith(("steps", "set", "noresume"))
        named = r"[Nn]o flag|Missing|must be|does not take|Received"
        wrong += refused(program, [text], named if known else "no flag")
    assert not wrong, "\n".join(wrong)


def test_wrong_keys(refused):
    named = "`set` must be key=value.* Received: set="
    wrong = [line for key in NOT_KEYS for line in refused(train, [f"set={key}"], named)]
    assert not wrong, "\n".join(wrong)


def test_flags_that_do_not_fit_together(refused):
    wrong = [line for given, named in TOGETHER for line in refused(train, given, named)]
    assert not wrong, "\n".join(wrong)
