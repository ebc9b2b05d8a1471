"""Images that lie inside tables: Parquet files, or the Arrow files of a saved data set.

A column holds the bytes of pictures, or structs of `bytes` and `path` as the library `datasets` writes them.
Only bytes are read: a path or an address in a table is never followed. Rows are read when they are asked for,
one row group of a Parquet file at a time.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from threading import Lock
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from data_pipeline.errors import InputError, RefusedImageError
from data_pipeline.image_sources import SourceImage, digest_of_name, id_of_path
from data_pipeline.picture_files import read_picture
from data_pipeline.schema import ID_PATTERN
from data_pipeline.store import readable

_CAPTION = "caption"
_GROUPS_KEPT = 2  # one that is read in order, one for an image from elsewhere


@dataclass(frozen=True)
class Columns:
    """Names of columns; caption None is `caption` where there is one, id None numbers the rows."""

    image: str = "image"
    caption: str | None = None
    id: str | None = None

    @property
    def named(self) -> list[str]:
        """Those that a table must have."""
        return [name for name in (self.image, self.caption, self.id) if name]


class TableFile:
    """One file of a table: Parquet, or a stream of Arrow batches where the name ends in .arrow."""

    def __init__(self, path: Path) -> None:
        """Read what the file holds, not its rows; raises `InputError` where it is no such file."""
        self.path = path
        with readable(path):
            if path.suffix == ".arrow":
                self._table = pa.ipc.open_stream(pa.memory_map(str(path))).read_all()
                self.schema, sizes = self._table.schema, [self._table.num_rows]
            else:
                self._table = None
                metadata = pq.read_metadata(path)
                self.schema = metadata.schema.to_arrow_schema()
                sizes = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
            _decode_names(self.schema)
        if min(sizes, default=0) < 0:
            raise InputError(f"{path}: says that it has {min(sizes)} rows")
        self._starts = [0, *accumulate(sizes)]

    def __len__(self) -> int:
        return self._starts[-1]

    @property
    def groups(self) -> list[range]:
        """The rows of each group, which are read at once."""
        return [range(*pair) for pair in pairwise(self._starts)]

    def group_of(self, row: int) -> tuple[int, int]:
        """The group of a row, and the row's number in it."""
        group = bisect_right(self._starts, row) - 1
        return group, row - self._starts[group]

    def group(self, number: int, columns: list[str]) -> pa.Table:
        """Some columns of a group of rows."""
        if self._table is not None:
            return self._table.select(columns)
        with readable(self.path):
            return pq.ParquetFile(self.path).read_row_group(number, columns=columns)

    def column(self, name: str) -> list[Any]:
        """A whole column."""
        with readable(self.path):
            if self._table is not None:
                column = self._table[name]
                column.validate(full=True)
            else:
                column = pq.read_table(self.path, columns=[name], partitioning=None)[name]
            return column.to_pylist()


class ImageTable:
    """The rows of several files with the same columns, as images."""

    def __init__(self, name: str, files: Sequence[Path], columns: Columns, split: str | None = None) -> None:
        """Opens the files; `name` is what the whole is called.

        Raises:
            InputError: a file that cannot be read, a column that is missing or holds something else, ids that
                are missing or occur twice, or no rows.
        """
        self.name, self.split = name, split
        self._files = [TableFile(path) for path in files]
        self._starts = [0, *accumulate(len(file) for file in self._files)]
        if not len(self):
            raise InputError(f"{name}: no rows in it, expected images")
        if columns.caption is None and all(_CAPTION in file.schema.names for file in self._files):
            columns = Columns(columns.image, _CAPTION, columns.id)
        for file in self._files:
            _check_columns(file, columns)
        self.columns = columns
        self._ids = _ids(name, self._files, columns.id) if columns.id else None
        self._groups: dict[tuple[int, int], pa.Table] = {}
        self._reading = Lock()

    def __len__(self) -> int:
        return self._starts[-1]

    def image_id(self, index: int) -> str:
        """The id of a row: its number where no column has ids."""
        return self._ids[index] if self._ids else f"{index:06d}"

    @property
    def read_together(self) -> list[range]:
        """Images that are read at once: who goes through a table out of order keeps to these."""
        starts = zip(self._starts, self._files, strict=False)
        return [
            range(start + rows.start, start + rows.stop)
            for start, file in starts
            for rows in file.groups
            if rows
        ]

    def __getitem__(self, index: int) -> SourceImage:
        number = bisect_right(self._starts, index) - 1
        file, row = self._files[number], index - self._starts[number]
        values = self._row(number, row)
        name = f"{file.path.name}, row {row}"
        content = _content(values[self.columns.image], name)
        return SourceImage(
            image_id=self.image_id(index),
            pixels=read_picture(content, name),
            sha256=hashlib.sha256(content).hexdigest(),
            caption=_caption(values[self.columns.caption]) if self.columns.caption else None,
            split=self.split,
        )

    def _row(self, number: int, row: int) -> dict[str, Any]:
        file = self._files[number]
        group, place = file.group_of(row)
        wanted = [name for name in (self.columns.image, self.columns.caption) if name]
        with self._reading:  # several threads may ask for one group
            if (number, group) not in self._groups:
                if len(self._groups) >= _GROUPS_KEPT:
                    del self._groups[next(iter(self._groups))]
                self._groups[number, group] = file.group(group, wanted)
            one = self._groups[number, group].slice(place, 1)
        with readable(file.path):
            one.validate(full=True)  # Arrow files are not checked when they are mapped
        return dict(one.to_pylist()[0])


def _content(value: Any, name: str) -> bytes:
    """A picture's bytes; a path beside them, or in their place, is not looked at."""
    path = value.get("path") if isinstance(value, dict) else None
    content = value.get("bytes") if isinstance(value, dict) else value
    if content:
        return bytes(content)
    found = f"only the path {path!r}, which is not followed" if path else "nothing"
    raise RefusedImageError(name, f"holds {found}, expected the bytes of a picture")


def _caption(value: Any) -> str | None:
    """The text, or the first one of a list."""
    if isinstance(value, list):
        value = next((text for text in value if text), None)
    return value or None


def _ids(what: str, files: Sequence[TableFile], column: str) -> list[str]:
    values = [value for file in files for value in file.column(column)]
    if None in values:
        raise InputError(f"{what}: row {values.index(None)} has no {column!r}, expected an id")
    ids = [_id(str(value)) for value in values]
    if repeated := [image_id for image_id, count in Counter(ids).items() if count > 1]:
        raise InputError(f"{what}: image id {repeated[0]!r} occurs twice in column {column!r}")
    return ids


def _id(value: str) -> str:
    """The value if it can name a file, otherwise something like it with a hash."""
    usable = ID_PATTERN.fullmatch(value) and ".." not in value
    return value if usable else f"{id_of_path(value)}-{digest_of_name(value)}"


def _decode_names(fields: Iterable[pa.Field]) -> None:
    """Arrow decodes a name when somebody asks for it, which would be too late to name the file."""
    for field in fields:
        if field.name and pa.types.is_struct(field.type):
            _decode_names(list(field.type))


def _check_columns(file: TableFile, columns: Columns) -> None:
    for name in columns.named:
        if file.schema.names.count(name) != 1:
            known = ", ".join(file.schema.names)
            raise InputError(f"{file.path}: no column {name!r}, expected one of {known}")
    for column, fits, wanted in (
        (columns.image, _holds_bytes, "the bytes of pictures (addresses and paths are not followed)"),
        (columns.caption, _holds_text, "texts"),
        (columns.id, _holds_ids, "texts or whole numbers"),
    ):
        if column and not fits(found := file.schema.field(column).type):
            raise InputError(f"{file.path}: column {column!r} holds {found}, expected {wanted}")


def _holds_bytes(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind):
        return kind.get_field_index("bytes") >= 0 and _holds_bytes(kind.field("bytes").type)
    return any(
        is_kind(kind) for is_kind in (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view)
    )


def _holds_text(kind: pa.DataType) -> bool:
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return _is_text(kind)


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def _holds_ids(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or _is_text(kind)
