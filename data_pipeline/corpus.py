"""Text corpora of the contextual lens: which sentences the language model reads.

A corpus file is UTF-8 text with one sentence per line. Only line feeds (with or without a carriage return)
end a line; every other character belongs to its sentence. Blank lines are skipped, and a sentence that
comes again is dropped, as it would give the same hidden states.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

from data_pipeline.errors import InputError

TOY_CAPTIONS = "toy-captions"
"""Name of a built-in corpus: captions, short sentences and word lists of the toy world's train split."""

EVERYDAY = "everyday"
"""Name of a built-in corpus: plain sentences about things that photos show, written for V-Lens."""
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
        InputError: no such file, not a .txt file, not UTF-8, or without any sentence.
    """
    if path.suffix != ".txt":
        raise InputError(f"corpus {path}: expected a .txt file with one sentence per line")
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"corpus {path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise InputError(f"corpus {path}: not UTF-8 text at byte {error.start}") from error
    return Corpus.of(path.name, (line.removesuffix("\r") for line in content.split("\n")), limit)


def everyday_sentences(limit: int | None = None) -> Corpus:
    """The first `limit` sentences of the built-in corpus about everyday things."""
    return Corpus.of(EVERYDAY, read_corpus(_EVERYDAY_FILE, limit).texts)


def toy_captions(size: int, seed: int = 0) -> Corpus:
    """`size` texts about scenes of the train split; the same for the same seed."""
    from data_pipeline.toy import documents  # draws on the toy world, which other studies do not need

    return Corpus.of(TOY_CAPTIONS, documents.corpus(seed, size))
