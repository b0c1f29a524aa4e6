import pytest

from benchmarks import _results


def test_what_was_written_is_read(tmp_path):
    path = tmp_path / "new" / "results.json"
    assert _results.read(path, []) == []
    for results in ([{"b": 1, "a": 0.1}], [{"b": 2}]):
        _results.write(str(path), results)
        assert _results.read(path, []) == results
    assert [each.name for each in path.parent.iterdir()] == ["results.json"]


def test_results_that_cannot_be_written_leave_the_earlier_ones(tmp_path):
    path = tmp_path / "results.json"
    _results.write(path, {"seed": 0})
    with pytest.raises(TypeError, match="not JSON serializable"):
        _results.write(path, {"seed": 1, "measure": object()})
    assert _results.read(path, {}) == {"seed": 0}


@pytest.mark.parametrize("path", [None, ""])
def test_nothing_is_written_without_a_path(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _results.write(path, {"seed": 0})
    assert _results.read(path, {"runs": []}) == {"runs": []}
    assert not list(tmp_path.iterdir())
