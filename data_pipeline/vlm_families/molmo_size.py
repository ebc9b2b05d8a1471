"""Sizes of Molmo from its configuration, as its code is not run to count them."""

from __future__ import annotations

from typing import Any

MOLMO = "molmo"
GRID = (12, 12)
SIDE = 336
MOST_CROPS = 12
_ADDED_TOKENS, _WIDTH, _PATCH_VALUES, _VIT_BLOCKS, _VIT_MLP = 128, 1024, 14 * 14 * 3, 23, 4096
_MARGIN, _WINDOW = 4, 8  # tokens: what overlapping crops add once, and what each gives


def molmo_parameters(config: Any) -> dict[str, int]:
    """Parameters of the whole ("vlm") and of its vision encoder, by the shapes in the published code.

    The encoder is CLIP ViT-L/14-336 without its last block, pooling and connector not included.
    """
    hidden, inner = int(config.hidden_size), int(config.intermediate_size) // 2
    keys = hidden // int(config.num_attention_heads) * int(config.num_key_value_heads)
    block = 2 * hidden * hidden + 2 * hidden * keys + hidden + 2 * keys + 3 * hidden * inner + 2 * hidden
    text = int(config.num_hidden_layers) * block + hidden
    text += (2 * int(config.vocab_size) + _ADDED_TOKENS) * hidden
    vit_block = 4 * (_WIDTH**2 + _WIDTH) + 2 * _WIDTH * _VIT_MLP + _VIT_MLP + _WIDTH + 4 * _WIDTH
    vit = _PATCH_VALUES * _WIDTH + _WIDTH + 577 * _WIDTH + 2 * _WIDTH + _VIT_BLOCKS * vit_block
    pooling = 3 * (2 * _WIDTH * _WIDTH + _WIDTH) + _WIDTH * _WIDTH + _WIDTH
    projector = 2 * _WIDTH * inner + inner * hidden
    padding = 2 * 2 * _WIDTH
    return {"vlm": text + vit + pooling + projector + padding, "vision_encoder": vit}


def most_molmo_tokens() -> int:
    """The most tokens that an image takes, marks included: the base crop and twelve in a column or row."""
    rows, cols = GRID
    tilings = [
        (i, j) for i in range(1, MOST_CROPS + 1) for j in range(1, MOST_CROPS + 1) if i * j <= MOST_CROPS
    ]
    detail = max((_WINDOW * i + _MARGIN) * (_WINDOW * j + _MARGIN + 1) for i, j in tilings)
    return rows * (cols + 1) + 2 + detail + 2
