import json

import pytest

from benchmarks import _training


@pytest.mark.parametrize(
    ("dataset", "kept"),
    [
        ({"path": "/a/b/d.npz", "data_dir": "/c"}, {"path": "d.npz", "data_dir": None}),
        (
            {"builder": "mnist", "data_dir": "/c"},
            {"builder": "mnist", "data_dir": None},
        ),
        ({"name": "digits8"}, {"name": "digits8"}),
    ],
)
def test_a_configuration_names_no_folder(dataset, kept, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"dataset": dataset, "seed": 3}))
    assert _training.config_of(tmp_path) == {"dataset": kept, "seed": 3}


def test_seconds_match_all_parts_of_a_run(tmp_path):
    lines = [f'{{"step": 1, "seconds": {s}}}' for s in (2.0, 30.5, 1.5, 8.0, 0.25)]
    (tmp_path / "metrics.jsonl").write_text("\n".join(lines) + "\n")
    assert _training.seconds_of(tmp_path) == 30.5 + 8.0 + 0.25
