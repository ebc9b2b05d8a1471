"""The packed modules of a page: all that its entry needs, and nothing else."""

from __future__ import annotations

import bz2
import json
import re
from pathlib import Path

import pytest

from generator.resources import ASSETS, asset_text
from generator.scripts import packed, shortened, start_script
from tests.generator.test_printable import decoded


def unpacked(entry: str) -> dict[str, str]:
    length, _, text = packed(entry, "a{b:c}").partition(":")
    unpacked = bz2.decompress(decoded(text))
    assert len(unpacked) == int(length)
    content = json.loads(unpacked)
    assert content["entry"] == f"#viewer/{entry}"
    assert content["styles"] == "a{b:c}"
    modules: dict[str, str] = content["modules"]
    return modules


def test_a_module_brings_what_it_imports_directly_or_not() -> None:
    modules = unpacked("payload")
    assert {"#viewer/payload", "#viewer/blocks", "#viewer/printable", "#viewer/lists"} <= set(modules)
    assert "#viewer/viewer" not in modules


def test_a_module_of_types_only_is_left_out() -> None:
    """`image-data` speaks of the types of `readings` in comments, and imports nothing of it."""
    assert '"#viewer/readings"' in asset_text("js/image-data.js")
    assert "#viewer/readings" not in unpacked("payload")


def test_comments_and_room_before_lines_are_left_out_and_nothing_else() -> None:
    source = '/** Doc\n * comment. */\nconst a = "// no"; // stays\n  // goes\n\n  let b = /** c */ (`  d`)\n'
    assert shortened(source) == 'const a = "// no"; // stays\nlet b = (`  d`)\n'


@pytest.mark.parametrize("path", sorted((ASSETS / "js").glob("*.js")), ids=lambda path: path.stem)
def test_no_text_goes_over_lines(path: Path) -> None:
    """The room before lines could not be left out of it."""
    source = re.sub(r"/\*\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for line in source.splitlines():
        plain = re.sub(r"\[[^\]]*`[^\]]*\]", "", line)  # a class of a pattern
        opens_or_closes_code = plain.count("{") != plain.count("}")
        assert plain.count("`") % 2 == 0 or opens_or_closes_code or line.lstrip().startswith("//"), line


def test_the_start_script_needs_nothing_else() -> None:
    script = start_script()
    assert "import " not in script.replace("`import ", "")
    assert "\nexport " not in script
    assert "function bytesOf" in script
