"""What a look's LN-Lens searches: a stored index, a corpus that is read once and kept, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_pipeline.corpus import EVERYDAY, TOY_CAPTIONS
from data_pipeline.errors import InputError
from data_pipeline.look.models import ChosenModel
from data_pipeline.study import TextSettings

NO_INDEX = (
    "No text index: Input Embedding Matrix and LogitLens only. For LN-Lens too, add --corpus everyday (401 "
    "plain sentences that come with V-Lens), --corpus FILE.txt (one sentence a line) or --index DIR."
)
_BUILT_IN = {"everyday": EVERYDAY, "toy": TOY_CAPTIONS, TOY_CAPTIONS: TOY_CAPTIONS}
_CONTEXTS_PER_TOKEN = 40


@dataclass(frozen=True)
class TextChoice:
    """What the user said of texts: a corpus by name or file and how much of it, or an index."""

    corpus: str | None = None
    sentences: int | None = None
    index: Path | None = None


def text_settings(choice: TextChoice, chosen: ChosenModel) -> TextSettings | None:
    """The texts of a look at `chosen`; None where there is no index and none is to be built.

    A toy model reads the toy study's corpus unless something else is said. A number of sentences alone means
    those of the model's study, or else of the built-in corpus.

    Raises:
        InputError: an index together with a corpus, or a corpus that is neither a known name nor a file.
    """
    if choice.index is not None:
        if choice.corpus is not None or choice.sentences is not None:
            raise InputError("--index excludes --corpus and --sentences: an index has read its own")
        return TextSettings(source="index", index=str(choice.index.resolve()), distinct="word")
    limit: dict[str, Any] = {} if choice.sentences is None else {"sentences": choice.sentences}
    if choice.corpus is None and chosen.text and (chosen.toy or limit):
        place = {"file": str(chosen.folder / chosen.text.file)} if chosen.text.file else {}
        return chosen.text.model_copy(update=place | limit)
    if choice.corpus is None and not limit:
        return None
    found: dict[str, Any] = {"source": _BUILT_IN.get(choice.corpus or EVERYDAY)}
    if choice.corpus and not found["source"]:
        found = {"source": "lines", "file": _file(choice.corpus)}
    return TextSettings(**found, **limit, contexts_per_token=_CONTEXTS_PER_TOKEN, distinct="word")


def _file(name: str) -> str:
    if not Path(name).is_file():
        raise InputError(
            f"corpus {name}: no such file, and none that comes with V-Lens ({', '.join(_BUILT_IN)})"
        )
    return str(Path(name).resolve())
