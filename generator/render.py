"""Page objects → HTML text. Nothing here reads results or writes files.

A page is one file that works from `file://`: styles and scripts are inlined, modules packed. Two content
security policies hold at once. The first allows just these by hash, and by nonce what they start; nonces also
allow an address of any site, so the second allows no script from elsewhere than where the page lies.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from generator.resources import TEMPLATES, asset_text
from generator.scripts import packed, start_script
from generator.styles import style_sheet
from generator.visible_text import prose, visible_text

_UNSAFE_IN_PAGE = re.compile(r"</script|</style|<!--", re.IGNORECASE)
_LINE_START = re.compile(r"^\s+", re.MULTILINE)
_POLICY_PLACE = "content-security-policy-of-this-page"
_OWN_SCRIPTS = "script-src 'self' file: data: 'unsafe-inline'"
"""Where scripts may come from: data files beside the page, on disk or on its server, and packed modules.
Which of these is for the first policy to say; a script has to pass both."""


def render(template: str, page: Any, entry: str | None = None) -> str:
    """The HTML of `page`, placed by `templates/TEMPLATE`; `entry` names its first module, like `viewer`."""
    start = start_script() if entry else ""
    nonce = _hash((json.dumps(getattr(page, "data", {})) + start).encode())
    allowed: list[Asset] = []
    in_pack: list[str] = []

    def place(name: str) -> Markup:
        allowed.append(asset(name))
        return Markup(allowed[-1].text)  # noqa: S704

    def pack(name: str) -> str:
        in_pack.append(name)
        return ""

    def pack_all() -> Markup:
        allowed.append(Asset("css", style_sheet(*in_pack)))
        return Markup(packed(entry or "", allowed[-1].text))  # noqa: S704 coded: no character of markup

    html = (
        _environment()
        .get_template(template)
        .render(
            page=page,
            asset=place,
            pack=pack,
            packed=pack_all,
            start_script=Markup(_checked(start, "start.js")),  # noqa: S704
            nonce=nonce,
            csp=_POLICY_PLACE,
            own_scripts=_OWN_SCRIPTS,
        )
    )
    return html.replace(_POLICY_PLACE, _policy(allowed, nonce if entry else None), 1)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_template),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_readable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["prose"] = prose
    return environment


def _template(name: str) -> str | None:
    """A template without the room before its lines, which every page would carry; data are not touched."""
    path = TEMPLATES / name
    return _LINE_START.sub("", path.read_text(encoding="utf-8")) if path.is_file() else None


def _readable(value: object) -> object:
    """Text as readers can see it; markup and payloads stay as they are."""
    return visible_text(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@dataclass(frozen=True)
class Asset:
    """What a script or style element of a page holds."""

    kind: str
    """`css` or `js`."""
    text: str


def asset(name: str) -> Asset:
    """One file of `assets/`, to stand inside a script or style element as it is.

    Raises:
        ValueError: the file would end the element that it stands in.
    """
    kind = name.rsplit(".", 1)[1]
    return Asset(kind, _checked(style_sheet(name) if kind == "css" else asset_text(name), name))


def _checked(text: str, name: str) -> str:
    if found := _UNSAFE_IN_PAGE.search(text):
        raise ValueError(f"assets/{name} holds {found.group()!r} and would end the element around it")
    return text


def _policy(allowed: Sequence[Asset], nonce: str | None) -> str:
    """The policy of a page: the assets that its template inlined or packed, and images inside the page.

    Hashes are those of the assets, never of what stands in the finished page: a script that came in by data
    must not be allowed by being there. A script with the nonce may import modules and load data files, which
    hashes cannot allow. The nonce depends on the page's data, so that no data can be written that knows it.
    """
    nonces = [f"'nonce-{nonce}'"] if nonce else []
    styles, scripts = (
        [f"'sha256-{_hash(asset.text.encode())}'" for asset in allowed if asset.kind == kind]
        for kind in ("css", "js")
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
