"""Page objects → HTML text. Nothing here reads results or writes files.

A page is one file that works from `file://`: styles and scripts are inlined, modules packed, and a content
security policy allows just these, so no request can leave the page.
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

from generator.resources import TEMPLATES, asset_text
from generator.scripts import packed_modules, start_script

_UNSAFE_IN_PAGE = re.compile(r"</script|</style|<!--", re.IGNORECASE)
_POLICY_PLACE = "content-security-policy-of-this-page"


def render(template: str, page: Any, entry: str | None = None) -> str:
    """The HTML of `page`, placed by `templates/TEMPLATE`; `entry` names its first module, like `viewer`."""
    modules, start = (packed_modules(entry), start_script()) if entry else ("", "")
    nonce = _hash((json.dumps(getattr(page, "data", {})) + modules + start).encode())
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
            modules=Markup(modules),  # noqa: S704 coded: no character of markup
            start_script=Markup(_checked(start, "start.js")),  # noqa: S704
            nonce=nonce,
            csp=_POLICY_PLACE,
        )
    )
    return html.replace(_POLICY_PLACE, _policy(inlined, nonce if entry else None), 1)


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
    return Markup(_checked(asset_text(name), name))  # noqa: S704


def _checked(text: str, name: str) -> str:
    if found := _UNSAFE_IN_PAGE.search(text):
        raise ValueError(f"assets/{name} holds {found.group()!r} and would end the element around it")
    return text


def _policy(inlined: Sequence[str], nonce: str | None) -> str:
    """The policy of a page: the assets that its template inlined, and images inside the page.

    Hashes are those of the assets, never of what stands in the finished page: a script that came in by data
    must not be allowed by being there. A script with the nonce may import modules and load data files, which
    hashes cannot allow. The nonce depends on the page's data, so that no data can be written that knows it.
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
