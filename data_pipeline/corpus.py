"""Text corpora of the contextual lens: which sentences the language model reads.

A corpus file is UTF-8 text with one sentence per line, or a table (CSV or Parquet) with one per row. In text
only line feeds (with or without a carriage return) end a line; every other character belongs to its sentence.
Blank sentences are skipped, and one that comes again is dropped, as it would give the same hidden states.
"""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from data_pipeline.errors import InputError

TOY_CAPTIONS = "toy-captions"
"""Name of a built-in corpus: captions, short sentences and word lists of the toy world's train split."""

EVERYDAY = "everyday"
"""Name of a built-in corpus: plain sentences about things that photos show, written for V-Lens."""
CONCEPTS = "concepts"
"""Name of the corpus inside an installed `latentlens`: sentences about some 23,000 concepts."""
_TOY_SENTENCES = 3000
_COLUMNS = ("text", "sentence", "caption", "phrase")
"""Columns of a table that hold sentences, the first of these that there is."""
_EVERYDAY_FILE = Path(__file__).parent / "everyday_sentences.txt"


@dataclass(frozen=True)
class Corpus:
    """Sentences in a fixed order, none empty and none twice."""

    title: str
    texts: tuple[str, ...]

    @classmethod
    def of(cls, title: str, texts: Iterable[str], limit: int | None = None) -> Corpus:
        """The corpus of the first `limit` of `texts`, without blank ones and repetitions.

        Raises:
            InputError: nothing is left.
        """
        unique = tuple(islice(dict.fromkeys(text for text in texts if text.strip()), limit))
        if not unique:
            raise InputError(f"corpus {title}: holds no sentence, expected at least one")
        return cls(title, unique)

    @cached_property
    def hash(self) -> str:
        """16 hex digits that change with any sentence or their order, but not with the title."""
        return hashlib.sha256(json.dumps(self.texts).encode()).hexdigest()[:16]

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True)
class CorpusOfIndex(Corpus):
    """What a stored text index was made from: the sentences are not at hand, their number and hash are."""

    count: int
    known_hash: str

    @cached_property
    def hash(self) -> str:
        """The hash of the sentences that the index has read."""
        return self.known_hash

    def __len__(self) -> int:
        return self.count


def read_corpus(path: Path, limit: int | None = None) -> Corpus:
    """The first `limit` sentences of a corpus file.

    Raises:
        InputError: no such file, of another kind, not UTF-8, or without any sentence.
    """
    if path.suffix not in (".txt", ".csv", ".parquet"):
        raise InputError(
            f"corpus {path}: expected a .txt file with one sentence per line, or a .csv or .parquet table"
        )
    if path.suffix == ".parquet":
        return Corpus.of(path.name, _parquet_column(path), limit)
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"corpus {path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise InputError(f"corpus {path}: not UTF-8 text at byte {error.start}") from error
    if path.suffix == ".csv":
        return Corpus.of(path.name, _csv_column(path, content), limit)
    return Corpus.of(path.name, (line.removesuffix("\r") for line in content.split("\n")), limit)


def _csv_column(path: Path, content: str) -> Iterator[str]:
    """The column of sentences; without a header that names one, the first column, first row included."""
    try:
        rows = list(csv.reader(content.splitlines(keepends=True), strict=True))
    except csv.Error as error:
        raise InputError(f"corpus {path}: not a CSV table ({error})") from error
    header = [name.strip().casefold() for name in rows[0]] if rows else []
    named = next((header.index(name) for name in _COLUMNS if name in header), None)
    place = named or 0
    return (row[place] for row in rows[named is not None :] if len(row) > place)


def _parquet_column(path: Path) -> Iterator[str]:
    try:
        schema = pq.read_schema(path)
        strings = [
            field.name
            for field in schema
            if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)
        ]
        name = next((name for name in (*_COLUMNS, *strings) if name in strings), None)
        if name is None:
            raise InputError(f"corpus {path}: no column of text in it, expected one called text")
        column = pq.read_table(path, columns=[name], partitioning=None)[name]
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"corpus {path}: cannot be read as Parquet ({error})") from error
    return (str(text) for text in column.to_pylist() if text is not None)


def named_corpus(name: str, limit: int | None = None) -> Corpus:
    """The corpus that a user names: "everyday", "toy", "concepts" of an installed `latentlens`, or a file.

    Raises:
        InputError: there is none.
    """
    if name == EVERYDAY:
        return everyday_sentences(limit)
    if name in ("toy", TOY_CAPTIONS):
        return toy_captions(limit or _TOY_SENTENCES)
    if name == CONCEPTS:
        return read_corpus(_concepts_file(), limit)
    return read_corpus(Path(name), limit)


def _concepts_file() -> Path:
    found = importlib.util.find_spec("latentlens")
    places = found.submodule_search_locations if found else None
    file = Path(next(iter(places), "")) / "data" / "concepts.txt" if places else None
    if file is None or not file.is_file():
        raise InputError(
            "corpus concepts: these sentences come with the package latentlens, which is not installed; "
            "pip install latentlens, or name another corpus"
        )
    return file


def everyday_sentences(limit: int | None = None) -> Corpus:
    """The first `limit` sentences of the built-in corpus about everyday things."""
    return Corpus.of(EVERYDAY, read_corpus(_EVERYDAY_FILE, limit).texts)


def toy_captions(size: int, seed: int = 0) -> Corpus:
    """`size` texts about scenes of the train split; the same for the same seed."""
    from data_pipeline.toy import documents  # draws on the toy world, which other studies do not need

    return Corpus.of(TOY_CAPTIONS, documents.corpus(seed, size))
