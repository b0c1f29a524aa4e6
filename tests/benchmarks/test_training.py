from benchmarks import _training


def test_seconds_match_all_parts_of_a_run(tmp_path):
    lines = [f'{{"step": 1, "seconds": {s}}}' for s in (2.0, 30.5, 1.5, 8.0, 0.25)]
    (tmp_path / "metrics.jsonl").write_text("\n".join(lines) + "\n")
    assert _training.seconds_of(tmp_path) == 30.5 + 8.0 + 0.25
