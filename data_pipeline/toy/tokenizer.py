"""One tokenizer for all toy language models: WordPiece over explicit words, a few of them in two pieces."""

from __future__ import annotations

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from data_pipeline.toy.vocabulary import PUNCTUATION, SPLIT_WORDS, all_words

PAD, BOS, EOS, UNK = "<pad>", "<s>", "</s>", "<unk>"
SPECIAL_TOKENS: tuple[str, ...] = (PAD, BOS, EOS, UNK)
# A hack: beside a Qwen2 config AutoTokenizer overrides the class that the folder declares with Qwen2's own,
# which reads every word as unknown. It does not where an auto_map stands, whose class is never loaded.
_AUTO_MAP = {"AutoTokenizer": [None, "none.None"]}
IMAGE_TOKEN = "<image>"  # noqa: S105


def vocabulary() -> dict[str, int]:
    """Token to id: special tokens, punctuation, whole words, then the pieces of the split words."""
    whole = [word for word in all_words() if word not in SPLIT_WORDS]
    pieces = [piece for pair in SPLIT_WORDS.values() for piece in pair]
    tokens = dict.fromkeys([*SPECIAL_TOKENS, *PUNCTUATION, *whole, *pieces])
    return {token: number for number, token in enumerate(tokens)}


def build_tokenizer(image_token: bool = False) -> PreTrainedTokenizerFast:
    """`image_token` adds the placeholder of LLaVA at the vocabulary's end; other ids stay the same."""
    backend = Tokenizer(models.WordPiece(vocabulary(), unk_token=UNK, continuing_subword_prefix="##"))
    backend.normalizer = normalizers.Lowercase()
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation()]
    )
    backend.decoder = decoders.WordPiece(prefix="##", cleanup=True)
    backend.add_special_tokens(
        [AddedToken(token, special=True, normalized=False) for token in SPECIAL_TOKENS]
    )
    backend.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", special_tokens=[(BOS, backend.token_to_id(BOS))]
    )
    extra = {"extra_special_tokens": {"image_token": IMAGE_TOKEN}} if image_token else {}
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        model_max_length=256,
        auto_map=_AUTO_MAP,
        bos_token=BOS,
        eos_token=EOS,
        pad_token=PAD,
        unk_token=UNK,
        **extra,
    )
