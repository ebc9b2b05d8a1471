"""What a results folder promises and what it holds: `manifest.json`.

`expected` declares the matrix model × lens × vision layer × image, so that completeness is a diff and
never a glob. `absent` says what is known to be missing, and why. `parts` lists every Parquet file with
its hash; a file that is not listed is not part of the results.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar, cast

from data_pipeline.errors import InputError
from data_pipeline.schema import SCHEMA_VERSION, STORED_LENSES, TABLES, check_id

MANIFEST_NAME = "manifest.json"

Entry = TypeVar("Entry")
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_DEEPEST_LAYER = 32_767  # what the tables' columns hold


@dataclass(frozen=True)
class StudyInfo:
    """Who the results belong to, as readers see it."""

    study_id: str
    title: str
    description: str = ""
    config_hash: str = ""
    chance_note: str = ""
    baseline_model_id: str | None = None


@dataclass(frozen=True)
class Expected:
    """One model's share of the expected matrix: each lens at each vision layer for each image."""

    model_id: str
    lenses: tuple[str, ...]
    vision_layers: tuple[int, ...]
    images: tuple[str, ...]
    judges: tuple[str, ...] = ()


@dataclass(frozen=True)
class Absence:
    """A known gap in the matrix. None means all of them: a missing lens has neither layer nor image."""

    model_id: str
    reason: str
    lens: str | None = None
    vision_layer: int | None = None
    image_id: str | None = None


@dataclass(frozen=True)
class Part:
    """One Parquet file. `input_hash` identifies the configuration that it was computed from."""

    table: str
    path: str
    rows: int
    bytes: int
    sha256: str
    input_hash: str = ""


@dataclass
class Manifest:
    """The whole of `manifest.json`."""

    study: StudyInfo
    expected: list[Expected] = field(default_factory=list)
    absent: list[Absence] = field(default_factory=list)
    parts: dict[str, Part] = field(default_factory=dict)  # by path
    schema_version: int = SCHEMA_VERSION

    def dumps(self) -> str:
        """The manifest as JSON text, parts in the order of their paths."""
        # Not asdict of the whole: it would copy every part, at every part that is written.
        content = {
            "study": vars(self.study),
            "expected": [vars(entry) for entry in self.expected],
            "absent": [vars(entry) for entry in self.absent],
            "parts": [vars(self.parts[path]) for path in sorted(self.parts)],
            "schema_version": self.schema_version,
        }
        return json.dumps(content, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def loads(cls, text: str, source: Path) -> Manifest:
        """Parse and check a manifest; `source` is named in errors.

        Raises:
            InputError: not JSON, not a manifest, another schema version, or a path that leaves the folder.
        """
        try:
            content = json.loads(text)
            text.encode()
            if _ESCAPED_SURROGATE.search(text):
                json.dumps(content, ensure_ascii=False).encode()
            version = content["schema_version"]
        except UnicodeEncodeError as error:
            raise InputError(f"{source}: holds half a character (a lone surrogate), expected text") from error
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise InputError(f"{source}: not a V-Lens manifest ({error})") from error
        if type(version) is not int or version != SCHEMA_VERSION:
            kind = "" if type(version) is int else ", a number"
            raise InputError(f"{source}: schema version {version!r}, expected {SCHEMA_VERSION}{kind}")
        try:
            return cls(
                study=_typed(StudyInfo, content["study"], source),
                expected=[_expected(entry, source) for entry in _listed(content, "expected")],
                absent=[_typed(Absence, entry, source) for entry in _listed(content, "absent")],
                parts={entry["path"]: _part(entry, source) for entry in _listed(content, "parts")},
            )
        except (KeyError, TypeError) as error:
            raise InputError(f"{source}: not a V-Lens manifest ({error})") from error


def _listed(content: dict[str, Any], key: str) -> list[Any]:
    entries = content[key]
    if not isinstance(entries, list):
        raise TypeError(f"{key} is not a list")
    return entries


def _typed(kind: type[Entry], entry: Any, source: Path) -> Entry:
    """One of the dataclasses above from its JSON object, with the types that it declares."""
    if not isinstance(entry, dict):
        raise TypeError(f"{entry!r} is not an object")
    values = dict(entry)
    for declared in fields(cast(Any, kind)):
        value = values.get(declared.name)
        if declared.name in values and not _fits(value, str(declared.type)):
            raise InputError(f"{source}: {declared.name} is {value!r}, expected {declared.type}")
        if isinstance(value, list):
            values[declared.name] = tuple(value)
    return kind(**values)


def _fits(value: object, annotation: str) -> bool:
    if annotation.startswith("tuple["):
        item = annotation.removeprefix("tuple[").removesuffix(", ...]")
        return isinstance(value, list) and all(_fits(element, item) for element in value)
    return type(value).__name__.replace("NoneType", "None") in annotation.split(" | ")


def _expected(entry: Any, source: Path) -> Expected:
    expected = _typed(Expected, entry, source)
    check_id(expected.model_id, f"{source}: model id")
    for image_id in expected.images:
        check_id(image_id, f"{source}: image id")
    for layer in expected.vision_layers:
        if not 0 <= layer <= _DEEPEST_LAYER:
            raise InputError(f"{source}: vision layer {layer}, expected 0 or more")
    if strange := set(expected.lenses) - set(STORED_LENSES):
        raise InputError(
            f"{source}: unknown lens {sorted(strange)[0]!r}, expected one of {', '.join(STORED_LENSES)}"
        )
    return expected


def _part(entry: Any, source: Path) -> Part:
    part = _typed(Part, entry, source)
    pieces = Path(part.path).parts
    if part.table not in TABLES:
        raise InputError(f"{source}: unknown table {part.table!r}")
    if pieces[:1] != (part.table,) or not part.path.endswith(".parquet"):
        raise InputError(f"{source}: part {part.path!r} is not a Parquet file of table {part.table}")
    for piece in pieces:
        check_id(piece, f"{source}: part path")
    return part
