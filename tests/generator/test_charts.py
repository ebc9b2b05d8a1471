"""Charts are well-formed, say their figures, and stay inside their frame."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

import pytest
from markupsafe import Markup

from generator.charts import Series, difference_strip, layer_chart, percent, share_strip
from generator.intervals import Difference, Share

SERIES = (
    Series("embedding", "Embedding", (Share(1, 10), None, Share(2, 10)), (0.1, None, 0.1)),
    Series("logit", "LogitLens", (Share(2, 10), Share(3, 10), Share(2, 10)), (None, None, None)),
    Series("contextual", "LN-Lens", (Share(10, 10), Share(10, 10), Share(0, 10)), (0.3, 0.2, 0.1)),
)


def parsed(svg: Markup) -> ElementTree.Element:
    return ElementTree.fromstring(str(svg))  # noqa: S314 our own text


def chart() -> ElementTree.Element:
    return parsed(layer_chart((0, 16, 31), SERIES, 'a "title" & <more>', "summary"))


def test_a_chart_has_a_name_and_a_description() -> None:
    assert chart().get("role") == "img"
    assert chart().get("aria-label") == 'a "title" & <more>'
    assert chart().findtext("desc") == "summary"


def test_layers_are_evenly_spaced_categories() -> None:
    ticks = [float(text.get("x", "")) for text in chart().iter("text") if "middle" in text.get("class", "")]
    assert ticks[1] - ticks[0] == pytest.approx(ticks[2] - ticks[1])


@pytest.mark.parametrize(
    ("places", "shown"),
    [
        (["0", "16", "31"], ["0", "16", "31"]),
        ([str(layer) for layer in range(41)], [str(layer) for layer in (*range(0, 37, 3), 40)]),
        (["0", "1000", "12000"], ["0", "1000", "12000"]),
        (["a very long name of a step, too long for the axis", "another one, just as long"], None),
        ([], []),
    ],
)
def test_labels_that_have_no_room_are_left_out(places: list[str], shown: list[str] | None) -> None:
    labels = [
        text.text
        for text in parsed(layer_chart(places, (), "t", "s")).iter("text")
        if "middle" in text.get("class", "")
    ]
    assert labels == (places if shown is None else shown)


def test_a_line_breaks_where_nothing_was_judged() -> None:
    lines = [line for line in chart().iter("polyline") if line.get("class") == "line"]
    pieces = [len(line.get("points", "").split()) for line in lines if line.get("data-lens") == "embedding"]
    assert pieces == [1, 1]


def test_labels_do_not_overlap() -> None:
    heights = sorted(
        float(text.get("y", "")) for text in chart().iter("text") if text.get("class") == "label"
    )
    assert len(heights) == 3
    assert all(below - above >= 11.9 for above, below in pairwise(heights))


def test_everything_is_inside_the_frame() -> None:
    _, _, width, height = map(float, chart().get("viewBox", "").split())
    for shape in chart().iter():
        for point in (shape.get("points") or "").split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= width and 0 <= y <= height


def test_a_column_tells_its_figures() -> None:
    titles = [title.text or "" for title in chart().iter("title")]
    assert titles[0].startswith(
        "vision layer 0\nEmbedding: 10\u202f% (1 of 10, 95\u202f% interval 2–40), chance 10\u202f%"
    )
    assert "Embedding: not judged" in titles[1]
    over_steps = parsed(layer_chart(("0", "5", "end"), SERIES, "t", "s", what="step"))
    assert [(title.text or "").split("\n")[0] for title in over_steps.iter("title")][2] == "step end"


def test_one_layer_is_a_chart_too() -> None:
    one = Series("logit", "LogitLens", (Share(1, 2),), (None,))
    assert parsed(layer_chart((0,), (one,), "t", "s")) is not None
    assert parsed(layer_chart((0,), (), "t", "s")) is not None


def test_a_strip_puts_zero_in_the_middle_and_cuts_what_is_beyond_reach() -> None:
    strip = parsed(difference_strip("logit", Difference(0.0, (-0.9, 0.05), 8), 0.1))
    dot = strip.find("circle")
    [line] = [line for line in strip.iter("line") if line.get("class") == "range"]
    assert dot is not None
    assert (float(dot.get("cx", "")), float(line.get("x1", "")), float(line.get("x2", ""))) == (60, 0, 90)
    assert parsed(share_strip("logit", Share(1, 4), None)).find("circle") is not None


@pytest.mark.parametrize(
    ("rate", "decimals", "text"),
    [(0.824, 0, "82\u202f%"), (-0.031, 1, "−3.1\u202f%"), (-0.0001, 1, "0.0\u202f%"), (1, 0, "100\u202f%")],
)
def test_percentages(rate: float, decimals: int, text: str) -> None:
    assert percent(rate, decimals) == text
