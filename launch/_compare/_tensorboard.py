"""The cells in TensorBoard's table of hyperparameters."""

import os
import time
from collections.abc import Sequence

from launch._compare import _results
from tfgan_tricks import _files

FOLDER = "hparams"


def write(workdir: str, results: Sequence[_results.Result]) -> None:
    """Writes the values, the seed and the scores of each cell with scores.

    Files of an earlier call are replaced. TensorFlow is not imported.

    Args:
        workdir: The folder of the comparison.
        results: The results of its cells.
    """
    from tensorboard.plugins.hparams import api_pb2
    from tensorboard.plugins.hparams import summary_v2

    top = os.path.join(workdir, FOLDER)
    _files.remove(top)
    done = [result for result in results if result.scores]
    names = dict.fromkeys(name for result in done for name in result.scores)
    axes = dict.fromkeys([*(results[0].values), "seed"])
    config = summary_v2.hparams_config_pb(
        hparams=[summary_v2.HParam(axis) for axis in axes],
        metrics=[summary_v2.Metric(name) for name in names],
    )
    _write(top, [(0, config)])
    for result in done:
        values = {**result.values, "seed": result.seed}
        begin = summary_v2.hparams_pb(values, trial_id=result.name)
        scores = [(result.step or 0, _scalar(*each)) for each in result.scores.items()]
        _write(os.path.join(top, result.name), [(0, begin), *scores, _end(api_pb2)])


def _end(api_pb2):
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import metadata
    from tensorboard.plugins.hparams import plugin_data_pb2

    status = api_pb2.Status.Value("STATUS_SUCCESS")
    info = plugin_data_pb2.SessionEndInfo(status=status, end_time_secs=time.time())
    content = plugin_data_pb2.HParamsPluginData(session_end_info=info)
    value = Summary.Value(
        tag=metadata.SESSION_END_INFO_TAG,
        metadata=metadata.create_summary_metadata(content),
        tensor=metadata.NULL_TENSOR,
    )
    return 0, Summary(value=[value])


def _scalar(name, value):
    from tensorboard.compat.proto.summary_pb2 import Summary

    return Summary(value=[Summary.Value(tag=name, simple_value=value)])


def _write(folder, summaries):
    """Writes a file of events; TensorBoard's own writer would import TensorFlow."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.summary.writer.record_writer import RecordWriter

    os.makedirs(folder)
    path = os.path.join(folder, f"events.out.tfevents.{int(time.time())}.compare")
    with open(path, "wb") as file:
        writer = RecordWriter(file)
        first = Event(wall_time=time.time(), file_version="brain.Event:2")
        rest = (Event(wall_time=time.time(), step=s, summary=v) for s, v in summaries)
        for event in (first, *rest):
            writer.write(event.SerializeToString())
