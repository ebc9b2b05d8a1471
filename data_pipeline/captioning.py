"""Does a model use its image? What it writes, and the loss of the true caption with and without the image."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from data_pipeline.models import Prompt, VisionLanguageModel
from data_pipeline.plain_text import image_token_ids, plain_text_ids


@torch.no_grad()
def write_captions(vlm: VisionLanguageModel, prompt: Prompt, most_tokens: int) -> list[str]:
    """What the model writes after each prompt, greedily, up to its end or `most_tokens` tokens."""
    tokenizer = vlm.language.tokenizer
    written = vlm.model.generate(
        **prompt.inputs,
        do_sample=False,
        num_beams=1,
        max_new_tokens=most_tokens,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.eos_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id,
        use_cache=True,
    )
    # From embeddings the library returns the new tokens alone, from ids the prompt as well.
    new = written if "inputs_embeds" in prompt.inputs else written[:, prompt.length :]
    return [text.strip() for text in tokenizer.batch_decode(new, skip_special_tokens=True)]


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
