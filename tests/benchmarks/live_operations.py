"""The operations of a graph that TensorFlow runs."""


def live_operations(graph):
    """Returns the operations that the outputs and the effects of a function need."""
    waiting = [each.op for each in graph.outputs] + list(graph.control_outputs)
    live = set()
    while waiting:
        operation = waiting.pop()
        if operation not in live:
            live.add(operation)
            waiting += [each.op for each in operation.inputs]
            waiting += operation.control_inputs
    return live
