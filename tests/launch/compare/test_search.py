"""Searches of Optuna over the combinations of a comparison."""

import pytest

from launch._compare import _search
from tests.launch.compare.test_running import starts

pytest.importorskip("optuna", reason="searches need optuna")

AXES = {"trainer": ["a", "b", "c", "d"], "penalty": ["none", "r1", "r2"]}


def loss(values):
    """Returns a loss with one minimum, or `None` for a trainer that fails."""
    if values["trainer"] == "a":
        return None
    return "dcb".index(values["trainer"]) + 0.5 * (values["penalty"] != "r1")


@pytest.mark.parametrize(("minimize", "sign"), [(True, 1), (False, -1)])
def test_the_best_combination_is_found(minimize, sign):
    def score(several):
        losses = map(loss, several)
        return [None if value is None else sign * value for value in losses]

    best = _search.run(AXES, 30, minimize, 3, score)
    assert best == {"trainer": "d", "penalty": "r1"}


def test_a_search_that_starts_again_asks_for_the_same():
    asked = [], []
    for log in asked:

        def score(several, log=log):
            log.append(several)
            return list(map(loss, several))

        _search.run(AXES, 14, True, 4, score)
    assert asked[0] == asked[1]
    assert list(map(len, asked[0])) == [4, 4, 4, 2]


def test_nothing_is_best_if_everything_fails():
    assert _search.run(AXES, 3, True, 2, lambda several: [None] * len(several)) is None


VARY = ["vary=trainer=wgan,r3_gan,ls_gan", "vary=penalty=none,r1", "seeds=0,1"]


def test_a_search_runs_cells_in_the_same_folders(lab, capsys):
    search = [*VARY, "search=min:kernel_distance", "trials=7", "processes=2"]
    assert lab(*search) == 0
    out = capsys.readouterr().out
    once = starts(lab.folder)
    assert 4 <= len(once) < 12 and set(once.values()) == {1}
    best = next(name for name in ("ls_gan", "r3_gan") if name in str(once))
    assert f"Best for min:kernel_distance: trainer={best}, penalty=" in out
    page = (lab.folder / "report.html").read_text()
    assert all(f"seed {seed}: " in page for seed in (0, 1)) and "missing" not in page
    assert lab(*search) == 0
    assert capsys.readouterr().out.startswith("Best for min:kernel_distance: ")
    assert starts(lab.folder) == once


def test_the_score_of_a_search_must_exist(lab, capsys):
    search = ["vary=trainer=ls_gan", "search=max:coverag", "trials=2"]
    assert lab(*search, "seeds=0") == 2
    assert "`search` must name one of coverage, kernel" in capsys.readouterr().err
