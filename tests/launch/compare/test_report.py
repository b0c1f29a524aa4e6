"""The page, its curves and what TensorBoard gets, as their readers see them."""

import base64
import html
import itertools
import pathlib
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from launch._compare import _curves
from launch._compare import _results
from launch._compare import _tensorboard
from tests.launch.compare import browser
from tests.launch.compare import fake
from tests.launch.compare.test_results import result
from tests.launch.compare.test_results import scored

ROOT = pathlib.Path(__file__).parents[3]


def test_curves_are_drawn_in_the_color_of_the_text():
    points = [{1: (0.0, 1.0, 3.0), 5: (2.0, 2.0, 2.0)}, {3: (4.0, 4.0, 4.0)}, {}]
    text = _curves.svg(points)
    assert text == _curves.svg(points)
    root = ElementTree.fromstring(text)
    assert "viewBox" in root.attrib and "width" not in root.attrib
    assert "currentColor" in text and "#010203" not in text
    colors = {_curves.style(index)[0] for index in range(2)}
    assert all(color in text for color in colors)
    words = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "step" in words


@pytest.mark.parametrize("outlier", [1e6, -1e6])
def test_one_diverging_group_does_not_flatten_the_others(outlier):
    points = [{1: (v, v, v), 9: (2 * v,) * 3} for v in (1.0, 2.0, 3.0, outlier)]
    number = r"(-?[\d.]+)"
    lines = re.findall(
        rf'd="M {number} {number} \s*L {number} {number} \s*"', _curves.svg(points)
    )
    ends = np.asarray(lines, dtype=float)
    sloped = ends[(ends[:, 0] != ends[:, 2]) & (ends[:, 1] != ends[:, 3])]
    assert len(sloped) == 4
    assert (abs(sloped[:, 1] - sloped[:, 3]) > 2).all()  # Of 152 points of height.


def test_many_groups_have_different_lines():
    styles = [_curves.style(index) for index in range(28)]
    assert len(set(styles)) == 28


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Makes the page of every kind of result, and returns its path."""
    pytest.importorskip("jinja2", reason="the report needs jinja2")
    from launch._compare import _report

    folder = tmp_path_factory.mktemp("page")
    image = ROOT / "docs" / "digits.png"
    curves = [{"step": step, "seconds": 1, "d_loss": 1 / step} for step in (1, 2, 3)]
    long = "trainer=" + "x" * 90
    settings = {
        "trainer=a": {"trainer.name": "a", "width": 3, "penalty.r1.weight": 1.0},
        "trainer=b": {"trainer.name": "b", "width": 3, "penalty.r1.weight": 10.0},
        "trainer=c": {"trainer.name": "c", "width": 3, "trainer.clip": 0.01},
    }
    results = [
        each._replace(
            curves=curves,
            image=str(image),
            command=f"train {each.name}",
            settings=settings.get(each.label, {}),
        )
        for each in (
            *(scored("trainer=a", s, {"fid": 20 + 7.0 * s}) for s in (0, 1, 2)),
            *(scored("trainer=b", s, {"fid": 25 + 7.5 * s}) for s in (0, 1, 2)),
            *(scored("trainer=c", s, {"fid": 20 + 7.0 * (2 - s)}) for s in (0, 1, 2)),
            scored(long, 1, {"fid": 1.0}, {"features": "y" * 300}),
            result("trainer=d", 0, "finished", protocol=_results.LOGGED)._replace(
                scores={"d_loss": 0.25}, reason="evaluate failed: <no & room>"
            ),
            result("trainer=e", 0, "diverged")._replace(reason="diverged at 3"),
        )
    ]
    refused = result("trainer=f", 0, "refused")._replace(reason="`a` must be b")
    path = folder / "report.html"
    path.write_text(_report.html([*results, refused], "compare it"))
    return path


def text_of(page, section):
    """Returns the text of a section of the page, without tags."""
    (found,) = re.findall(
        rf'<section id="{section}">(.*?)</section>', page.read_text(), re.DOTALL
    )
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", found)).split())


def test_the_table_shows_means_spreads_and_what_is_noise(page):
    told = text_of(page, "protocol-A")
    assert "trainer=a 27 ± 7 (3 seeds) by seed 0: 20 1: 27 2: 34 baseline" in told
    # Differences 5, 5.5 and 6, whose deviation is 0.5: 5.5 +- 4.303 * 0.5 / sqrt(3).
    assert "+5.5 [+4.258, +6.742] (3 pairs) higher" in told
    # Differences 14, 0 and -14: 0 +- 4.303 * 14 / sqrt(3).
    assert re.search(r"\+0 \[-34.78, \+34.78\] \(3 pairs\) within noise", told)
    assert "trainer=e 1 diverged" in told
    assert not {"trainer=d", "trainer=f"} & set(told.split())
    assert "measured under 3 protocols" in told and '"features": "pixels"' in told


def test_other_protocols_failures_and_commands_have_their_places(page):
    assert '"features": "yyyy' in text_of(page, "protocol-B")
    logged = text_of(page, "protocol-C")
    assert "no evaluation" in logged and "trainer=d 0.25 (1 seed)" in logged
    assert text_of(page, "failures") == (
        "Failures trainer=d, seed 0: finished evaluate failed: <no & room> "
        "trainer=e, seed 0: diverged diverged at 3"
    )
    assert text_of(page, "refused").endswith("trainer=f `a` must be b")
    assert "trainer=b, seed 2: finished train trainer=b,seed=2" in text_of(
        page, "commands"
    )
    assert "95% interval of Student's t" in text_of(page, "method")
    assert page.read_text().count("<pre><code>compare it</code></pre>") == 1


def test_settings_that_differ_are_shown_even_if_nobody_varied_them(page):
    """A weight that came with a trainer once made a comparison unfair."""
    told = text_of(page, "settings")
    assert told.endswith(
        "configuration trainer.name penalty.r1.weight "
        "trainer=a a 1.0 trainer=b b 10.0 trainer=c c"
    )


def test_a_report_of_a_comparison_has_what_its_cells_have(lab):
    assert lab("vary=trainer=ls_gan,r3_gan,wgan", "seeds=0..2", "processes=2") == 0
    page = (lab.folder / "report.html").read_text()
    # The scores differ by a half for each seed.
    assert "+0.5 [+0.5, +0.5]" in page and "3 diverged" in page
    assert page.count(base64.b64encode(fake.PIXEL).decode()) == 6
    assert page.count("<figcaption>d_loss</figcaption>") == 1
    assert page.count("<figcaption>r1</figcaption>") == 1
    assert "-m launch.compare --vary=trainer=ls_gan,r3_gan,wgan --seeds=0..2" in page
    table = (lab.folder / "results.csv").read_text().splitlines()
    assert table[0].startswith("cell,trainer,seed,state,step,seconds,protocol,score,")
    assert len(table) == 1 + 2 * 6 + 3
    settings = text_of(lab.folder / "report.html", "settings")
    assert "optimizer.generator_learning_rate" in settings
    assert not {"seed", "steps", "batch_size"} & set(settings.split())


@pytest.mark.parametrize(("room", "seeds"), [(0, [4]), (6, [4]), (9, [4, 2])])
def test_a_page_has_the_grids_of_as_many_seeds_as_it_has_room_for(
    room, seeds, tmp_path, monkeypatch
):
    pytest.importorskip("jinja2", reason="the report needs jinja2")
    from launch._compare import _report

    monkeypatch.setattr(_report, "_MOST_BYTES", room)
    results = []
    for label, seed in itertools.product("ab", (4, 2, 7)):
        path = tmp_path / f"{label}{seed}.png"
        path.write_bytes(bytes([seed]) * {4: 3, 2: 1, 7: 2}[seed])
        results.append(result(label, seed)._replace(image=str(path)))
    page = _report.html(results, "compare it")
    for label, seed in itertools.product("ab", (4, 2, 7)):
        shown = f'alt="Samples of {label}, seed {seed}"' in page
        assert shown == (seed in seeds)
    assert "Grids of more seeds are in the folders" in " ".join(page.split())


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    if browser.CHROMIUM is None:
        pytest.skip("there is no chromium on this machine")
    opened = browser.Browser(tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


WIDTHS = "[document.documentElement.scrollWidth, window.innerWidth]"


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_fits_a_window_and_loads_nothing(page, chromium, width):
    backgrounds = set()
    for dark in (False, True):
        chromium.open(page, width, dark)
        assert chromium.evaluate(WIDTHS) == [width, width]
        body = "getComputedStyle(document.body)"
        colors = [f"{body}.backgroundColor", f"{body}.color"]
        backgrounds.add(tuple(map(chromium.evaluate, colors)))
        requests = {url.partition(":")[0] for url in chromium.requests}
        assert requests == {"file", "data"}
    assert len(backgrounds) == 2
    size = 'document.querySelector(".tiles svg").getBoundingClientRect().width'
    assert 200 < chromium.evaluate(size) < width


def test_a_grid_is_enlarged_by_a_click(page, chromium):
    chromium.open(page, 390)
    shown = 'document.querySelector("dialog img").getBoundingClientRect().width'
    small = 'document.querySelector(".grids img").getBoundingClientRect().width'
    assert chromium.evaluate(shown) == 0 < chromium.evaluate(small) < 130
    chromium.evaluate('document.querySelectorAll(".grids button")[4].click()')
    assert chromium.evaluate(shown) > 300
    title = chromium.evaluate('document.querySelector("dialog").innerText')
    assert title.strip() == "trainer=b, seed 1"
    chromium.evaluate('document.querySelector("dialog").click()')
    assert chromium.evaluate(shown) == 0


def test_tensorboard_has_a_session_for_each_run(tmp_path):
    from tensorboard.backend.event_processing import data_provider
    from tensorboard.backend.event_processing import plugin_event_multiplexer
    from tensorboard.context import RequestContext
    from tensorboard.plugins import base_plugin
    from tensorboard.plugins.hparams import api_pb2
    from tensorboard.plugins.hparams import backend_context
    from tensorboard.plugins.hparams import list_session_groups

    results = [scored("trainer=a", s, {"fid": 1.5 + s}) for s in (0, 3)]
    for _ in range(2):  # The second call replaces the files.
        _tensorboard.write(str(tmp_path), [*results, result("trainer=b", 0, "crashed")])
    multiplexer = plugin_event_multiplexer.EventMultiplexer()
    multiplexer.AddRunsFromDirectory(str(tmp_path)).Reload()
    provider = data_provider.MultiplexerDataProvider(multiplexer, str(tmp_path))
    context = backend_context.Context(base_plugin.TBContext(data_provider=provider))
    request = RequestContext()
    info = context.experiment_from_metadata(
        request, "", True, context.hparams_metadata(request, ""), []
    )
    names = {metric.name.tag for metric in info.metric_infos}
    assert {each.name for each in info.hparam_infos} == {"trainer", "seed"}
    assert names == {"fid"}
    asked = api_pb2.ListSessionGroupsRequest(
        start_index=0,
        slice_size=10,
        allowed_statuses=[api_pb2.STATUS_SUCCESS],
        col_params=[api_pb2.ColParams(metric=api_pb2.MetricName(tag="fid", group=""))],
    )
    groups = (
        list_session_groups.Handler(request, context, "", asked).run().session_groups
    )
    found = {
        (group.hparams["trainer"].string_value, group.hparams["seed"].number_value): [
            value.value for value in group.metric_values
        ]
        for group in groups
    }
    assert found == {("a", 0.0): [1.5], ("a", 3.0): [4.5]}
