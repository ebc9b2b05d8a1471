"""The text index on tiny random models: it finds what it was asked with, and refuses what is not its own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    OlmoConfig,
    OlmoForCausalLM,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from data_pipeline.block_outputs import recorded_layers
from data_pipeline.contexts import choose_contexts, context_id, tokenize
from data_pipeline.corpus import Corpus
from data_pipeline.errors import InputError
from data_pipeline.lenses.contextual import ContextualLens
from data_pipeline.neighbor_search import Bank
from data_pipeline.rows import context_rows
from data_pipeline.text_index import TextIndex

TEXTS = (
    "a red house stands",
    "a red house sits",
    "a red mushroom",
    "the blue house </script> here",
    "red red red house 🍄 here",
)
WORDS = (
    "a",
    "the",
    "red",
    "blue",
    "house",
    "stands",
    "sits",
    "here",
    "mush",
    "##room",
    "🍄",
    "<",
    "/",
    "script",
    ">",
)
SPECIALS = {"pad_token": "<pad>", "bos_token": "<s>", "unk_token": "<unk>"}
LAYERS = (0, 1, 2, 3)


@pytest.fixture
def tokenizer() -> PreTrainedTokenizerFast:
    vocabulary = {token: number for number, token in enumerate([*SPECIALS.values(), *WORDS])}
    backend = Tokenizer(models.WordPiece(vocabulary, unk_token=SPECIALS["unk_token"]))
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.decoder = decoders.WordPiece()
    backend.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return PreTrainedTokenizerFast(tokenizer_object=backend, **SPECIALS)


def tiny_model(name: str, seed: int = 0) -> torch.nn.Module:
    torch.manual_seed(seed)
    config_class, model_class = {
        "llama": (LlamaConfig, LlamaForCausalLM),
        "olmo": (OlmoConfig, OlmoForCausalLM),
        "qwen2": (Qwen2Config, Qwen2ForCausalLM),
    }[name]
    config = config_class(
        vocab_size=len(WORDS) + 3,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        initializer_range=0.3,
    )
    return model_class(config).eval()


def build(model: torch.nn.Module, tokenizer: PreTrainedTokenizerFast, texts=TEXTS, **options) -> TextIndex:
    options = {"layers": LAYERS, "llm_id": "tiny", "llm_hash": "aa", **options}
    return TextIndex.build(model, tokenizer, Corpus.of("test", texts), **options)


def own_states(
    model: torch.nn.Module, tokenizer: PreTrainedTokenizerFast, text: str
) -> dict[int, torch.Tensor]:
    """Hidden states (layer → (position, hidden)) of one text read alone."""
    with torch.no_grad(), recorded_layers(model, LAYERS) as states:
        model(**tokenizer(text, return_tensors="pt", return_token_type_ids=False))
        return {layer: state[0] for layer, state in states.items()}


@pytest.mark.parametrize("name", ["llama", "olmo", "qwen2"])
def test_a_token_finds_its_own_context(name: str, tokenizer: PreTrainedTokenizerFast) -> None:
    model = tiny_model(name)
    index = build(model, tokenizer, batch_size=2)
    states = own_states(model, tokenizer, TEXTS[3])
    asked = 0
    for number, context in enumerate(index.contexts):
        if context.text != TEXTS[3]:
            continue
        for layer in LAYERS[1:]:
            found = index.search(states[layer][context.position][None] * 7.5, k=2)
            assert (found.contexts[0, 0], found.text_layers[0, 0]) == (number, layer)
            assert found.scores[0, 0] == pytest.approx(1, abs=1e-5)
            assert found.scores[0, 1] < 0.9999
            asked += 1
    assert asked == 3 * len(tokenizer(TEXTS[3], add_special_tokens=False)["input_ids"])


@pytest.mark.parametrize("name", ["llama", "olmo", "qwen2"])
def test_last_layer_is_what_the_final_norm_reads(name: str, tokenizer: PreTrainedTokenizerFast) -> None:
    model = tiny_model(name)
    states = own_states(model, tokenizer, TEXTS[0])
    with torch.no_grad():
        logits = model(**tokenizer(TEXTS[0], return_tensors="pt", return_token_type_ids=False)).logits[0]
        assert torch.allclose(model.lm_head(model.model.norm(states[3])), logits, atol=1e-5)
        ids = torch.tensor(tokenizer(TEXTS[0])["input_ids"])
        assert torch.equal(states[0], model.get_input_embeddings()(ids))


def test_each_prefix_is_stored_once(tokenizer: PreTrainedTokenizerFast) -> None:
    index = build(tiny_model("llama"), tokenizer)
    read = {text.text: text for text in tokenize(tokenizer, Corpus.of("test", TEXTS), 512)}
    prefixes = [read[context.text].ids[: context.position + 1] for context in index.contexts]
    assert len(set(prefixes)) == len(prefixes)
    every = {text.ids[: end + 1] for text in read.values() for end in range(1, len(text.ids))}
    assert set(prefixes) == every
    shared = [
        context.text for context in index.contexts if context.position in (1, 2) and context.text[0] == "a"
    ]
    assert shared == ["a red mushroom"] * 2  # "a" and "a red" of three sentences, shown in the shortest


def test_specials_are_never_a_context(tokenizer: PreTrainedTokenizerFast) -> None:
    contexts = build(tiny_model("llama"), tokenizer, ["a zebra house"]).contexts
    assert [tokenizer.decode([context.token_id]) for context in contexts] == ["a", "house"]
    assert [context.position for context in contexts] == [1, 3]


def test_layer_0_keeps_one_row_per_token(tokenizer: PreTrainedTokenizerFast) -> None:
    index = build(tiny_model("llama"), tokenizer)
    at_0 = index.row_contexts[index.row_layers == 0]
    tokens = [index.contexts[number].token_id for number in at_0]
    assert sorted(tokens) == sorted({context.token_id for context in index.contexts})


@pytest.mark.parametrize("distinct", ["context", "word"])
def test_merged_search_equals_brute_force(distinct: str, tokenizer: PreTrainedTokenizerFast) -> None:
    index = build(tiny_model("qwen2"), tokenizer)
    queries = torch.randn(40, 32, generator=torch.Generator().manual_seed(1))
    found = index.search(queries, 4, distinct)
    for line, query in enumerate(queries.double()):
        rows = index.embeddings.double()
        cosines = (rows @ query / query.norm()).tolist()
        best: dict[object, tuple[float, int, int]] = {}
        for cosine, number, layer in zip(cosines, index.row_contexts, index.row_layers, strict=True):
            group = number if distinct == "context" else index.contexts[number].word
            best[group] = max(best.get(group, (-2.0, 0, 0)), (cosine, number, layer))
        expected = sorted(best.values(), reverse=True)[:4]
        assert found.contexts[line].tolist() == [number for _, number, _ in expected]
        assert found.text_layers[line].tolist() == [layer for _, _, layer in expected]
        assert found.scores[line] == pytest.approx([cosine for cosine, _, _ in expected], abs=1e-6)


def test_words_are_rebuilt_from_their_pieces(tokenizer: PreTrainedTokenizerFast) -> None:
    index = build(tiny_model("llama"), tokenizer)
    pieces = [context for context in index.contexts if context.word == "mushroom"]
    assert {tokenizer.convert_ids_to_tokens(context.token_id) for context in pieces} == {"mush", "##room"}
    assert {context.text[context.char_start : context.char_end] for context in pieces} == {"mush", "room"}


def test_order_of_the_corpus_and_batches_do_not_matter(tokenizer: PreTrainedTokenizerFast) -> None:
    model = tiny_model("olmo")
    one = build(model, tokenizer, max_per_token=2)
    other = build(model, tokenizer, TEXTS[::-1], max_per_token=2, batch_size=1)
    assert one.contexts == other.contexts
    assert torch.allclose(one.embeddings, other.embeddings, atol=1e-6)
    assert one.origin.corpus_hash != other.origin.corpus_hash


def test_sampling_is_keyed_by_prefix_and_seed(tokenizer: PreTrainedTokenizerFast) -> None:
    sentences = [f"a {first} {second} house" for first in WORDS[:8] for second in WORDS[:8]]

    def houses(texts: list[str], seed: int) -> set[str]:
        chosen = choose_contexts(tokenize(tokenizer, Corpus.of("test", texts), 512), 10, seed)
        house = tokenizer.convert_tokens_to_ids("house")
        assert max(np.bincount([context.token_id for context in chosen])) == 10
        return {context.text for context in chosen if context.token_id == house and context.position == 4}

    kept = houses(sentences, seed=0)
    assert 0 < len(kept) <= 10
    assert houses(sentences, seed=1) != kept
    fewer = [text for text in sentences if text in kept or len(text) % 2]
    assert kept <= houses(fewer, seed=0)  # what was chosen among more is chosen among fewer


def test_save_and_load_give_the_same_neighbors(tmp_path: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    index = build(tiny_model("llama"), tokenizer)
    index.save(tmp_path / "index")
    loaded = TextIndex.load(tmp_path / "index", "aa", index.origin.corpus_hash)
    assert (loaded.origin, loaded.contexts) == (index.origin, index.contexts)
    queries = torch.randn(5, 32)
    before, after = index.search(queries, 3), loaded.search(queries, 3)
    for one, other in zip(vars(before).values(), vars(after).values(), strict=True):
        assert np.array_equal(one, other)
    assert sorted(path.suffix for path in (tmp_path / "index").iterdir()) == [
        ".json",
        ".parquet",
        ".safetensors",
    ]


def test_load_refuses_what_is_not_its_own(tmp_path: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    index = build(tiny_model("llama"), tokenizer)
    index.save(tmp_path)
    with pytest.raises(InputError, match=r"another model \(aa\), expected bb"):
        TextIndex.load(tmp_path, "bb")
    with pytest.raises(InputError, match="another corpus"):
        TextIndex.load(tmp_path, "aa", "0" * 16)
    with pytest.raises(InputError, match="no text index here"):
        TextIndex.load(tmp_path / "nowhere", "aa")
    tensors = tmp_path / "embeddings.safetensors"
    tensors.write_bytes(tensors.read_bytes()[:-4])
    with pytest.raises(InputError, match=r"embeddings\.safetensors: not the file that was written"):
        TextIndex.load(tmp_path, "aa")
    manifest = json.loads((tmp_path / "index.json").read_text())
    (tmp_path / "index.json").write_text(json.dumps({**manifest, "format": "other"}))
    with pytest.raises(InputError, match="format 'other'"):
        TextIndex.load(tmp_path, "aa")
    (tmp_path / "index.json").write_text("[]")
    with pytest.raises(InputError, match="not a text index"):
        TextIndex.load(tmp_path, "aa")


def test_bad_requests_are_one_line(tokenizer: PreTrainedTokenizerFast) -> None:
    model = tiny_model("llama")
    with pytest.raises(InputError, match=r"text layers \[4\]: tiny has layers 0 to 3"):
        build(model, tokenizer, layers=[4])
    with pytest.raises(InputError, match="10 different words, expected at least 50"):
        build(model, tokenizer, (*TEXTS[:3], "the blue here <")).search(torch.randn(1, 32), 50, "word")
    with torch.no_grad():
        model.model.layers[1].mlp.down_proj.weight[0, 0] = float("nan")
    with pytest.raises(
        InputError, match=r"tiny: hidden state at text layer 2, position \d of .* is not finite"
    ):
        build(model, tokenizer)


def test_lens_gives_tokens_and_their_contexts(tokenizer: PreTrainedTokenizerFast) -> None:
    model = tiny_model("llama")
    index = build(model, tokenizer)
    vocabulary = [tokenizer.convert_ids_to_tokens(number) for number in range(len(tokenizer))]
    lens = ContextualLens(index, vocabulary, "word")
    state = own_states(model, tokenizer, "a red mushroom")[2][4]  # at ##room
    neighbors = lens(torch.stack([state, state]), 3)
    assert neighbors.tokens.shape == (2, 3)
    assert (neighbors.tokens[0, 0], neighbors.text_layers[0, 0]) == ("##room", 2)
    shown = set(neighbors.context_ids.flatten().tolist())
    rows = {row["context_id"]: row for row in context_rows(index, shown).to_pylist()}
    assert set(rows) == shown
    own = rows[neighbors.context_ids[0, 0]]
    assert own["context_id"] == context_id("tiny", "a red mushroom", 4)
    assert own["text"][own["char_start"] : own["char_end"]] == "room"
    assert len({rows[number]["text"] for number in neighbors.context_ids[0]} | {own["text"]}) > 1


def test_a_text_index_that_does_not_fit_on_the_gpu_is_searched_where_there_is_room(
    tokenizer: PreTrainedTokenizerFast, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def small_gpu(rows: torch.Tensor, groups: np.ndarray, device: torch.device | None = None) -> Bank:
        tried.append(device)
        if device:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return Bank(rows, groups)

    monkeypatch.setattr("data_pipeline.text_index.Bank", small_gpu)
    index = build(tiny_model("llama"), tokenizer)
    bank = index._bank(np.arange(len(index.embeddings)), torch.device("cuda"))
    assert tried == [torch.device("cuda"), None]
    assert bank.search(index.embeddings[:2], 1).rows[:, 0].tolist() == [0, 1]
