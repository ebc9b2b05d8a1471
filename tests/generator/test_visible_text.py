"""Characters without a look of their own are spelled; all others stay as they are."""

from __future__ import annotations

import pytest
from markupsafe import Markup

from generator.render import _environment
from generator.visible_text import prose, visible_text

CASES = {
    "Alpha + Round": "Alpha + Round",
    "1.5\u202fs, 3 × 4 – “so”": "1.5\u202fs, 3 × 4 – “so”",
    "a\u202egnp\u202c": "a⟨U+202E⟩gnp⟨U+202C⟩",
    "line\none\ttwo": "line↵one⇥two",
    "a\u0000b\u2028c\u200bd": "a⟨U+0000⟩b⟨U+2028⟩c⟨U+200B⟩d",
    "👩\u200d🚀 a\u200db": "👩\u200d🚀 a⟨U+200D⟩b",
    "שלום 猫 قطة e\u0301": "שלום 猫 قطة e\u0301",
    "</script>": "</script>",
    "": "",
}


@pytest.mark.parametrize(("text", "shown"), CASES.items())
def test_what_readers_see(text: str, shown: str) -> None:
    assert visible_text(text) == shown


def test_where_lines_of_prose_break_is_not_shown() -> None:
    template = _environment().from_string("{{ text | prose }}|{{ text }}")
    assert template.render(text="Three models\nlook at\r\n  scenes.\n\n") == (
        "Three models look at scenes.|Three models↵look at⟨U+000D⟩↵  scenes.↵↵"
    )
    assert prose("a\u2028b\u00a0 c") == "a\u2028b\u00a0 c"


def test_templates_place_no_text_that_hides_something() -> None:
    template = _environment().from_string("<p title='{{ name }}'>{{ name }}</p>{{ markup }}{{ number }}")
    placed = template.render(name="<b>\u202e", markup=Markup("<i>\u200b</i>"), number=1.5)
    assert placed == "<p title='&lt;b&gt;⟨U+202E⟩'>&lt;b&gt;⟨U+202E⟩</p><i>\u200b</i>1.5"
