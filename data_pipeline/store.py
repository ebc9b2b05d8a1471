"""Results folders on disk: atomic writes, resume, and reading with the contract checked.

Every file is written under a temporary name, synced and renamed; the manifest is rewritten the same way
after each part. A run that is killed at any moment leaves a folder whose manifest lists only whole files,
and `ResultsWriter.has_part` tells the next run what need not be computed again.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from data_pipeline.errors import InputError
from data_pipeline.folders import check_output_folder, kind_of
from data_pipeline.manifest import MANIFEST_NAME, Absence, Manifest, Part
from data_pipeline.schema import TABLES, check_id, check_schema, check_values, conform, with_added_columns

_TEMPORARY_SUFFIX = ".partial"


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` so that `path` holds either its old content or all of the new, whatever happens.

    Raises:
        OSError: it cannot be written; it names `path`, and a half-written file does not stay.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + _TEMPORARY_SUFFIX)
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from error


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class ResultsWriter:
    """A results folder that is being filled. One process writes at a time."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        """Open `folder` to fill it with `manifest`'s matrix, keeping the parts of an earlier run.

        Raises:
            InputError: the folder holds files that V-Lens did not write, or another study's results.
        """
        self.folder = folder
        self.manifest = manifest
        earlier = _earlier_manifest(folder)
        if earlier and earlier.study.study_id != manifest.study.study_id:
            raise InputError(
                f"{folder}: holds results of study {earlier.study.study_id!r}, "
                f"expected {manifest.study.study_id!r}; choose another folder"
            )
        if earlier:
            manifest.parts = {path: part for path, part in earlier.parts.items() if (folder / path).is_file()}
        self._save()

    def has_part(self, path: str, input_hash: str) -> bool:
        """Whether `path` (like `neighbors/model/logit-00000.parquet`) is whole and from `input_hash`."""
        part = self.manifest.parts.get(path)
        if part is None or part.input_hash != input_hash:
            return False
        file = self.folder / path
        return file.is_file() and file.stat().st_size == part.bytes and sha256_of(file) == part.sha256

    def write_part(self, path: str, table: pa.Table, input_hash: str = "") -> None:
        """Check `table` against the contract and write it, sorted by its key, to `path`.

        The first folder of `path` names the table. Equal tables give equal bytes.
        """
        name = Path(path).parts[0]
        for piece in Path(path).parts:
            check_id(piece, "part path")
        conformed = conform(name, table)
        conformed = conformed.sort_by([(key, "ascending") for key in TABLES[name].key])
        buffer = pa.BufferOutputStream()
        pq.write_table(conformed, buffer, compression="zstd", compression_level=6)
        content = buffer.getvalue().to_pybytes()
        write_atomically(self.folder / path, content)
        digest = hashlib.sha256(content).hexdigest()
        self.manifest.parts[path] = Part(name, path, conformed.num_rows, len(content), digest, input_hash)
        self._save()

    def record_absences(self, absences: Iterable[Absence]) -> None:
        """Declare gaps, each with its reason; the pages show them."""
        self.manifest.absent.extend(a for a in absences if a not in self.manifest.absent)
        self._save()

    def adopt_part(self, part: Part, file: Path) -> None:
        """Move `file`, which must be the whole of `part`, into the folder and list it."""
        target = self.folder / part.path
        target.parent.mkdir(parents=True, exist_ok=True)
        file.replace(target)
        self.manifest.parts[part.path] = part
        self._save()

    def drop_stale_parts(self, keep: Iterable[str]) -> None:
        """Forget and delete the parts that are not in `keep`: they belong to an earlier form of the study."""
        wanted = set(keep)
        for path in [path for path in self.manifest.parts if path not in wanted]:
            del self.manifest.parts[path]
            (self.folder / path).unlink(missing_ok=True)
        self._save()

    def _save(self) -> None:
        write_atomically(self.folder / MANIFEST_NAME, self.manifest.dumps().encode())


def _earlier_manifest(folder: Path) -> Manifest | None:
    """The manifest of a run to go on with; None for a new or empty folder."""
    check_output_folder(folder, "results")
    path = folder / MANIFEST_NAME
    if path.is_file():
        return read_manifest(folder)
    leftovers = {MANIFEST_NAME + _TEMPORARY_SUFFIX}
    if folder.is_dir() and any(entry.name not in leftovers for entry in folder.iterdir()):
        raise InputError(f"{folder}: holds files that are not V-Lens results; nothing was written")
    return None


def read_manifest(folder: Path) -> Manifest:
    """Read and check `folder`'s manifest."""
    if (kind := kind_of(folder)) != "folder":
        there = "is a file, expected a folder of" if kind else "no such folder, expected"
        raise InputError(f"{folder}: {there} V-Lens results")
    path = folder / MANIFEST_NAME
    try:
        return Manifest.loads(path.read_text(encoding="utf-8"), path)
    except FileNotFoundError as error:
        raise InputError(f"{folder}: no {MANIFEST_NAME} in it, expected V-Lens results") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not a V-Lens manifest ({error})") from error


class Results:
    """A results folder that is read. Opening it checks the manifest and each part's schema."""

    def __init__(self, folder: Path) -> None:
        """Open `folder`; raises `InputError` naming the first file that is missing, foreign or truncated."""
        self.folder = folder
        self.manifest = read_manifest(folder)
        for part in self.manifest.parts.values():
            check_part(folder, part)

    def paths(self, table: str) -> list[Path]:
        """The Parquet files of `table`, in the order of their names."""
        TABLES[table]  # an unknown table is a programming error
        parts = sorted(part.path for part in self.manifest.parts.values() if part.table == table)
        return [self.folder / path for path in parts]

    def read(self, table: str) -> pa.Table:
        """All rows of `table`, values checked, in the order of its key."""
        spec = TABLES[table]
        tables = []
        for path in self.paths(table):
            with readable(path):
                tables.append(with_added_columns(spec, pq.read_table(path, partitioning=None)))
        whole = pa.concat_tables(tables, promote_options="default") if tables else spec.schema.empty_table()
        check_values(spec, whole)
        return whole.sort_by([(key, "ascending") for key in spec.key])


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn any complaint about the Parquet file `path` into an `InputError` that names it."""
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: cannot be read as Parquet ({reason})") from error


def check_part(folder: Path, part: Part) -> None:
    """Raise `InputError` unless the file is there, whole, and of this version of its table."""
    path = folder / part.path
    if not path.is_file():
        raise InputError(f"{path}: missing, although the manifest lists it")
    if path.stat().st_size != part.bytes:
        raise InputError(
            f"{path}: {path.stat().st_size} bytes, expected {part.bytes}; the file is truncated or changed"
        )
    with readable(path):
        schema = pq.read_schema(path)
    check_schema(part.table, schema, str(path))
