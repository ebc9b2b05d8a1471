"""The modules and styles of a page, packed: compressed, as text that `assets/js/start.js` unpacks.

A page's scripts are a third of its readable text, and a page of a few images would otherwise be made of them.
"""

from __future__ import annotations

import bz2
import json
import re
from functools import cache

from generator.printable import printable
from generator.resources import ASSETS, asset_text

_IMPORT = re.compile(r'\b(?:from|import) "#viewer/([a-z0-9-]+)"')
_IMPORT_LINE = re.compile(r'^(import [^\n]* from "#viewer/([a-z0-9-]+)";\n)', re.MULTILINE)
_EXPORT = re.compile("^export ", re.MULTILINE)
_COMMENT = re.compile(r"/\*\*(?:(?!\*/).)*\*/[ ]?|^[ ]*//[^\n]*", re.DOTALL | re.MULTILINE)
_LINE_START = re.compile(r"\n\s+")
_UNPACKING = ("printable", "bzip2")
"""What `start.js` imports; each needs at most those before it."""


@cache
def packed(entry: str, styles: str) -> str:
    """The modules of `entry` and the page's style sheet, as `assets/js/start.js` reads them."""
    content = {"entry": f"#viewer/{entry}", "modules": _modules(entry), "styles": styles}
    text = json.dumps(content, ensure_ascii=False).encode()
    return f"{len(text)}:{printable(bz2.compress(text, 3))}"


def _modules(entry: str) -> dict[str, str]:
    """Every module that the module `entry` needs, directly or through another, and `entry` itself."""
    needed: list[str] = []
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        if name not in needed and (ASSETS / "js" / f"{name}.js").is_file():
            needed.append(name)
            waiting += _IMPORT.findall(shortened(asset_text(f"js/{name}.js")))
    return {f"#viewer/{name}": shortened(asset_text(f"js/{name}.js")) for name in sorted(needed)}


@cache
def start_script() -> str:
    """The script that unpacks the modules, as the one text that a browser reads as it is.

    It cannot be a module itself, as an import map must come before any: what it imports is put in its place.
    """
    script = "".join(shortened(asset_text(f"js/{name}.js")) for name in (*_UNPACKING, "start"))
    imported = {name for _, name in _IMPORT_LINE.findall(script)}
    if imported != set(_UNPACKING):
        raise ValueError(f"assets/js/start.js needs {sorted(imported)}, not {sorted(_UNPACKING)}")
    return f"{{{_EXPORT.sub('', _IMPORT_LINE.sub('', script))}}}"


def shortened(source: str) -> str:
    """A module without doc comments, comments that have lines to themselves, and the room before lines.

    They are half of the modules' bytes, and stay in the repository. No text of the viewer goes over lines.
    """
    return _LINE_START.sub("\n", _COMMENT.sub("", source)).lstrip()
