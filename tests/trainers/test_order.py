"""Nothing is read while it is being written, after TensorFlow has optimised a step."""

import collections
import itertools

import pytest
from tensorflow.python.eager import context  # Nothing public returns the graphs.

from tests.trainers import toy


def optimised_step(trainer, batches):
    """Returns the largest graph that runs when a trainer is fit."""
    context.enable_run_metadata()
    trainer.fit(batches, steps_per_epoch=2, verbose=0)
    graphs = context.export_run_metadata().function_graphs
    context.disable_run_metadata()
    optimised = [graph.post_optimization_graph for graph in graphs]
    return max(optimised, key=lambda graph: len(graph.node))


def name_of(output):
    return output.lstrip("^").split(":")[0]


def descendants(graph):
    """Returns a function from a node's name to the names of all that wait for it."""
    consumers = collections.defaultdict(set)
    for node in graph.node:
        for output in node.input:
            consumers[name_of(output)].add(node.name)

    def find(name):
        found, frontier = set(), {name}
        while frontier:
            frontier = set().union(*(consumers[each] for each in frontier)) - found
            found |= frontier
        return found

    return find


# The kernel's first inputs are a weight and its two means.
NUM_VARIABLES = {"ResourceApplyAdam": 3}


def accesses(graph):
    """Returns the nodes that read or write each variable."""
    by_variable = collections.defaultdict(list)
    for node in graph.node:
        count = NUM_VARIABLES.get(node.op, int(node.op.endswith("VariableOp")))
        for variable in node.input[:count]:
            by_variable[name_of(variable)].append(node)
    return by_variable.values()


def unordered(graph):
    """Yields pairs of unordered nodes on one variable, one of which writes it."""
    find = descendants(graph)
    for nodes in accesses(graph):
        after = {node.name: find(node.name) for node in nodes}
        for one, other in itertools.combinations(nodes, 2):
            one_writes = {one.op, other.op} != {"ReadVariableOp"}
            ordered = one.name in after[other.name] or other.name in after[one.name]
            if one_writes and not ordered:
                yield one.name, other.name


@pytest.mark.parametrize("cls", toy.ALL, ids=lambda cls: cls.__name__)
def test_every_read_of_a_variable_is_before_or_after_each_write(cls):
    options = {"ema_decay": 0.9, "generator_history": 0.1, "discriminator_history": 0.1}
    graph = optimised_step(toy.make(cls, **options), toy.endless(cls=cls))
    assert len(accesses(graph)) > 50  # Of parameters, means, slots and statistics.
    assert list(unordered(graph)) == []
