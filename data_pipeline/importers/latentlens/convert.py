"""The whole import of a text index that another tool has made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path

from data_pipeline.errors import InputError
from data_pipeline.folders import is_inside
from data_pipeline.importers.latentlens.alignment import Aligned, CommonRows, align
from data_pipeline.importers.latentlens.comparison import compare
from data_pipeline.importers.latentlens.layers import Facts, LayerFolder, find_layers, read_facts
from data_pipeline.importers.latentlens.places import ChosenRows, Vectors
from data_pipeline.language_models import LanguageModel
from data_pipeline.progress import Progress, SilentProgress
from data_pipeline.text_index.header import Header, Origin
from data_pipeline.text_index.index import TextIndex
from data_pipeline.text_index.language import StatedModel
from data_pipeline.text_index.settings import MAX_TOKENS
from data_pipeline.text_index.storing import rows_of_layer, store_index
from data_pipeline.whole_folder import written_whole

_RULE = "rows as they were imported; no special tokens, none without characters; each prefix once"


@dataclass(frozen=True)
class Imported:
    """How large the index has become, and what was left out."""

    contexts: int
    layers: tuple[int, ...]
    said_model: str | None
    """The model's name in the folder's own metadata."""
    notes: tuple[str, ...]
    cosine: float | None
    """Of the model's own states to the index's, see `compare`; None where the model was not asked."""


def import_index(
    folder: Path,
    model: StatedModel,
    output: Path,
    layers: Collection[int] | None = None,
    progress: Progress | None = None,
    speak: Callable[[], LanguageModel] | None = None,
) -> Imported:
    """Translate an index of LatentLens, or of the published study's extractors, into one of V-Lens.

    One layer's vectors at a time are mapped from disk, and no code of a pickle is run.

    Args:
        folder: with `metadata.json` and `layer_N/`, see `layers`.
        model: whose hidden states these are: the files do not say it in a way that can be checked.
        output: a new or empty folder.
        layers: import these text layers alone; None: all.
        progress: who is told.
        speak: loads the model, to have it read some sentences and compare; None: it is taken as stated.

    Raises:
        InputError: a file that is missing, damaged or of something else, layers that do not belong together,
            or a model of another width, tokenizer or, where compared, other states. Nothing is left in
            `output` then.
    """
    if is_inside(output, folder):
        raise InputError(f"{output}: lies in the folder that is read, expected another one for the index")
    progress = progress or SilentProgress()
    facts = read_facts(folder)
    found = find_layers(folder, facts, layers)
    _check_layers(found, facts, model)
    with written_whole(output, "a text index") as partial:
        common, vectors = CommonRows(), {}
        with progress.stage(f"rows of {folder.name}", len(found)) as stage:
            for one in found:
                places, vectors[one.layer] = one.read()
                _check_width(one, vectors[one.layer], facts, model)
                common.add(one, places)
                stage.advance()
        aligned = align(common, model.tokenizer, model.name)
        files = {one.layer: one.file for one in found}
        rows = _rows(aligned, files, vectors)
        store_index(partial, _origin(folder, facts, model, aligned), aligned.contexts, rows, progress)
        cosine = _compared(partial, speak()) if speak else None
    return Imported(len(aligned.contexts), tuple(files), facts.model, aligned.notes, cosine)


def _compared(folder: Path, language: LanguageModel) -> float:
    """See `compare`; the header then says that the model is not only stated."""
    cosine = compare(TextIndex.load(folder, whole=False), language)
    header = Header.read(folder)
    replace(header, origin=replace(header.origin, model_stated=False)).write(folder)
    return cosine


def _check_layers(found: list[LayerFolder], facts: Facts, model: StatedModel) -> None:
    last = found[-1]
    if last.layer < model.num_layers or (facts.before_norm and last.layer == model.num_layers):
        return
    fewer = ",".join(str(one.layer) for one in found if one.layer < model.num_layers)
    advice = f"--layers {fewer} leaves it out" if fewer else "none is left"
    if last.layer == model.num_layers:
        raise InputError(
            f"{last.file.parent}: holds states after {model.name}'s final norm, expected what leaves its "
            f"blocks; {advice}"
        )
    raise InputError(
        f"{last.file.parent}: {model.name} has {model.num_layers} blocks, so it has no such layer; {advice}"
    )


def _check_width(one: LayerFolder, vectors: Vectors, facts: Facts, model: StatedModel) -> None:
    width = vectors.shape[1]
    if facts.width is not None and width != facts.width:
        raise InputError(f"{one.file}: vectors of width {width}, its metadata.json says {facts.width}")
    if width != model.hidden_size:
        raise InputError(
            f"{one.file}: vectors of width {width}, but {model.name} has hidden states of "
            f"{model.hidden_size}; expected the model that the index is of"
        )


def _rows(aligned: Aligned, files: dict[int, Path], vectors: dict[int, Vectors]) -> dict[int, ChosenRows]:
    return {
        layer: ChosenRows(
            files[layer], vectors[layer], aligned.rows[layer][rows_of_layer(aligned.contexts, layer)]
        )
        for layer in files
    }


def _origin(folder: Path, facts: Facts, model: StatedModel, aligned: Aligned) -> Origin:
    tokens = Counter(context.token_id for context in aligned.contexts)
    return Origin(
        llm=model.name,
        llm_hash=model.hash,
        vocabulary=len(model.tokenizer),
        corpus=f"{facts.corpus or folder.resolve().name}, imported",
        corpus_hash=aligned.corpus_hash,
        sentences=aligned.sentences,
        text_layers=tuple(sorted(aligned.rows)),
        max_per_token=max(tokens.values()),
        max_tokens=MAX_TOKENS,
        seed=0,
        hidden_size=model.hidden_size,
        rule=_RULE,
        model_stated=True,
    )
