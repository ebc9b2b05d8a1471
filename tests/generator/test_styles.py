"""Style sheets lose what means nothing, and nothing else."""

from __future__ import annotations

import re

import pytest

from generator.resources import ASSETS
from generator.styles import style_sheet


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a {\n  color: red;\n  width: calc(1px + 2em);\n}\n", "a{color:red;width:calc(1px + 2em)}"),
        ("/* why */\na > b,\n.c :hover { top: 0 }", "a > b,.c :hover{top:0}"),
        ('a::before { content: " ; /* no */  "; }', 'a::before{content:" ; /* no */  "}'),
        (
            "@media (min-width: 5rem) and (hover) {\n  a { b: c; }\n}",
            "@media (min-width:5rem) and (hover){a{b:c}}",
        ),
        ("a { grid: 'x  y' / 1fr 2fr; }", "a{grid:'x  y' / 1fr 2fr}"),
        ("a /* x */ b { c: d }", "a b{c:d}"),
    ],
)
def test_a_sheet_is_shortened(source: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generator.styles.asset_text", lambda name: source)
    assert style_sheet(source) == expected


@pytest.mark.parametrize("name", sorted(path.name for path in (ASSETS / "css").glob("*.css")))
def test_the_sheets_hold_no_syntax_that_is_shortened_wrongly(name: str) -> None:
    source = (ASSETS / "css" / name).read_text(encoding="utf-8")
    assert "url(" not in source.replace("url(#", "")
    short = style_sheet(f"css/{name}")
    assert short.count("{") == short.count("}")
    words = re.findall(r"[\w-]+", re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL))
    assert re.findall(r"[\w-]+", short) == words
