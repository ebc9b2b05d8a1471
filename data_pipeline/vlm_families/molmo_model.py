"""Molmo's published class behind the names that transformers' own classes have.

The class comes with the weights (`remote_code`). It was written for an older transformers, whose generation
and loading changed since, so neither is used: weights are put into the class directly, and captions are
written by a loop over its forward pass.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from data_pipeline.errors import InputError
from data_pipeline.language_models import loadable
from data_pipeline.remote_code import remote_class, running

_CLASS = "AutoModelForCausalLM"


class MolmoModel(nn.Module):
    """Called with a prompt's inputs it gives logits, as `models.VisionLanguageModel` asks of a model."""

    def __init__(self, published: Any, folder: Path) -> None:
        super().__init__()
        self.published = published
        self.config, self.name_or_path = published.config, str(folder)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """Floating-point type of the weights."""
        return next(self.parameters()).dtype

    def get_decoder(self) -> Any:
        """Blocks, final norm and the vocabulary's matrix, without the 128 rows added for marks of images."""
        parts = self.published.model.transformer
        return _Decoder(self, parts.blocks, parts.ln_f, SimpleNamespace(weight=parts.wte.embedding))

    def get_input_embeddings(self) -> Any:
        """The vocabulary's matrix, as its decoder has it."""
        return self.get_decoder().embed_tokens

    def get_output_embeddings(self) -> nn.Module:
        """The head."""
        head: nn.Module = self.published.model.transformer.ff_out
        return head

    def forward(self, use_cache: bool = False, logits_to_keep: int = 0, **inputs: Any) -> Any:
        """The published forward pass; of its logits the last `logits_to_keep`, 0 for all."""
        output = self.published(
            **inputs, use_cache=use_cache, last_logits_only=logits_to_keep == 1, return_dict=True
        )
        if logits_to_keep > 1:
            output.logits = output.logits[:, -logits_to_keep:]
        return output

    @torch.no_grad()
    def generate(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        max_new_tokens: int,
        eos_token_id: int | None,
        pad_token_id: int | None,
        **inputs: Any,
    ) -> Tensor:
        """Prompt and greedy continuation, (batch, tokens); after its end a row is filled with `pad_token_id`.

        What else generation of transformers takes (`do_sample` and the like) is left aside.
        """
        image = {name: value for name, value in inputs.items() if name.startswith("image")}
        ids, ended = input_ids, torch.zeros(len(input_ids), dtype=torch.bool, device=input_ids.device)
        step: dict[str, Any] = {"input_ids": input_ids, **image}
        for _ in range(max_new_tokens):
            mask = torch.cat([attention_mask, torch.ones_like(ids[:, attention_mask.shape[1] :])], dim=1)
            output = self(**step, attention_mask=mask, use_cache=True, logits_to_keep=1)
            new = output.logits[:, -1].argmax(-1)
            new = torch.where(ended, new.new_tensor(pad_token_id or 0), new)
            ids = torch.cat([ids, new[:, None]], dim=1)
            ended |= new == (-1 if eos_token_id is None else eos_token_id)
            if ended.all():
                break
            # With a cache the class cannot tell where a lone token stands.
            place = mask.sum(1, keepdim=True)
            step = {
                "input_ids": new[:, None],
                "position_ids": place,
                "past_key_values": output.past_key_values,
            }
        return ids


class _Decoder:
    """What `block_outputs` and `LanguageModel` look for in a decoder of transformers."""

    def __init__(self, model: MolmoModel, layers: Any, norm: nn.Module, embed_tokens: Any) -> None:
        self._model, self.layers, self.norm, self.embed_tokens = model, layers, norm, embed_tokens

    def __call__(self, input_ids: Tensor, attention_mask: Tensor, use_cache: bool = False) -> None:
        self._model(input_ids=input_ids, attention_mask=attention_mask, use_cache=use_cache, logits_to_keep=1)


def load_molmo_model(folder: Path, config: Any, dtype: torch.dtype) -> MolmoModel:
    """The class in `folder` with its safetensors; only after `remote_code.check_remote_code`.

    Raises:
        InputError: no such class, or its names and those of the weights differ.
    """
    reference = (getattr(config, "auto_map", None) or {}).get(_CLASS)
    if not isinstance(reference, str):
        raise InputError(f"{folder}: config.json names no {_CLASS} in auto_map, expected the published Molmo")
    model_class = remote_class(folder, reference)
    with running(folder), torch.device("meta"):
        model = model_class(config)
    weights: dict[str, Tensor] = {}
    with loadable(folder):
        for file in sorted(folder.glob("*.safetensors")):
            weights |= {name: value.to(dtype) for name, value in load_file(file).items()}
        model.load_state_dict(weights, assign=True)
    if empty := [name for name, value in model.named_buffers() if value.is_meta]:
        raise InputError(
            f"{folder}: its own code keeps {empty[0]!r} outside of the weights, which is not known"
        )
    return MolmoModel(model, folder)
