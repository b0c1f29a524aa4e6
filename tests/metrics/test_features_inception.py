"""The official network's file, by a small graph with the same operations."""

import os

import numpy as np
import pytest
import tensorflow as tf

from tfgan_tricks import metrics

WEIGHTS = np.random.RandomState(0).normal(size=[1, 1, 3, 2048]).astype("float32")
CLASSES = np.random.RandomState(1).normal(size=[2048, 5]).astype("float32") / 50
VARIANCE = np.array([4.0, 1.0, 0.25], "float32")


def add(graph, op, name, inputs=(), **attributes):
    node = graph.node.add(op=op, name=name, input=inputs)
    node.attr["T" if op != "Const" else "dtype"].type = tf.float32.as_datatype_enum
    for key, value in attributes.items():
        if isinstance(value, bool):
            node.attr[key].b = value
        elif isinstance(value, float):
            node.attr[key].f = value
        elif isinstance(value, bytes):
            node.attr[key].s = value
        elif isinstance(value, list):
            node.attr[key].list.i.extend(value)
        else:
            node.attr[key].tensor.CopyFrom(tf.make_tensor_proto(value))


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """Writes a graph of the old version that the official file has, without training.

    It resizes to 2x2, subtracts 128, normalizes by batch statistics that it has, and
    has one convolution. Its images come from a scalar, as the official ones from JPEG.
    """
    graph = tf.compat.v1.GraphDef()
    graph.versions.producer = 8
    add(graph, "Const", "picture", value=np.zeros([4, 4, 3], "float32"))
    add(graph, "Const", "first", value=np.float32(0))
    graph.node[-1].attr["dtype"].type = tf.int32.as_datatype_enum
    graph.node[-1].attr["value"].tensor.CopyFrom(tf.make_tensor_proto(0))
    add(graph, "ExpandDims", "ExpandDims", ["picture", "first"])
    add(graph, "Const", "size", value=np.float32(0))
    graph.node[-1].attr["dtype"].type = tf.int32.as_datatype_enum
    graph.node[-1].attr["value"].tensor.CopyFrom(tf.make_tensor_proto([2, 2]))
    add(graph, "ResizeBilinear", "ResizeBilinear", ["ExpandDims", "size"])
    add(graph, "Const", "middle", value=np.float32(128))
    add(graph, "Sub", "Sub", ["ResizeBilinear", "middle"])
    for name, values in {
        "mean": [1, 2, 3],
        "beta": [0, 0, 1],
        "gamma": [1, 1, 1],
    }.items():
        add(graph, "Const", name, value=np.float32(values))
    add(graph, "Const", "variance", value=VARIANCE)
    norm = ["Sub", "mean", "variance", "beta", "gamma"]
    add(
        *(graph, "BatchNormWithGlobalNormalization", "norm", norm),
        variance_epsilon=0.0,
        scale_after_normalization=False,
    )
    add(graph, "Const", "filters", value=WEIGHTS)
    options = {"strides": [1, 1, 1, 1], "padding": b"SAME"}
    add(graph, "Conv2D", "conv", ["norm", "filters"], **options)
    options |= {"ksize": [1, 2, 2, 1], "padding": b"VALID"}
    add(graph, "AvgPool", "pool_3", ["conv"], **options)
    add(graph, "Const", "shape", value=np.float32(0))
    graph.node[-1].attr["dtype"].type = tf.int32.as_datatype_enum
    graph.node[-1].attr["value"].tensor.CopyFrom(tf.make_tensor_proto([1, 2048]))
    add(graph, "Reshape", "pool_3/_reshape", ["pool_3", "shape"])
    add(graph, "Const", "softmax/weights", value=CLASSES)
    inputs = ["pool_3/_reshape", "softmax/weights"]
    add(graph, "MatMul", "softmax/logits/MatMul", inputs)
    path = tmp_path_factory.mktemp("inception") / "graph.pb"
    path.write_bytes(graph.SerializeToString())
    return path


def pictures(count, channels=3):
    shape = [count, 4, 4, channels]
    return np.random.RandomState(2).randint(0, 256, shape).astype("uint8")


def expected(images):
    """Computes the graph by hand: the old resize takes every second pixel of four."""
    x = images.repeat(3 // images.shape[3], axis=3)[:, ::2, ::2].astype("float64") - 128
    x = (x - [1, 2, 3]) / np.sqrt(VARIANCE) + [0, 0, 1]
    return x.mean(axis=(1, 2)) @ WEIGHTS[0, 0].astype("float64")


@pytest.mark.parametrize("channels", [1, 3])
def test_features_are_those_of_the_graph_for_any_number_of_images(file, channels):
    images = pictures(70, channels)
    found = metrics.inception_features(file)(images)
    np.testing.assert_allclose(found.vectors, expected(images), rtol=1e-4, atol=1e-2)
    logits = found.vectors.astype("float64") @ CLASSES
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares = exponents / exponents.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found.probabilities, shares, atol=1e-4)


def test_only_the_official_network_gives_a_score_of_its_name(file):
    images = pictures(60)
    judge = metrics.Judge(images, features=str(file), num_examples=30)
    evaluation = judge(images[:40])
    assert judge.best_by == "fid" and "frechet_distance" not in evaluation.scores
    assert {"fid", "kid", "kid_std", "inception_score"} <= evaluation.scores.keys()
    assert evaluation.protocol.features == "inception"
    other = metrics.Judge(images, features="pixels", num_examples=30)(images[:40])
    assert "fid" not in other.scores


def test_other_files_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError):
        metrics.inception_features(tmp_path / "missing.pb")
    (tmp_path / "text.pb").write_text("not a graph")
    (tmp_path / "empty.pb").write_bytes(tf.compat.v1.GraphDef().SerializeToString())
    for name in ("text.pb", "empty.pb"):
        with pytest.raises(ValueError, match="`path` must be the frozen.*Received"):
            metrics.inception_features(tmp_path / name)


def test_images_must_be_of_one_or_three_channels(file):
    with pytest.raises(ValueError, match="1 or 3 channels.*4 channels"):
        metrics.inception_features(file)(np.zeros([1, 4, 4, 4], "uint8"))


def test_the_official_file_gives_the_features_of_torch_fidelity():
    path = os.environ.get("TFGAN_TRICKS_INCEPTION")
    if not path:
        pytest.skip("TFGAN_TRICKS_INCEPTION does not name the official file")
    fidelity = pytest.importorskip("torch_fidelity.feature_extractor_inceptionv3")
    torch = pytest.importorskip("torch")
    layers = ["2048", "logits_unbiased"]
    theirs = fidelity.FeatureExtractorInceptionV3("inception-v3-compat", layers)
    images = pictures(8)
    with torch.no_grad():
        wanted, logits = theirs(torch.from_numpy(images.transpose(0, 3, 1, 2)))
    found = metrics.inception_features(path)(images)
    np.testing.assert_allclose(found.vectors, wanted.numpy(), atol=2e-3)
    shares = torch.softmax(logits, dim=1).numpy()
    np.testing.assert_allclose(found.probabilities, shares, atol=1e-4)
