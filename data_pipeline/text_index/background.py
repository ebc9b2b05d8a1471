"""What cosines are worth at a text layer: its background, the cosines of its own contexts to each other.

Layers differ in how near all their states are to each other (anisotropy: Ethayarajh 2019, arXiv:1909.00512),
so that the same cosine says little at one layer and much at another. The percentile of a cosine at a text
layer is the share of pairs of contexts of that layer, of two different tokens, that are less near. Pairs are
of 1024 contexts drawn by the index's seed, the same ones at every layer that has them. It depends on the
index alone: not on images, on the queries beside a query, nor on how many are asked at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from data_pipeline.text_index.codes import Encoded
from data_pipeline.text_index.layer_files import LayerFile
from data_pipeline.text_index.search import LayerRows, Pairs

MOST_CONTEXTS = 1024
_KNOTS = 4000
"""Of the table of quantiles; most of them in the tails, where neighbours lie."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Background:
    """Cosines (n,), ascending, and the share of pairs below each (n,): straight lines between them.

    The ends are -1 and 1, so that beyond the sample, too, a larger cosine has a larger percentile.
    """

    cosines: Floats
    shares: Floats

    @classmethod
    def of(cls, pairs: Floats) -> Background:
        """From the cosines of all pairs, in any order; without any, straight from -1 to 1."""
        ordered = np.sort(np.clip(pairs, -1, 1))
        count = len(ordered)
        near_an_end = np.geomspace(1, max(count / 2, 1), _KNOTS // 2).astype(np.int64) - 1
        places = np.concatenate([near_an_end, count - 1 - near_an_end])
        cosines = np.unique(ordered[places]) if count else ordered
        below = np.searchsorted(ordered, cosines, "left") + np.searchsorted(ordered, cosines, "right")
        inner = (cosines > -1) & (cosines < 1)
        shares = below[inner] / (2 * max(count, 1))
        return cls(np.concatenate([[-1], cosines[inner], [1]]), np.concatenate([[0], shares, [1]]))

    def percentiles(self, cosines: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float32]:
        """The percentile of each cosine, 0 to 1; it never falls where the cosine rises."""
        return np.interp(cosines, self.cosines, self.shares).astype(np.float32)


def backgrounds(layers: Sequence[LayerRows], tokens: np.ndarray, seed: int) -> dict[int, Background]:
    """The background of each text layer; `tokens` has the token id of each context (contexts,)."""
    key = hashlib.sha256(f"{seed}/background".encode()).digest()
    draw = np.random.default_rng(int.from_bytes(key[:8], "big")).permutation(len(tokens))
    return {rows.layer: _background(rows, tokens, draw) for rows in layers}


def bytes_of_background(contexts: int, width: int) -> int:
    """What working out one text layer's background takes; its small table stays. Measured, from above."""
    count = min(contexts, MOST_CONTEXTS)
    return 32 * count**2 + 14 * count * width


def worth(pairs: Pairs, known: Mapping[int, Background]) -> npt.NDArray[np.float32]:
    """The percentile of each pair in the background of its text layer (pairs,), of the float32 cosine."""
    found = np.empty(len(pairs.scores), np.float32)
    cosines = pairs.scores.astype(np.float32)
    for layer in np.unique(pairs.layers).tolist():
        here = pairs.layers == layer
        found[here] = known[layer].percentiles(cosines[here])
    return found


def _background(layer: LayerRows, tokens: np.ndarray, draw: np.ndarray) -> Background:
    chosen = np.sort(np.argsort(draw[layer.contexts])[:MOST_CONTEXTS])
    vectors = layer.file.coding.decode(_rows(layer.file, chosen))
    products = (vectors @ vectors.T).numpy()
    tokens = tokens[layer.contexts[chosen]]
    first, second = np.triu_indices(len(chosen), 1)
    differ = tokens[first] != tokens[second]
    return Background.of(products[first[differ], second[differ]].astype(np.float64))


def _rows(file: LayerFile, rows: np.ndarray) -> Encoded:
    """Some vectors of a layer, in any order."""
    read = {
        name: torch.from_numpy(np.array(file.arrays[name][rows]))
        for name in ("codes", "apart", "scales")
        if name in file.arrays
    }
    return Encoded(**{"apart": torch.empty(len(rows), 0), **read})
