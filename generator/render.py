"""Page objects → HTML text. Nothing here reads results or writes files.

A page is one file that works from `file://`: styles and scripts are inlined, shared modules travel as `data:`
modules of an import map, and a content security policy allows just these, so no request can leave the page.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from generator.resources import ASSETS, TEMPLATES, asset_text

_IMPORT = re.compile(r'"#viewer/([a-z0-9-]+)"')
_DOC_COMMENT = re.compile(r"^[ ]*/\*\*(?:(?!\*/).)*\*/[ ]*\n", re.DOTALL | re.MULTILINE)
_URL_ESCAPES = str.maketrans({"%": "%25", "#": "%23", "\n": "%0A", "\r": "%0D", "\t": "%09"})
_UNSAFE_IN_PAGE = re.compile(r"</script|</style|<!--", re.IGNORECASE)
_POLICY_PLACE = "content-security-policy-of-this-page"


def render(template: str, page: Any, entry: str | None = None) -> str:
    """The HTML of `page`, placed by `templates/TEMPLATE`; `entry` names its script, like `js/viewer.js`."""
    import_map = _import_map(entry) if entry else ""
    nonce = _hash((json.dumps(getattr(page, "data", {})) + import_map).encode())
    inlined: list[str] = []

    def place(name: str) -> Markup:
        inlined.append(name)
        return asset(name)

    html = (
        _environment()
        .get_template(template)
        .render(
            page=page,
            asset=place,
            import_map=Markup(import_map),  # noqa: S704
            nonce=nonce,
            csp=_POLICY_PLACE,
        )
    )
    hashed = [name for name in inlined if name != entry]
    return html.replace(_POLICY_PLACE, _policy(hashed, nonce if entry else None), 1)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def asset(name: str) -> Markup:
    """One file of `assets/`, to stand inside a script or style element as it is.

    Raises:
        ValueError: the file would end the element that it stands in.
    """
    text = asset_text(name)
    if found := _UNSAFE_IN_PAGE.search(text):
        raise ValueError(f"assets/{name} holds {found.group()!r} and would end the element around it")
    return Markup(text)  # noqa: S704


@cache
def _import_map(entry: str) -> str:
    """The import map of every module that `entry` needs, directly or through another module."""
    needed: list[str] = []
    waiting = _IMPORT.findall(asset_text(entry))
    while waiting:
        name = waiting.pop()
        if name not in needed and (ASSETS / "js" / f"{name}.js").is_file():
            needed.append(name)
            waiting += _IMPORT.findall(asset_text(f"js/{name}.js"))
    modules = {f"#viewer/{name}": data_module(asset_text(f"js/{name}.js")) for name in sorted(needed)}
    return json.dumps({"imports": modules}, ensure_ascii=False).replace("<", "\\u003c")


def data_module(source: str) -> str:
    """A module as a `data:` URL that stays readable in the page's source, without its doc comments.

    Doc comments are half of the modules' bytes and stay in the repository. Only what a URL would lose is
    escaped: base64 would need a third more.
    """
    code = _DOC_COMMENT.sub("", source)
    return "data:text/javascript;charset=utf-8," + code.translate(_URL_ESCAPES)


def _policy(inlined: Sequence[str], nonce: str | None) -> str:
    """The policy of a page: the assets that its template inlined, and images inside the page.

    Hashes are those of the assets, never of what stands in the finished page: a script that came in by data
    must not be allowed by being there. Scripts with the nonce may import the map's modules, which hashes
    cannot allow. The nonce depends on the page's data, so that no data can be written that knows it.
    """
    nonces = [f"'nonce-{nonce}'"] if nonce else []
    styles, scripts = (
        [f"'sha256-{_hash(asset_text(name).encode())}'" for name in inlined if name.endswith(kind)]
        for kind in (".css", ".js")
    )
    return "; ".join(
        (
            "default-src 'none'",
            " ".join(["script-src", *nonces, *scripts]),
            " ".join(["style-src", *styles]),
            "img-src data: blob:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _hash(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()
