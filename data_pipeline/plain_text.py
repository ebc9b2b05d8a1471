"""Text that others wrote, as token ids: what looks like a special token in it is read as the letters it is.

Captions come with images from anywhere. One that spells out a model's image placeholder or its end of text
would otherwise change what the model is shown, or ask for an image that is not there.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from transformers import PreTrainedTokenizerBase

_IMAGE_TOKENS = (
    "image_token_id",
    "image_token_index",
    "video_token_id",
    "video_token_index",
    "vision_start_token_id",
    "vision_end_token_id",
    "boi_token_index",
    "eoi_token_index",
)


def plain_text_ids(
    tokenizer: PreTrainedTokenizerBase, text: str, never: Collection[int] = frozenset()
) -> list[int]:
    """Token ids of `text` without special tokens, added or spelt out.

    Those in `never`, and special ones that a tokenizer makes all the same (as it may find their letters among
    its words), are left out; the token of unknown words is none of them.
    """
    special = {*tokenizer.all_special_ids, *never} - {tokenizer.unk_token_id}
    ids = tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True)
    return [token_id for token_id in ids if token_id not in special]


def image_token_ids(config: Any) -> frozenset[int]:
    """The ids that a model's configuration keeps for images and what surrounds them."""
    found = (getattr(config, name, None) for name in _IMAGE_TOKENS)
    return frozenset(token_id for token_id in found if isinstance(token_id, int))
