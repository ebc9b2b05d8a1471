"""Everything that knows a family of causal language models: its blocks, final norm, head and embeddings.

The lenses rest on one fact about these families: the logits are the head applied to the final norm of the
last block's output, softly capped in the classes that do so, and nothing else. `capture` checks the fact on
each forward pass, so that classes which do more are refused rather than shown wrongly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from torch import Tensor, nn
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES,
)

from data_pipeline.batches import is_shortage
from data_pipeline.block_outputs import decoder_of, num_blocks
from data_pipeline.config_checks import check_sizes
from data_pipeline.errors import InputError
from data_pipeline.finite_weights import all_finite, held
from data_pipeline.remote_code import check_remote_code, remote_config

TEXT_FAMILIES = frozenset(
    {"gemma", "gemma2", "gemma3_text", "llama", "mistral", "olmo", "olmo2", "qwen2", "qwen3"}
)
"""Families with tests of their own; others of `AutoModelForCausalLM` are held against their logits, too."""
_CAPPED = frozenset({"Gemma2ForCausalLM", "Gemma3ForCausalLM", "VaultGemmaForCausalLM"})
"""Classes that cap logits softly if their configuration says so; others ignore the setting."""
_MULTIPLIED = frozenset({"CohereForCausalLM", "Cohere2ForCausalLM"})  # by `logit_scale`
_DIVIDED = frozenset({"GraniteForCausalLM", "GraniteMoeForCausalLM", "GraniteMoeSharedForCausalLM"})
"""By `logits_scaling`."""


def is_language_model(model_type: str) -> bool:
    """Whether transformers has a class of this type that reads and writes text alone."""
    return model_type in TEXT_FAMILIES or (
        model_type in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
        and model_type not in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES
    )


@dataclass(frozen=True, eq=False)
class LanguageModel:
    """A causal LM taken apart; `causal` may also be a vision-language model, of which the LLM is a part."""

    causal: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase

    def __post_init__(self) -> None:
        self._check_parts()
        if 2 * len(self.tokenizer) < self.vocab_size:  # models pad their rows, but far less
            raise InputError(
                f"{self.causal.name_or_path}: its tokenizer has {len(self.tokenizer)} tokens, the model has "
                f"embeddings of {self.vocab_size}; expected the tokenizer that the model was trained with"
            )
        norm, head = self._unembedding
        for values in (self.decoder.embed_tokens.weight, *norm.parameters(), *head.parameters()):
            if not all_finite(values.detach()):  # every lens reads through these
                names = {id(value): name for name, value in self.causal.named_parameters()}
                found = f"{held(values)} in {names.get(id(values))!r}"
                raise InputError(f"{self.causal.name_or_path}: its weights hold {found}")

    def _check_parts(self) -> None:
        parts = ("layers", "norm", "embed_tokens")
        if (
            not all(hasattr(self.decoder, part) for part in parts)
            or self.causal.get_output_embeddings() is None
        ):
            raise InputError(
                f"{self.causal.name_or_path}: class {type(self.causal).__name__} is not a stack of blocks "
                "with input embeddings, one final norm and a head, as the lenses need it"
            )

    @cached_property
    def decoder(self) -> Any:
        """The stack of blocks, with the input embeddings and the final norm."""
        return decoder_of(self.causal)

    @property
    def input_embeddings(self) -> Tensor:
        """The input embedding matrix, (vocabulary, hidden)."""
        weight: Tensor = self.decoder.embed_tokens.weight
        return weight.detach()

    @property
    def num_layers(self) -> int:
        """How many blocks there are."""
        return num_blocks(self.causal)

    @property
    def hidden_size(self) -> int:
        """Width of the hidden states."""
        return int(self.input_embeddings.shape[1])

    @property
    def vocab_size(self) -> int:
        """Rows of the input embedding matrix."""
        return int(self.input_embeddings.shape[0])

    @torch.no_grad()
    def unembed(self, states: Tensor) -> Tensor:
        """Logits (…, vocabulary) of block outputs (…, hidden): final norm, head, scale and cap in float32."""
        norm, head = self._float32_unembedding
        return self._finished(head(norm(states.float())))

    @torch.no_grad()
    def unembed_as_model(self, states: Tensor) -> Tensor:
        """The same in the model's own floating-point type, as its forward pass does it."""
        norm, head = self._unembedding
        return self._finished(head(norm(states.to(self.input_embeddings.dtype))))

    def _finished(self, logits: Tensor) -> Tensor:
        """Scaled, or between -cap and cap, where the class does so."""
        config, name = self.causal.config.get_text_config(), type(self.causal).__name__
        if name in _MULTIPLIED:
            return logits * config.logit_scale
        if name in _DIVIDED:
            return logits / config.logits_scaling
        cap = getattr(config, "final_logit_softcapping", None)
        return logits if cap is None or name not in _CAPPED else torch.tanh(logits / cap) * cap

    @property
    def _unembedding(self) -> tuple[nn.Module, nn.Module]:
        return self.decoder.norm, self.causal.get_output_embeddings()

    @cached_property
    def _float32_unembedding(self) -> tuple[nn.Module, nn.Module]:
        # In half precision near logits round to equal ones, and the best tokens change places.
        if self.input_embeddings.dtype == torch.float32:
            return self._unembedding
        norm, head = (deepcopy(module).float() for module in self._unembedding)
        return norm, head

    def tokens(self, ids: Sequence[int]) -> list[str]:
        """Each id as text of its own, spaces kept."""
        return [self.tokenizer.decode([token_id], clean_up_tokenization_spaces=False) for token_id in ids]


def load_causal_lm(folder: Path, dtype: torch.dtype, device: torch.device) -> PreTrainedModel:
    """The LLM in `folder`; raises `InputError` for an unknown family or files that cannot be loaded."""
    family = model_type(folder)
    if not is_language_model(family):
        raise InputError(
            f"{folder}: LLM of type {family!r} is not known; known: {', '.join(sorted(TEXT_FAMILIES))}, and "
            "other classes of AutoModelForCausalLM"
        )
    return load_whole(AutoModelForCausalLM, folder, dtype).to(device).eval().requires_grad_(False)


def load_whole(kind: Any, folder: Path, dtype: torch.dtype) -> PreTrainedModel:
    """The model of class `kind` in `folder`, from safetensors alone.

    Raises:
        InputError: files that cannot be loaded, or that lack weights, which the library would draw at random.
    """
    # Left to itself the library takes the attention that config.json names, which may be code on the Hub.
    how: dict[str, Any] = {"use_safetensors": True, "trust_remote_code": False, "attn_implementation": None}
    if not issubclass(kind, PreTrainedModel):
        how["config"] = model_config(folder)
    with loadable(folder):
        model, found = kind.from_pretrained(folder, dtype=dtype, output_loading_info=True, **how)
    if missing := sorted(found["missing_keys"]):
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise InputError(
            f"{folder}: its weights lack {missing[0]!r}{more}, which class {type(model).__name__} needs"
        )
    return cast(PreTrainedModel, model)


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The tokenizer in `folder`.

    Raises:
        InputError: files that cannot be loaded, or none: the library then makes a tokenizer without words,
            to which every text is unknown or empty.
    """
    if folder.is_dir() and not any(_may_hold_words(file.name) for file in folder.iterdir()):
        raise InputError(
            f"{folder}: has no tokenizer, expected tokenizer.json or what its class has in its place"
        )
    with loadable(folder):
        tokenizer = cast(
            PreTrainedTokenizerBase, AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        )
        has_words = _has_words(tokenizer)
    if not has_words:
        raise InputError(
            f"{folder}: its tokenizer has no words (vocabulary of {len(tokenizer)}); expected a whole "
            "folder of a model, with tokenizer.json or what its class has in its place"
        )
    return tokenizer


def _may_hold_words(name: str) -> bool:
    """Whether a file of this name can be a tokenizer's vocabulary."""
    if name in ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"):
        return False
    return any(part in name for part in ("token", "vocab", "merges", "tekken")) or name.endswith(".model")


def _has_words(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether some token other than the special ones is text."""
    special = {*tokenizer.all_special_ids, *tokenizer.added_tokens_decoder}
    return any(
        tokenizer.decode([token_id]).strip()
        for token_id in tokenizer.get_vocab().values()
        if token_id not in special
    )


def model_config(folder: Path, remote_code: bool = False) -> Any:
    """The configuration in a folder's config.json.

    Raises:
        InputError: it cannot be read, has sizes below 1, or names a class whose code comes with the weights,
            which is run only where `remote_code` says so.
    """
    check_remote_code(folder, remote_code)
    if remote_code:
        return remote_config(folder)
    with loadable(folder):
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
        config._attn_implementation = None  # what config.json names may be code on the Hub; None: the usual
    check_sizes(config, folder)
    return config


def model_type(folder: Path) -> str:
    """The family that a folder's config.json names."""
    return str(model_config(folder).model_type)


@contextmanager
def loadable(folder: Path) -> Iterator[None]:
    """Turns the library's many ways of failing to load a folder into one line; for its calls alone.

    Files with values of the wrong kind make it fail anywhere inside of it, with any error.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:  # malformed files raise anything
        if is_shortage(error):
            raise  # not the folder's fault
        raise InputError(f"{folder}: cannot be loaded ({_reason(error)})") from error


def _reason(error: Exception) -> str:
    lines = [line.strip() for line in str(error).strip().splitlines()]
    if not lines:
        return type(error).__name__
    if isinstance(error, StrictDataclassError):  # which says what is wrong in its second line
        return " ".join(lines)[:300]
    said = isinstance(error, OSError | ValueError | RuntimeError | ImportError | SafetensorError)
    return lines[0] if said else f"{type(error).__name__}: {lines[0]}"
