"""An index in the layout of LatentLens, which its `ContextualIndex.from_directory` loads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from data_pipeline.progress import Progress, SilentProgress
from data_pipeline.text_index.contexts import Context
from data_pipeline.text_index.index import TextIndex
from data_pipeline.text_index.search import LayerRows
from data_pipeline.whole_folder import check_room, written_whole

Precision = Literal["float16", "float32"]
METADATA_FILE, CACHE_FILE = "metadata.json", "embeddings_cache.pt"
BEFORE_NORM = "before_final_norm"
"""Key of our own: layer N is what leaves the last block. The library's is what the final norm makes of it."""
_ROWS_AT_ONCE = 4096
_BYTES_OF_ENTRY = 200
"""About what the words of a row take, at most."""


def export_index(
    index: TextIndex,
    folder: Path,
    dtype: Precision = "float16",
    tokenizer: Any = None,
    progress: Progress | None = None,
) -> None:
    """Write `metadata.json` and `layer_N/embeddings_cache.pt`; one layer at a time is in memory.

    Args:
        index: what to write; its vectors as they are stored, of length 1.
        folder: a new or empty folder.
        dtype: of the vectors; the library saves "float16".
        tokenizer: of the index's model, for tokens as it decodes them; None: as they stand in the sentence.
        progress: who is told.

    Raises:
        InputError: the folder holds something, or the disk has too little room.
    """
    numbers: torch.dtype = getattr(torch, dtype)
    size = numbers.itemsize * index.origin.hidden_size + _BYTES_OF_ENTRY
    check_room(folder, len(index) * size, "the exported index", "fewer text layers, or another disk")
    layers = list(index.origin.text_layers)
    facts = {
        "layers": layers,
        "hidden_dim": index.origin.hidden_size,
        "model_name": index.origin.llm,
        "dataset": index.origin.corpus,
        BEFORE_NORM: True,
        "made_with": f"V-Lens {index.origin.version}",
    }
    entries = _entries(index.contexts, tokenizer)
    with (
        written_whole(folder, "the exported index") as partial,
        (progress or SilentProgress()).stage("export", len(layers)) as stage,
    ):
        for rows in index.layers:
            place = partial / f"layer_{rows.layer}"
            place.mkdir()
            metadata = [entries[context] for context in rows.contexts.tolist()]
            torch.save({"embeddings": _vectors(rows, numbers), "metadata": metadata}, place / CACHE_FILE)
            stage.advance()
        (partial / METADATA_FILE).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def _vectors(rows: LayerRows, dtype: torch.dtype) -> Tensor:
    """All vectors of a layer, (rows, hidden)."""
    found = torch.empty(rows.file.shape, dtype=dtype)
    for start in range(0, len(found), _ROWS_AT_ONCE):
        some = slice(start, start + _ROWS_AT_ONCE)
        found[some] = rows.file.coding.decode(rows.file.get(some))
    return found


def _entries(contexts: tuple[Context, ...], tokenizer: Any) -> list[dict[str, str | int]]:
    decoded: dict[int, str] = {}

    def token(context: Context) -> str:
        if tokenizer is None:
            return context.text[context.char_start : context.char_end]
        if context.token_id not in decoded:
            decoded[context.token_id] = tokenizer.decode([context.token_id])
        return decoded[context.token_id]

    return [
        {
            "token_str": token(context),
            "token_id": context.token_id,
            "caption": context.text,
            "position": context.position,
        }
        for context in contexts
    ]
