"""What readers are told about an imported model: how the published study made it, and what is not known."""

from __future__ import annotations

from typing import Any

from data_pipeline.errors import InputError
from data_pipeline.importers.vlens_json.checkpoints import Checkpoint
from data_pipeline.importers.vlens_json.facts import ModelFacts
from data_pipeline.importers.vlens_json.pictures import Grid

_EMBEDDING_NOTE = "cosine to the rows of the input embedding matrix, as published"
_LOGIT_NOTE = "final norm and LM head; logits as published, no probabilities"
_CONTEXTUAL_NOTE = (
    "cosine neighbours of all text layers merged, as published; equal prefixes were not removed there, "
    "so one sentence may stand in a list more than once"
)


def model_row(model: ModelFacts, position: int, grids: list[Grid], imported: set[str]) -> dict[str, Any]:
    """The model's row of table `models`; `imported` are the ids of all models of the import."""
    checkpoint = model.source.checkpoint
    layers = model.source.vision_layers
    return {
        "model_id": model.model_id,
        "position": position,
        "title": _title(model, checkpoint),
        "group": checkpoint.group,
        "llm": checkpoint.llm,
        "vision_encoder": checkpoint.vision_encoder,
        "connector": checkpoint.connector,
        "baseline_model_id": checkpoint.baseline if checkpoint.baseline in imported else None,
        "description": " ".join(_sentences(model, checkpoint, grids)),
        "num_layers": _num_layers(checkpoint, layers),
        "vision_layers": layers,
        "text_layers": sorted(model.text_layers),
        "hidden_size": checkpoint.hidden_size,
        "embedding_note": _embedding_note(model),
        "logit_note": _logit_note(checkpoint, layers),
        "contextual_note": _CONTEXTUAL_NOTE,
        "corpus": checkpoint.corpus,
        "config_hash": model.config_hash,
    }


def _title(model: ModelFacts, checkpoint: Checkpoint) -> str:
    """The folder's model; where the files name another one, readers see that wherever the title stands."""
    others = ", ".join(_other_names(model, checkpoint))
    return f"{checkpoint.title} (its files say {others})" if others else checkpoint.title


def _other_names(model: ModelFacts, checkpoint: Checkpoint) -> list[str]:
    folder_names = {checkpoint.folder.rsplit("/", 1)[-1], checkpoint.model_id}
    return [
        name
        for name in sorted(model.model_names)
        if name.replace("/", "_") not in folder_names and name.rsplit("/", 1)[-1] not in folder_names
    ]


def study_description(unread: list[str]) -> str:
    """How the results came here; names the files that were left out."""
    text = "Results of a published study, imported from its JSON files; nothing was computed again."
    if unread:
        listed = ", ".join(unread[:5]) + (" and others" if len(unread) > 5 else "")
        text += f" Not imported, being no merged top-k list of a lens: {listed}."
    return text


def _sentences(model: ModelFacts, checkpoint: Checkpoint, grids: list[Grid]) -> list[str]:
    sentences = [
        f"The files name another model than their folder does: {name}. What is said here of its parts "
        "follows the folder."
        for name in _other_names(model, checkpoint)
    ]
    if checkpoint.description:
        sentences.append(checkpoint.description)
    if any(grid.assumed for grid in grids):
        sentences.append(
            "The files give no rows and columns; a square grid is assumed, as the number of patches is a "
            "square and the canvas is square."
        )
    if checkpoint.num_layers is None:
        sentences.append("The depth of its language model is not known; shown as one past the last layer.")
    return sentences


def _num_layers(checkpoint: Checkpoint, layers: tuple[int, ...]) -> int:
    if checkpoint.num_layers is None:
        return layers[-1] + 1
    if layers[-1] > checkpoint.num_layers:
        raise InputError(
            f"model {checkpoint.model_id}: vision layer {layers[-1]}, expected at most "
            f"{checkpoint.num_layers}, the depth of {checkpoint.llm}"
        )
    return checkpoint.num_layers


def _embedding_note(model: ModelFacts) -> str:
    if not model.translated_tokens:
        return _EMBEDDING_NOTE
    return (
        f"{_EMBEDDING_NOTE}; {model.translated_tokens} tokens were machine-translated there and say so in "
        "their text"
    )


def _logit_note(checkpoint: Checkpoint, layers: tuple[int, ...]) -> str:
    if checkpoint.num_layers is None or layers[-1] < checkpoint.num_layers:
        return _LOGIT_NOTE
    return f"{_LOGIT_NOTE}; at layer {layers[-1]} the final norm was applied twice there"
