"""The results that run folders contain, and their statistics."""

import csv
import io
import json

import numpy as np
import pytest
from scipy import stats

from launch._compare import _report
from launch._compare import _results
from launch._compare import _statistics
from launch._compare._outcomes import Outcome
from launch._compare._states import States


def result(label, seed, state="finished", **more):
    key, _, value = label.partition("=")
    name = f"{label},seed={seed}"
    return _results.Result(name, label, {key: value}, seed, state, "", "", **more)


def scored(label, seed, scores, protocol=None):
    protocol = protocol or {"features": "pixels"}
    return result(label, seed, scores=scores, protocol=protocol, step=9, seconds=2.5)


def test_summaries_are_those_of_numpy():
    values = [3.0, -1.5, 8.25, 2.0]
    count, mean, deviation = _statistics.summary(values)
    assert (count, mean) == (4, pytest.approx(np.mean(values)))
    assert deviation == pytest.approx(np.std(values, ddof=1))
    assert _statistics.summary([2.0]) == (1, 2.0, None)


@pytest.mark.parametrize("count", [2, 3, 10])
def test_intervals_are_those_of_a_paired_test(count):
    rng = np.random.default_rng(count)
    base = rng.normal(size=count) * 50
    ours = base + rng.normal(1.0, 0.5, size=count)
    values = dict(zip(range(count), ours, strict=True)) | {98: 1e6}
    found = _statistics.difference(values, dict(enumerate(base)) | {99: -1e6})
    oracle = stats.ttest_rel(ours, base)
    low, high = oracle.confidence_interval(0.95)
    assert found.pairs == count
    assert (found.low, found.high) == pytest.approx((low, high))
    assert found.is_noise == (oracle.pvalue > 0.05)


def test_a_difference_needs_pairs_and_two_of_them_for_an_interval():
    assert _statistics.difference({1: 2.0}, {2: 3.0}) is None
    one = _statistics.difference({1: 2.0}, {1: 3.0})
    assert one == (1, -1.0, None, None) and one.is_noise
    same = _statistics.difference({1: 2.0, 2: 5.0}, {1: 1.0, 2: 4.0})
    assert same == (2, 1.0, 1.0, 1.0) and not same.is_noise


def test_pairs_show_what_the_spread_over_seeds_hides():
    ours, base = {s: 100.0 * s + 1 + s / 10 for s in range(4)}, {}
    base = {s: 100.0 * s for s in range(4)}
    assert not _statistics.difference(ours, base).is_noise
    assert stats.ttest_ind(list(ours.values()), list(base.values())).pvalue > 0.9


PROTOCOLS = [{"features": "pixels"}, {"features": "random"}]


def test_results_of_different_protocols_are_in_different_tables():
    results = [
        scored("trainer=a", 0, {"fid": 1.0}, PROTOCOLS[0]),
        scored("trainer=b", 0, {"fid": 2.0}, PROTOCOLS[1]),
        scored("trainer=c", 0, {"fid": 3.0}, dict(reversed(PROTOCOLS[0].items()))),
        result("trainer=d", 0, "crashed"),
        result("trainer=e", 0, "refused"),
    ]
    found = _results.by_protocol(results)
    assert {k: [e.label[-1] for e in v] for k, v in found.items()} == {
        "A": ["a", "c"],
        "B": ["b"],
    }
    (first,), (second,) = (_report.tables(each, results) for each in found.values())
    assert [row.label[-1] for row in first.rows] == ["a", "c", "d"]
    assert [row.label[-1] for row in second.rows] == ["b", "d"]
    assert first.rows[2].lacking == {"crashed": 1}
    lines = list(csv.DictReader(io.StringIO(_results.table(results))))
    assert [line["protocol"] for line in lines] == ["A", "B", "A", "", ""]
    assert [line["state"] for line in lines[3:]] == ["crashed", "refused"]
    assert [line["value"] for line in lines] == ["1.0", "2.0", "3.0", "", ""]


def test_a_table_pairs_seeds_with_the_first_configuration_that_has_results():
    results = [
        result("trainer=a", 0, "diverged"),
        *(scored("trainer=b", s, {"fid": 10.0 * s}) for s in (0, 1, 2)),
        *(scored("trainer=c", s, {"fid": 10.0 * s + 1 + s}) for s in (1, 2, 3)),
        scored("trainer=d", 0, {"coverage": 0.5}),
    ]
    fid, coverage = _report.tables(results[1:], results)
    a, b, c, d = fid.rows
    assert (a.summary, a.difference, a.lacking) == (None, None, {"diverged": 1})
    assert b.is_baseline and b.difference is None and b.summary.mean == 10
    assert (c.difference.pairs, c.difference.mean) == (2, 2.5)
    assert d.summary is None and d.lacking == {"finished": 1}
    assert fid.seeds == [0, 1, 2, 3]
    assert [row.is_baseline for row in coverage.rows] == [False, False, False, True]


@pytest.fixture
def folder(tmp_path):
    lines = [
        {"step": 2, "seconds": 0.5, "d_loss": 4.0},
        {"step": 4, "seconds": 0.9, "d_loss": None, "not_finite": ["d_loss"]},
        {"step": 6, "seconds": 1.5, "d_loss": 2.0, "r1": 0.5},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines) + '{"step": 8, "d_'
    (tmp_path / "metrics.jsonl").write_text(text)
    (tmp_path / "samples").mkdir()
    for step in (2, 6):
        (tmp_path / "samples" / f"step-{step:06d}.png").touch()
    return tmp_path


def read(folder, state="finished"):
    return _results.read(result("trainer=a", 0, state), str(folder))


def test_an_evaluation_is_read(folder):
    scores = {"fid": 12, "spread": 0.5, "modes": "all", "is_official": True}
    entries = {"scores": scores, "protocol": PROTOCOLS[0], "step": 6}
    (folder / "evaluation.json").write_text(json.dumps(entries))
    found = read(folder)
    assert found.scores == {"fid": 12.0, "spread": 0.5}
    assert (found.protocol, found.step) == (PROTOCOLS[0], 6)
    assert found.image.endswith("step-000006.png")


def test_without_an_evaluation_the_last_metrics_count_and_say_so(folder):
    found = read(folder)
    assert found.scores == {"d_loss": 2.0, "r1": 0.5}
    assert (found.protocol, found.step) == (_results.LOGGED, 6)
    assert "without an evaluation" in found.protocol["source"]
    assert not found.is_failure


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"scores": {}}', '{"scores": {"a": NaN}, "protocol": {}, "step": 1}']
    + ['{"scores": {}, "protocol": {}, "step": "6"}'],
)
def test_a_damaged_evaluation_is_a_failure_that_is_told(text, folder):
    (folder / "evaluation.json").write_text(text)
    found = read(folder)
    assert found.protocol == _results.LOGGED
    assert found.is_failure and found.reason.startswith("the evaluation cannot be")


def test_a_run_that_has_not_finished_has_curves_but_no_scores(folder):
    found = read(folder, "diverged")
    assert found.scores == {} and found.protocol is None
    assert [line["step"] for line in found.curves] == [2, 4, 6]
    assert read(folder / "missing", "crashed").curves == []


def test_curves_have_the_mean_and_the_extremes_over_seeds():
    curves = [
        [{"step": 1, "d_loss": 9.0}, {"step": 1, "d_loss": 1.0}],  # Logged again.
        [{"step": 1, "d_loss": 4.0}, {"step": 2, "d_loss": 7.0, "r1": None}],
    ]
    group = [
        result("trainer=a", seed, curves=lines) for seed, lines in enumerate(curves)
    ]
    assert _results.spread(group, "d_loss") == {1: (1.0, 2.5, 4.0), 2: (7.0, 7.0, 7.0)}
    assert _results.spread(group, "r1") == {}
    assert _results.curve_names(group) == ["d_loss"]


def test_failures_of_one_reason_are_together():
    results = [result("trainer=a", seed, "crashed") for seed in (0, 2)]
    results = [each._replace(reason="no room") for each in results]
    results += [results[0]._replace(seed=3, reason="no disk")]
    assert _report.failures(results) == [
        ("trainer=a", "crashed", "no room", [0, 2]),
        ("trainer=a", "crashed", "no disk", [3]),
    ]


def test_states_are_kept_on_the_disk(tmp_path):
    States(str(tmp_path)).record("a", ["--steps=3"], Outcome("diverged", "why", 1.5))
    again = States(str(tmp_path))
    assert again.outcome("a") == ("diverged", "why", 1.5)
    assert again.outcome("b") is None
    assert again.has_diverged("a", ["--steps=3"])
    assert not again.has_diverged("a", ["--steps=4"])
    assert not again.has_diverged("b", [])
