"""The house rules that a machine can check."""

import ast
import collections
import importlib
import io
import pathlib
import statistics
import sys
import tokenize

import pytest

import tfgan_tricks

ROOT = pathlib.Path(__file__).parent.parent
PACKAGES = ("tfgan_tricks", "trainers", "launch")
LIBRARY = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
EVERYTHING = [*LIBRARY, *(ROOT / "tests").rglob("*.py")]
# TensorFlow itself needs the protocol buffers of google.
ENGINES = {"tensorflow", "keras", "numpy", "scipy", "google"}
SCHEMAS = {"pydantic", "pydantic_core", "yaml"}
FLOORS = {
    "tfgan_tricks": {"tfgan_tricks"} | ENGINES,
    "trainers": {"trainers", "tfgan_tricks"} | ENGINES,
    "launch": {"launch", "trainers", "tfgan_tricks", "absl"} | SCHEMAS | ENGINES,
}
# Networks are made of layers; no other folder of the library needs another.
SOCKETS = {path.parent.name for path in (ROOT / "tfgan_tricks").glob("*/__init__.py")}
SOCKETS -= {"networks"}
TRAINERS = [
    path
    for path in (ROOT / "trainers").glob("[!_]*.py")
    if path.name not in ("__init__.py", "base.py")
]
LAZY = {"tensorflow_datasets", "matplotlib", "tensorflow_addons", "sklearn", "PIL"}
LAZY |= {"mlxtend", "yaml", "jinja2", "optuna", "ray", "tensorboard"}


def relative(path):
    return str(path.relative_to(ROOT))


every_file = pytest.mark.parametrize("path", LIBRARY, ids=relative)


def tree_of(path):
    return ast.parse(path.read_text())


def imports(nodes):
    """Yields imported modules, with the names taken from this project's packages."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@every_file
def test_floors(path):
    floor = path.relative_to(ROOT).parts[0]
    tree = tree_of(path)
    everywhere = {name.split(".")[0] for name in imports(ast.walk(tree))}
    at_the_top = {name.split(".")[0] for name in imports(tree.body)}
    foreign = {name for name in everywhere if name not in sys.stdlib_module_names}
    assert foreign <= FLOORS[floor] | LAZY
    assert not at_the_top & LAZY


@every_file
def test_sockets_do_not_import_each_other(path):
    parts = path.relative_to(ROOT).parts
    if parts[0] != "tfgan_tricks" or parts[1] not in SOCKETS:
        return
    for name in imports(ast.walk(tree_of(path))):
        used = name.split(".")
        if used[0] == "tfgan_tricks" and len(used) > 1:
            shared = used[1].startswith("_") or used[1] == "replica"
            assert used[1] == parts[1] or shared, name


def test_every_folder_of_the_library_is_public():
    assert {"losses", "penalties", "layers"} < SOCKETS
    assert SOCKETS | {"networks"} < set(tfgan_tricks._MODULES)


@every_file
def test_stacks_differ_in_one_file_only(path):
    if path.name != "_compat.py":
        names = {getattr(node, "attr", None) for node in ast.walk(tree_of(path))}
        assert not names & {"KERAS_3", "__version__"} or path.name == "_versions.py"


def test_only_one_file_updates_weights_and_one_more_differentiates_by_them():
    """Penalties differentiate by their input, figures by logits, each in one file."""
    taping = {relative(path) for path in LIBRARY if "GradientTape" in path.read_text()}
    of_weights = {"trainers/_updates.py", "trainers/_simultaneous.py"}
    of_inputs = {"tfgan_tricks/penalties/_passes.py", "launch/_figures/_calculus.py"}
    assert taping == of_weights | of_inputs
    applying = {relative(p) for p in LIBRARY if "apply_gradients" in p.read_text()}
    assert applying == {"trainers/_updates.py"}


RUNS_CODE = {"pickle", "marshal", "shelve", "dill", "joblib", "cloudpickle"}


@every_file
def test_nothing_that_is_read_is_run(path):
    nodes = list(ast.walk(tree_of(path)))
    assert not {name.split(".")[0] for name in imports(nodes)} & RUNS_CODE
    called = {getattr(node.func, "id", 0) for node in nodes if hasattr(node, "func")}
    assert not called & {"eval", "exec", "compile", "__import__"}
    options = [node for node in nodes if isinstance(node, ast.keyword)]
    assert not any(option.arg == "safe_mode" for option in options)
    assert "enable_unsafe_deserialization" not in path.read_text()
    for option in options:
        if option.arg == "allow_pickle":
            assert option.value.value is False


@pytest.mark.parametrize(
    "path",
    [path for path in LIBRARY if path.parts[-3:-2] == ("tfgan_tricks",)],
    ids=relative,
)
def test_modules_are_private(path):
    assert path.name.startswith("_")


def code_lines(path):
    """Lines that hold code: no blank lines, comments or docstrings."""
    source = path.read_text()
    docstrings = set()
    for node in ast.walk(ast.parse(source)):
        documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            first = node.body[0]
            docstrings.update(range(first.lineno, first.end_lineno + 1))
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT}
    skipped |= {tokenize.DEDENT, tokenize.ENDMARKER}
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in skipped:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines - docstrings)


@pytest.mark.parametrize("path", EVERYTHING, ids=relative)
def test_files_and_functions_are_short(path):
    if path in LIBRARY:
        assert code_lines(path) <= 300
    assert len(path.read_text().splitlines()) <= 500
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef):
            first = node.body[1 if ast.get_docstring(node) else 0 :] or node.body
            assert node.end_lineno - first[0].lineno + 1 <= 60, node.name


def test_most_files_are_short():
    assert statistics.median(len(p.read_text().splitlines()) for p in LIBRARY) <= 150


def test_there_is_more_test_than_library():
    tests = sum(code_lines(path) for path in (ROOT / "tests").rglob("*.py"))
    assert tests >= sum(code_lines(path) for path in LIBRARY)


API = [*tfgan_tricks._MODULES]


@pytest.mark.parametrize("name", [f"tfgan_tricks.{socket}" for socket in API])
def test_public_things_are_documented_by_example(name):
    module = importlib.import_module(name)
    public = {
        key: value
        for key, value in vars(module).items()
        if key[0] != "_"
        and callable(value)
        and value.__module__.startswith("tfgan_tricks")
    }
    assert public
    for key, value in public.items():
        assert ">>>" in (value.__doc__ or ""), key


def test_trainers_are_documented_by_example():
    assert {"wgan.py", "ls_gan.py"} <= {path.name for path in TRAINERS}
    for path in TRAINERS:
        assert ">>>" in path.read_text(), path


def test_trainers_share_what_they_do_alike():
    """A schedule is stated in each, however alike; all else is written once."""
    methods = collections.Counter(
        ast.dump(node)
        for path in TRAINERS
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef) and node.name != "train_step"
    )
    assert methods and max(methods.values()) == 1


def public_functions(body):
    """Functions and methods that anybody may call, in every branch of an `if`."""
    for node in body:
        is_public = not getattr(node, "name", "").startswith("_")
        if isinstance(node, ast.If):
            yield from public_functions([*node.body, *node.orelse])
        elif isinstance(node, ast.ClassDef) and is_public:
            yield from public_functions(node.body)
        elif isinstance(node, ast.FunctionDef) and (is_public or node.name[1] == "_"):
            yield node


def untyped(function):
    """Yields the parts of a signature without types; `__init__` returns nothing."""
    arguments = function.args
    several = [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    for argument in named + several:
        if argument.annotation is None and argument.arg not in ("self", "cls"):
            yield argument.arg
    if function.returns is None and function.name != "__init__":
        yield "return"


@pytest.mark.parametrize("package", ["tfgan_tricks", "trainers"])
def test_public_signatures_are_typed(package):
    lacking = {
        f"{relative(path)}:{function.lineno} {function.name}": list(untyped(function))
        for path in (ROOT / package).rglob("*.py")
        for function in public_functions(tree_of(path).body)
    }
    assert lacking
    assert not {where: what for where, what in lacking.items() if what}


@pytest.mark.parametrize("package", PACKAGES)
def test_types_are_shipped(package):
    assert (ROOT / package / "py.typed").exists()


def test_files_hold_no_assert_statement():
    for path in LIBRARY:
        nodes = ast.walk(tree_of(path))
        assert not any(isinstance(node, ast.Assert) for node in nodes), path
