"""Folders in the layouts of LatentLens and of the published study, with vectors that a test knows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from data_pipeline.text_index.language import StatedModel

SENTENCES = ("a red house on the grass", "a red boat on the water", "a black cat sits under a tree")
LAYERS = (1, 4)

Entry = dict[str, Any]


def entries(model: StatedModel, sentences: Sequence[str] = SENTENCES) -> list[Entry]:
    """A row for every token of every sentence, repeated prefixes and all, as the study's extractor has it."""
    return [
        {
            "token_str": model.tokenizer.decode([token]),
            "token_id": token,
            "caption": text,
            "position": position,
        }
        for text in sentences
        for position, token in enumerate(model.tokenizer(text)["input_ids"])
    ]


def vector(model: StatedModel, layer: int, entry: Entry) -> Tensor:
    """(width,) that depends on the layer and on the tokens up to the entry's, as a causal model's does."""
    ids = model.tokenizer(entry["caption"])["input_ids"][: entry["position"] + 1]
    seed = hash((layer, *ids)) % 2**31
    return torch.randn(model.hidden_size, generator=torch.Generator().manual_seed(seed))


def vectors(model: StatedModel, layer: int, rows: Sequence[Entry]) -> Tensor:
    """(row, width)."""
    return torch.stack([vector(model, layer, entry) for entry in rows])


def write_cache(
    folder: Path, layer: int, rows: Sequence[Entry], found: Tensor, name: str = "embeddings_cache.pt"
) -> None:
    """A layer as LatentLens saves it."""
    place = folder / f"layer_{layer}"
    place.mkdir(parents=True, exist_ok=True)
    torch.save({"embeddings": found, "metadata": list(rows)}, place / name)


def write_singly(
    folder: Path, layer: int, rows: Sequence[Entry], found: Tensor, inner: str = "embeddings"
) -> None:
    """A layer as the study's first extractor left it; float8 as numpy saves what it does not know."""
    place = folder / f"layer_{layer}"
    (place / inner).mkdir(parents=True, exist_ok=True)
    listed: dict[str, list[Entry]] = {}
    for number, (entry, one) in enumerate(zip(rows, found, strict=True)):
        raw = one.view(torch.uint8).numpy().view("V1") if one.dtype == torch.float8_e4m3fn else one.numpy()
        path = Path(inner, f"emb_{number:08d}.npy")
        np.save(place / path, raw)
        rest = {key: value for key, value in entry.items() if key != "token_str"}
        listed.setdefault(entry["token_str"], []).append(
            {**rest, "embedding_path": path.as_posix(), "dtype": "float8"}
        )
    (place / "token_embeddings.json").write_text(json.dumps(listed))


def write_folder(folder: Path, model: StatedModel, dtype: torch.dtype = torch.float16) -> Path:
    """A whole folder in LatentLens's layout."""
    rows = entries(model)
    for layer in LAYERS:
        write_cache(folder, layer, rows, vectors(model, layer, rows).to(dtype))
    facts = {"layers": list(LAYERS), "hidden_dim": model.hidden_size}
    (folder / "metadata.json").write_text(json.dumps(facts))
    return folder
