import json
import pathlib
import sys

import pytest
import tensorflow as tf

from benchmarks import step_time
from benchmarks._speed import contenders
from benchmarks._speed import flops
from benchmarks._speed import ours
from benchmarks._speed import processes
from benchmarks._speed import report
from benchmarks._speed import workloads
from tests.benchmarks.live_operations import live_operations

ROOT = pathlib.Path(__file__).parents[2]
TINY = workloads.dcgan(16, width=2, batch_size=3, generator={"latent_dim": 5})


def test_products_of_a_step_by_hand():
    """Of the DCGAN of 32x32 images, as in a calculation on paper."""
    first = 2 * 16**2 * 4**2 * 3 * 64
    discriminator = (
        first + 2 * 8**2 * 4**2 * 64 * 128 + 2 * 4**2 * 4**2 * 128 * 256 + 2 * 4096
    )
    project = 2 * 128 * 4096
    generator = project + (
        2 * 4**2 * 4**2 * 256 * 128
        + 2 * 8**2 * 4**2 * 128 * 64
        + 2 * 16**2 * 4**2 * 64 * 3
    )
    of_critic = 2 * (3 * discriminator - first)  # Outputs, and gradients by weights.
    of_generator = 3 * generator - project + 3 * discriminator
    expected = 64 * (generator + of_critic + of_generator)
    assert flops.of_step(workloads.ROWS["dcgan32"]) == expected
    with_gp = flops.of_step(workloads.ROWS["dcgan32_gp"])
    assert with_gp == expected + 64 * 4 * discriminator
    with_both = flops.of_step(workloads.ROWS["dcgan32_r1_r2"])
    assert with_both == expected + 64 * 6 * discriminator
    virtual = flops.of_step(workloads.ROWS["virtual_batch_norm"])
    assert virtual == expected + 64 * (4 * generator - project)
    compared = flops.of_step(workloads.ROWS["minibatch_64"])
    assert compared == expected + 64 * 9 * 2 * (4096 * 500 + 100)


def products(operation):
    """Returns the operations in the products of a node of a graph."""
    kind, *shapes = operation.type, *(each.shape for each in operation.inputs)
    size = operation.outputs[0].shape if operation.outputs else None
    if kind == "MatMul":
        depth = shapes[0][0 if operation.get_attr("transpose_a") else 1]
        return 2 * size.num_elements() * depth
    kernel, many = {
        "Conv2D": lambda: (shapes[1], size),
        "Conv2DBackpropInput": lambda: (shapes[1], shapes[2]),
        "Conv2DBackpropFilter": lambda: (size, shapes[2]),
    }.get(kind, lambda: (None, None))()
    return 2 * many.num_elements() * kernel[:3].num_elements() if many else 0


def test_products_are_those_of_the_graph_that_tensorflow_runs():
    gan = ours.compiled(TINY)
    images = tf.zeros([6, 16, 16, 3])
    graph = tf.function(gan.train_step).get_concrete_function(images).graph
    counted = sum(map(products, live_operations(graph)))
    assert counted == flops.of_step(TINY)


@pytest.mark.parametrize(
    "name", ["dcgan64", "standard_cnn", "points", "semi_supervised", *workloads.TRICKS]
)
def test_descriptions_have_the_weights_of_the_networks(name):
    workload = workloads.ROWS[name]
    networks = ours.with_precision(workload)
    described = workload.generator_layers, workload.discriminator_layers
    for network, layers in zip(networks, described, strict=True):
        assert ours.count(network) == flops.parameters(layers)


def test_contenders_with_other_networks_are_refused():
    class Other:
        parameters = flops.parameters(TINY.generator_layers + TINY.discriminator_layers)

    step_time.check_parameters(TINY, {"one": Other})
    Other.parameters += 1
    with pytest.raises(RuntimeError, match="Contenders differ"):
        step_time.check_parameters(TINY, {"one": Other})


@pytest.mark.parametrize("name", ["fit", "step", "keras_no_xla"])
def test_contenders_time_the_steps_that_they_are_asked_for(name, monkeypatch):
    moments = []
    monkeypatch.setattr("time.perf_counter", lambda: moments.append(0) or len(moments))
    points = workloads.POINTS._replace(
        generator={"output_shape": (2,), "latent_dim": 3, "hidden": (4,)},
        discriminator={"input_shape": (2,), "hidden": (4,)},
        batch_size=2,
        penalties=("r1", "gp"),
        steps_per_execution=1,
    )
    running = contenders.ROWS[name].start(points)
    layers = points.generator_layers + points.discriminator_layers
    assert running.parameters == flops.parameters(layers)
    running.run(0)
    moments.clear()
    seconds = running.run(3)
    # `fit` looks at its watch after every step, of which the first is not timed.
    assert seconds == (1 if name == "step" else 3)
    assert len(moments) >= seconds + 1


WORKER = """
import sys
from benchmarks._speed import contenders, worker, workloads
class Fake:
    @staticmethod
    def start(workload):
        print("noise")
        if workload.batch_size == 100:
            raise ValueError("cannot")
        asked = []
        def run(steps):
            asked.append(steps)
            if workload.penalties == ("gp",) and len(asked) == 4:
                sys.exit("killed")
            return 0.01 * steps * len(asked)
        return contenders.Running(7, run)
contenders.ROWS["fake"] = Fake
worker.main(*sys.argv[1:])
"""


@pytest.fixture
def fakes(monkeypatch):
    def command(contender, workload, python):
        return [python, "-c", WORKER, contender, workload]

    monkeypatch.setattr(processes, "command", command)
    row = contenders.Contender("A fake", "none")
    monkeypatch.setitem(contenders.ROWS, "fake", row)


def test_processes_take_turns(fakes, capsys):
    names = ("dcgan32", "semi_supervised", "dcgan32_gp", "points")
    pairs = [("fake", name) for name in names]
    done = processes.measured(pairs, 3, seconds=0.1, granularity=2, pythons={})
    assert [each.workload for each in done] == ["dcgan32", "points"]
    told = capsys.readouterr().out
    assert "fake on semi_supervised has ended: ValueError: cannot" in told
    assert told.count("fake on dcgan32_gp has ended: killed") == 2
    result = done[0].result()
    # After the first step and a trial, each a call that is 10 ms a step slower. A turn
    # of 100 ms is 4, then 2 steps: at 20 ms a step, at 30 and at 40.
    assert done[0].parameters == 7
    assert result["rounds"] == [30.0, 40.0, 50.0]
    assert result["milliseconds"] == 40.0
    assert result["peak_bytes"] > 2**20


def test_rows_train_what_they_can():
    names = step_time.USUAL
    assert step_time.pairs_of("points", names) == [
        (name, "points") for name in ("fit", "fit_simultaneous", "keras", "torch")
    ]
    mixing = step_time.pairs_of("minibatch_64", names)
    assert ("fit_simultaneous", "minibatch_64") not in mixing
    assert step_time.pairs_of("virtual_batch_norm", ["fit", "torch"]) == [
        ("fit", "virtual_batch_norm"),
        ("fit", "dcgan32"),
    ]
    assert step_time.chosen(["points", "tricks"])[1:] == list(workloads.TRICKS)
    assert set(step_time.chosen(["targets", "growth"])) <= workloads.ROWS.keys()


def result(*rounds):
    middle = sorted(rounds)[len(rounds) // 2]
    return {
        "milliseconds": middle,
        "rounds": list(rounds),
        "first_step_seconds": 5.25,
        "peak_bytes": 2**29,
    }


RESULTS = {
    "machine": {"processor": "P", "cores": 2},
    "peaks": {"float32": 1000.0},
    "probes": {"start": {"help": 0.3, "commit": "c"}},
    "workloads": {
        "dcgan32": {
            "gflop": 30.0,
            "peak": 1000.0,
            "contenders": {
                "fit": result(40.0, 50.0, 45.0),
                "step": result(44.1),
                "torch": result(67.5),
                "torch_channels_last": result(54.0),
            },
            "baseline": None,
        },
        "virtual_batch_norm": {
            "gflop": 40.0,
            "peak": 1000.0,
            "contenders": {"fit": result(75.0)},
            "baseline": result(50.0),
        },
    },
}


def test_tables_say_what_was_measured():
    tables = report.tables(RESULTS)
    assert tables["times"].splitlines()[::2] == [
        "| ms a step | `fit` | bare step | PyTorch | PyTorch, channels last |",
        "| DCGAN-32 | 45.0 | 44.1 | 67.5 | 54.0 |",
    ]
    assert (
        tables["ratios"].splitlines()[-1] == "| DCGAN-32 | 1.20 | - | - | 0.98 | 67% |"
    )
    assert tables["tricks"].splitlines()[-1].endswith("| 50.0 | 75.0 | +50% | +31% |")
    row = "| DCGAN-32 | `fit` | 45.0 | 40.0 to 50.0 | 67% | 512 MiB | 5.2 s |"
    assert row in tables["details"]
    assert "| `python -m launch.train --help` | 0.30 s |" in tables["probes"]


def test_tables_replace_what_is_between_their_marks():
    page = "a\n<!-- t -->\n\nold\n\n<!-- end of t -->\nb\n"
    assert report.replaced(page, "t", "new") == page.replace("old", "new")
    with pytest.raises(ValueError, match="marks"):
        report.replaced(page, "u", "new")


def test_figures_are_drawn(tmp_path):
    report.draw_contenders(RESULTS, tmp_path / "a.png")
    report.draw_growth(RESULTS, tmp_path / "b.png")
    assert all((tmp_path / f"{name}.png").stat().st_size > 1000 for name in "ab")


def test_the_page_has_the_tables_of_the_published_results():
    published = ROOT / "benchmarks/results/step_time.json"
    results = json.loads(published.read_text())
    page = (ROOT / "docs/performance.md").read_text()
    for name, table in report.tables(results).items():
        assert report.replaced(page, name, table) == page


def test_workers_import_no_framework_of_others():
    assert "torch" not in sys.modules and "jax" not in sys.modules
