"""layer_N/embeddings_cache.pt: a pickled dictionary with all vectors of a layer and where they come from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from data_pipeline.errors import InputError
from data_pipeline.importers.latentlens.places import Places
from data_pipeline.importers.pickled_tensors import FLOATING_POINT_TYPES, check_tensor, kind, read_pickled

_EIGHT_BITS = torch.float8_e4m3fn


@dataclass(frozen=True, eq=False)
class CachedVectors:
    """Vectors of a tensor that is mapped from its file."""

    tensor: Tensor

    @property
    def shape(self) -> tuple[int, int]:
        """How many, and their width."""
        rows, width = self.tensor.shape
        return rows, width

    def take(self, rows: np.ndarray) -> Tensor:
        """Some of them; (rows, width) float32."""
        chosen = torch.from_numpy(rows)
        if self.tensor.dtype == _EIGHT_BITS:  # which cannot be indexed everywhere
            return self.tensor.view(torch.uint8)[chosen].view(_EIGHT_BITS).float()
        return self.tensor[chosen].float()


def read_cache(file: Path) -> tuple[Places, CachedVectors]:
    """Rows and vectors of a cache.

    Raises:
        InputError: the file is damaged, holds anything but tensors and plain values, or is another thing.
    """
    content = read_pickled(file, "the embeddings of a text layer", "tensors and plain values")
    if not isinstance(content, dict) or not {"embeddings", "metadata"} <= set(content):
        names = sorted(map(str, content)) if isinstance(content, dict) else kind(content)
        raise InputError(f"{file}: holds {str(names)[:100]}, expected 'embeddings' and 'metadata'")
    embeddings, metadata = content["embeddings"], content["metadata"]
    check_tensor(file, "embeddings", embeddings, (*FLOATING_POINT_TYPES, _EIGHT_BITS))
    if embeddings.ndim != 2 or 0 in embeddings.shape:
        raise InputError(
            f"{file}: embeddings of shape {tuple(embeddings.shape)}, expected a row for each token"
        )
    if not isinstance(metadata, list) or len(metadata) != len(embeddings):
        found = f"{len(metadata)} entries" if isinstance(metadata, list) else kind(metadata)
        raise InputError(
            f"{file}: metadata is {found}, expected one for each of {len(embeddings)} embeddings"
        )
    without_gradients = embeddings.detach()  # a tensor of a training may ask for them
    return Places.of(metadata, file), CachedVectors(without_gradients)
