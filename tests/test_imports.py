"""Who imports whom: no circles, and few levels in the launchers."""

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parent.parent
PATHS = [
    p
    for p in ROOT.glob("*/**/*.py")
    if p.relative_to(ROOT).parts[0] in ("tfgan_tricks", "trainers", "launch")
]


def name_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in PATHS}


def statements(body):
    """Yields all nodes, also in functions, except what only type checkers read."""
    for node in body:
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            yield from statements(node.orelse)
            continue
        yield node
        yield from statements(ast.iter_child_nodes(node))


def imported(source):
    """Yields the modules of this project that a source imports, in functions too."""
    for node in statements(ast.parse(source).body):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            # A name that is not a module belongs to the package of its import.
            found = name if name in MODULES else name.rpartition(".")[0]
            if found in MODULES:
                yield found


def graph_of(prefix=""):
    """Returns the modules below a package, and which of these each imports."""
    inside = {name for name in MODULES if f"{name}.".startswith(prefix)}
    return {
        name: {used for used in imported(MODULES[name].read_text()) if used in inside}
        - {name}
        for name in inside
    }


def levels(graph, is_level=lambda name: True):
    """Returns the level of each module, counted from modules without imports.

    A module without its own level has the highest level that it imports.
    """
    found, pending = {}, []

    def level(name):
        if name in pending:
            circle = [*pending[pending.index(name) :], name]
            raise ValueError(f"circle: {' -> '.join(circle)}")
        if name not in found:
            pending.append(name)
            below = max(map(level, sorted(graph[name])), default=0)
            found[name] = below + is_level(name)
            pending.pop()
        return found[name]

    for name in graph:
        level(name)
    return found


def is_no_facade(name):
    return MODULES[name].name != "__init__.py"


def test_levels_are_counted_and_circles_found():
    chain = {"a": {"b", "c"}, "b": {"c"}, "c": set()}
    assert levels(chain) == {"a": 3, "b": 2, "c": 1}
    assert levels(chain, lambda name: name != "b") == {"a": 2, "b": 1, "c": 1}
    with pytest.raises(ValueError, match="circle: a -> b -> c -> a|b -> c -> a -> b"):
        levels(chain | {"c": {"a"}})


def test_imports_in_functions_count_and_imports_of_types_do_not():
    source = """
from typing import TYPE_CHECKING
from tfgan_tricks import layers
from tfgan_tricks.losses import hinge
if TYPE_CHECKING:
    import trainers
def later():
    import tfgan_tricks.export
"""
    expected = ["tfgan_tricks.layers", "tfgan_tricks.losses", "tfgan_tricks.export"]
    assert list(imported(source)) == expected


def test_no_module_imports_itself_by_way_of_others():
    graph = graph_of()
    assert graph["trainers.wgan"] >= {"trainers.base", "tfgan_tricks.losses"}
    assert max(levels(graph).values()) > 5


def test_the_engine_imports_nothing_of_the_configuration():
    for name, used in graph_of("launch.").items():
        if f"{name}.".startswith("launch.run."):
            of_config = [one for one in used if f"{one}.".startswith("launch.config.")]
            assert not of_config, name


def test_launchers_have_five_levels_at_most():
    if "launch.run" not in MODULES or "launch.config" not in MODULES:
        pytest.skip("launch/ has no wings yet")
    found = levels(graph_of("launch."), is_no_facade)
    assert max(found.values()) <= 5, found
