"""The packed modules of a page: all that its entry needs, and nothing else."""

from __future__ import annotations

import json
import zlib

from generator.resources import asset_text
from generator.scripts import packed, start_script, without_comments
from tests.generator.test_printable import decoded


def unpacked(entry: str) -> dict[str, str]:
    content = json.loads(zlib.decompress(decoded(packed(entry, "a{b:c}")), -zlib.MAX_WBITS))
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


def test_comments_with_lines_to_themselves_are_left_out_and_nothing_else() -> None:
    source = '/** Doc\n * comment. */\nconst a = "// no"; // stays\n  // goes\n\nlet b = `/** no */`;\n'
    assert without_comments(source) == 'const a = "// no"; // stays\n\nlet b = `/** no */`;\n'


def test_the_start_script_needs_nothing_else() -> None:
    script = start_script()
    assert "import " not in script.replace("`import ", "")
    assert "\nexport " not in script
    assert "function bytesOf" in script
