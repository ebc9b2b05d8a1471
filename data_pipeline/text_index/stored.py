"""Text indexes that were built before: found in a folder, and known by hashes to be of the right model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from data_pipeline.corpus import CorpusOfIndex
from data_pipeline.errors import InputError
from data_pipeline.folders import kind_of
from data_pipeline.store import sha256_of
from data_pipeline.text_index.header import HEADER_FILE, Header, Origin

_IN_RESULTS = Path("_work", "text_index")


@dataclass(frozen=True)
class StoredIndex:
    """Where an index lies, and what can be known of it without loading it."""

    folder: Path
    origin: Origin
    hash: str
    """SHA-256 of its manifest, which holds those of its files."""


def find_index(folder: Path, llm_hash: str, model_id: str) -> StoredIndex:
    """The index of a model's LLM in `folder`: an index, a folder of some, or the results of a study.

    Args:
        folder: where to look.
        llm_hash: of the LLM's files, `ModelPlan.llm_hash`.
        model_id: what the model is called in errors.

    Raises:
        InputError: no index there, none of this LLM, or several.
    """
    found = {place: Header.read(place).origin for place in _places(folder)}
    if not found:
        what = "no such folder" if kind_of(folder) is None else "no text index in it"
        raise InputError(
            f"{folder}: {what}, expected an index, or results of a study with the lens 'contextual'"
        )
    fitting = [place for place, origin in found.items() if origin.llm_hash == llm_hash]
    if not fitting:
        others = ", ".join(sorted({str(origin.llm) for origin in found.values()}))
        raise InputError(
            f"{folder}: text index of another model ({others}), expected one of {model_id}'s LLM ({llm_hash})"
        )
    if len(fitting) > 1:
        names = ", ".join(place.name for place in fitting)
        raise InputError(f"{folder}: {len(fitting)} text indexes of this model, name one of them: {names}")
    (place,) = fitting
    return StoredIndex(place, found[place], sha256_of(place / HEADER_FILE))


def corpus_of(indexes: Sequence[StoredIndex]) -> CorpusOfIndex:
    """What all of `indexes` have read; raises `InputError` where that is not one corpus."""
    first = indexes[0].origin
    for other in indexes:
        if other.origin.corpus_hash != first.corpus_hash:
            places = f"{indexes[0].folder} and {other.folder}"
            raise InputError(
                f"text indexes {places} have read different corpora, expected one for all models"
            )
    return CorpusOfIndex(first.corpus, (), first.sentences, first.corpus_hash)


def _places(folder: Path) -> list[Path]:
    if (folder / HEADER_FILE).is_file():
        return [folder]
    around = folder / _IN_RESULTS if (folder / _IN_RESULTS).is_dir() else folder
    return sorted(file.parent for file in around.glob(f"*/{HEADER_FILE}")) if around.is_dir() else []
