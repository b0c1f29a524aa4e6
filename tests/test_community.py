"""The files for contributors parse, and what they say is true."""

import pathlib
import re
import subprocess
import sys

import pytest
import yaml

import tfgan_tricks

ROOT = pathlib.Path(__file__).parent.parent
PAPERS = {
    ("Goodfellow", 2014): "arXiv:1406.2661",
    ("Salimans", 2016): "arXiv:1606.03498",
    ("Mao", 2017): "arXiv:1611.04076",
    ("Jolicoeur-Martineau", 2019): "arXiv:1807.00734",
}


def parsed(name):
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def test_setup_has_the_version_of_the_package():
    command = [sys.executable, "setup.py", "--version"]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert output.stdout.split() == [tfgan_tricks.__version__]


def test_the_version_is_in_one_place():
    paths = [*ROOT.glob("*.py"), *ROOT.glob("*.toml"), *ROOT.glob("*.cff")]
    paths += [
        p
        for name in ("tfgan_tricks", "trainers", "launch")
        for p in (ROOT / name).rglob("*.py")
    ]
    version = re.escape(tfgan_tricks.__version__)
    stated = re.compile(rf"(?<![\d.]){version}(?![\d.])")
    found = [p for p in paths if stated.search(p.read_text(encoding="utf-8"))]
    assert [p.relative_to(ROOT).as_posix() for p in found] == [
        "tfgan_tricks/__init__.py"
    ]


def test_the_citation_has_what_the_format_requires():
    citation = parsed("CITATION.cff")
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    assert citation["cff-version"] == "1.2.0"
    assert citation["license"] == "Apache-2.0"
    for reference in citation["references"]:
        assert {"type", "title", "authors"} <= reference.keys()
        assert all(
            {"given-names", "family-names"} == a.keys() for a in reference["authors"]
        )


def test_the_citation_names_the_four_papers():
    found = {
        (each["authors"][0]["family-names"], each["year"]): each["identifiers"]
        for each in parsed("CITATION.cff")["references"]
    }
    wanted = {
        paper: [{"type": "other", "value": number}] for paper, number in PAPERS.items()
    }
    assert found == wanted


def test_the_workflow_runs_the_script_of_the_house():
    (job,) = parsed(".github/workflows/ci.yml")["jobs"].values()
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


@pytest.mark.parametrize("command", ["ruff check", "ruff format", "mypy"])
def test_the_hooks_are_what_the_script_runs(command):
    assert f".venv/bin/{command}" in (ROOT / ".ci" / "run").read_text()
    (repo,) = parsed(".pre-commit-config.yaml")["repos"]
    hooks = [hook["entry"].removesuffix(" --force-exclude") for hook in repo["hooks"]]
    assert command in hooks


def test_pages_link_to_files_that_are_there():
    for page in ("CONTRIBUTING.md", "BUILD.md", "README.md"):
        for target in re.findall(r"\]\((?!http)([\w./-]+)", (ROOT / page).read_text()):
            assert (ROOT / target).exists(), f"{page}: {target}"
