"""Where templates, assets and SQL lie, for an installed wheel and for a checkout alike."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_ROOT = _PACKAGE if (_PACKAGE / "templates").is_dir() else _PACKAGE.parent  # a wheel moves them inside

TEMPLATES = _ROOT / "templates"
ASSETS = _ROOT / "assets"


@cache
def asset_text(name: str) -> str:
    """The text of one file of `assets/`, like `css/tokens.css`."""
    return (ASSETS / name).read_text(encoding="utf-8")


@cache
def sql_text(name: str) -> str:
    """The statement in `generator/sql/NAME.sql`."""
    return (_PACKAGE / "sql" / f"{name}.sql").read_text(encoding="utf-8")
