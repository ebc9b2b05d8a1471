"""Does a model use its image? What it writes, and the loss of the true caption with and without the image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import GenerationConfig

from data_pipeline.models import Prompt, VisionLanguageModel
from data_pipeline.plain_text import image_token_ids, plain_text_ids


@torch.no_grad()
def write_captions(vlm: VisionLanguageModel, prompt: Prompt, most_tokens: int) -> list[str]:
    """What the model writes after each prompt, greedily, up to its end or `most_tokens` tokens.

    Its end is that of its tokenizer or any that its own generation settings name (such as the end of a turn).
    """
    tokenizer, ends = vlm.language.tokenizer, end_tokens(vlm)
    pad = tokenizer.pad_token_id
    if pad is None:
        pad = ends[0] if ends else None
    greedy = {
        "do_sample": False,
        "num_beams": 1,
        "max_new_tokens": most_tokens,
        "eos_token_id": (ends if len(ends) > 1 else ends[0]) if ends else None,
        "pad_token_id": pad,
        "use_cache": True,
    }
    with _without_own_settings(vlm.model):
        written = vlm.model.generate(**prompt.inputs, **greedy)
    # From embeddings the library returns the new tokens alone, from ids the prompt as well.
    new = written if "inputs_embeds" in prompt.inputs else written[:, prompt.length :]
    rows = [list(takewhile(lambda token: token not in ends, row)) for row in new.tolist()]
    return [text.strip() for text in tokenizer.batch_decode(rows, skip_special_tokens=True)]


def end_tokens(vlm: VisionLanguageModel) -> list[int]:
    """Ids that end a text: the tokenizer's first, then those of the model's generation settings."""
    own = getattr(getattr(vlm.model, "generation_config", None), "eos_token_id", None)
    named = [vlm.language.tokenizer.eos_token_id, *(own if isinstance(own, list | tuple) else [own])]
    return list(dict.fromkeys(token for token in named if isinstance(token, int)))


@contextmanager
def _without_own_settings(model: Any) -> Iterator[None]:
    """While open, nothing that comes with the weights (a penalty for repetition, forbidden words) takes part.

    The library fills in from the model's own settings whatever a caller leaves out.
    """
    own = getattr(model, "generation_config", None)
    if own is None:
        yield
        return
    model.generation_config = GenerationConfig()
    try:
        yield
    finally:
        model.generation_config = own


def caption_ids(vlm: VisionLanguageModel, captions: Sequence[str]) -> list[list[int]]:
    """Token ids of captions as they follow a prompt: without special tokens, added or spelt out."""
    marks = image_token_ids(vlm.model.config)
    return [plain_text_ids(vlm.language.tokenizer, caption, marks) for caption in captions]


@torch.no_grad()
def caption_losses(vlm: VisionLanguageModel, prompt: Prompt, ids: Sequence[Sequence[int]]) -> Tensor:
    """Mean cross-entropy in nats per token of each caption after its prompt: (batch,), in float32.

    Captions end at their last token: whether the model would stop there is not asked. None may be empty.
    """
    width = max(len(row) for row in ids)
    targets = torch.tensor([[*row, *[0] * (width - len(row))] for row in ids])
    inside = torch.tensor([[True] * len(row) + [False] * (width - len(row)) for row in ids])
    # Padding stands at the end, where causal attention hides it from everything that is scored.
    logits = vlm.model(**vlm.extend(prompt, targets), use_cache=False, logits_to_keep=width + 1).logits
    losses = F.cross_entropy(
        logits[:, :-1].float().flatten(0, 1), targets.to(logits.device).flatten(), reduction="none"
    )
    losses = losses.view(targets.shape).cpu() * inside
    return losses.sum(1) / inside.sum(1)
