"""The loss on answers: how badly a language model guesses each of their tokens after an image."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional
from transformers import PreTrainedModel

from data_pipeline.training.sequences import NOT_LEARNED, Layout, Texts


@dataclass(frozen=True, eq=False)
class AnswerLoss:
    """Sums over the `tokens` learned, (): of the cross-entropy in nats, and of the squared log partition."""

    cross_entropy: Tensor
    squared_log_partition: Tensor | None
    tokens: int

    @property
    def mean(self) -> Tensor:
        """Cross-entropy in nats per token; ()."""
        return self.cross_entropy / self.tokens


def answer_loss(
    llm: PreTrainedModel, layout: Layout, block: Tensor, texts: Texts, with_partition: bool = False
) -> AnswerLoss:
    """The loss of `texts` after an image.

    Args:
        llm: the language model.
        layout: what stands before the image.
        block: the image's part of the sequence, (batch, length, hidden); length 0: no image.
        texts: what stands after it.
        with_partition: whether the squared log partition is wanted, which z-loss is made of.
    """
    logits = answer_logits(llm, layout, block, texts.ids)
    guesses, labels = logits.flatten(0, 1), texts.labels.to(logits.device).flatten()
    if not with_partition:
        sums = functional.cross_entropy(guesses.float(), labels, ignore_index=NOT_LEARNED, reduction="sum")
        return AnswerLoss(sums, None, texts.learned)
    learned = labels != NOT_LEARNED
    chosen = guesses[learned].float()  # (tokens, vocabulary): of a large one, once is enough
    partition = chosen.logsumexp(-1)  # (tokens,)
    entropy = partition - chosen.gather(1, labels[learned][:, None])[:, 0]
    return AnswerLoss(entropy.sum(), partition.square().sum(), texts.learned)


def answer_logits(llm: PreTrainedModel, layout: Layout, block: Tensor, ids: Tensor) -> Tensor:
    """Logits that guess each of `ids` (batch, token) from what is before it; (batch, token, vocabulary)."""
    embed = llm.get_input_embeddings()
    device = embed.weight.device
    prefix = embed(torch.tensor(layout.prefix, device=device, dtype=torch.long)).expand(len(ids), -1, -1)
    embeddings = torch.cat([prefix, block.to(prefix.dtype), embed(ids.to(device))], dim=1)
    logits = llm(inputs_embeds=embeddings, use_cache=False, logits_to_keep=ids.shape[1] + 1).logits
    return logits[:, :-1]


def median_embedding_norm(llm: PreTrainedModel) -> float:
    """The median L2 norm of the input embedding rows."""
    return llm.get_input_embeddings().weight.detach().float().norm(dim=-1).median().item()
