"""Whether a model's own hidden states are those of an index: it reads some of the sentences again."""

from __future__ import annotations

import numpy as np
import torch

from data_pipeline.block_outputs import recorded_layers
from data_pipeline.errors import InputError
from data_pipeline.language_models import LanguageModel
from data_pipeline.text_index.contexts import Context
from data_pipeline.text_index.index import TextIndex

CONTEXTS = 32
_LEAST = 0.98
"""Cosine at the median: float8 without a scale and models in bfloat16 stay above it, others far below."""


def compare(index: TextIndex, language: LanguageModel) -> float:
    """The lowest median cosine of a text layer, between the index's vectors and what the model says itself.

    Args:
        index: of any model.
        language: the model it should be of.

    Raises:
        InputError: the cosine is too low for the model to be the one that read the sentences.
    """
    numbers = np.unique(np.linspace(0, len(index.contexts) - 1, CONTEXTS).round().astype(int))
    own = [_states(language, index.contexts[number], index.origin.text_layers) for number in numbers]
    lowest = 1.0
    for rows in index.layers:
        cosines = []
        for number, states in zip(numbers, own, strict=True):
            row = int(np.searchsorted(rows.contexts, number))
            if row < len(rows.contexts) and rows.contexts[row] == number:  # layer 0 has not all contexts
                stored = rows.file.coding.decode(rows.file.get(slice(row, row + 1)))[0]
                cosines.append(float(torch.cosine_similarity(stored, states[rows.layer], dim=0)))
        if cosines:
            lowest = min(lowest, float(np.median(cosines)))
        if lowest < _LEAST:
            raise InputError(
                f"{language.causal.name_or_path}: its states at text layer {rows.layer} have a cosine of "
                f"{lowest:.2f} to those of the index, so it is not its model; expected {_LEAST} or more"
            )
    return lowest


@torch.no_grad()
def _states(language: LanguageModel, context: Context, layers: tuple[int, ...]) -> dict[int, torch.Tensor]:
    """Hidden states of a context's token by layer; (hidden,) each."""

    def keep(_: int, state: torch.Tensor) -> torch.Tensor:
        return state[0, context.position].float().cpu()

    ids = language.tokenizer(context.text, return_tensors="pt")["input_ids"][:, : context.position + 1]
    with recorded_layers(language.causal, layers, keep) as states:
        language.decoder(input_ids=ids.to(language.input_embeddings.device), use_cache=False)
    return dict(states)
