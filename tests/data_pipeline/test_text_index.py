"""The text index on tiny random models: it finds what it was asked with, and refuses what is not its own."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
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
from data_pipeline.corpus import Corpus
from data_pipeline.errors import InputError
from data_pipeline.folder_lock import written_by_one
from data_pipeline.lenses.contextual import ContextualLens
from data_pipeline.progress import SilentProgress, Stage
from data_pipeline.rows import context_rows
from data_pipeline.text_index.contexts import (
    _SPACES,
    _without_spaces,
    choose_contexts,
    context_id,
    tokenize,
)
from data_pipeline.text_index.index import TextIndex
from data_pipeline.text_index.settings import BuildSettings

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
    folder = options.pop("folder", None) or Path(tempfile.mkdtemp()) / "index"
    progress = options.pop("progress", None)
    settings = BuildSettings(**{"layers": LAYERS, "llm_id": "tiny", "llm_hash": "aa", **options})
    return TextIndex.build(folder, model, tokenizer, Corpus.of("test", texts), settings, progress)


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
            assert found.scores[0, 0] == pytest.approx(1, abs=2e-4)  # stored in 8 bits
            assert found.scores[0, 1] < 0.999
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
    read = {text: tuple(tokenizer(text)["input_ids"]) for text in TEXTS}
    prefixes = [read[context.text][: context.position + 1] for context in index.contexts]
    assert len(set(prefixes)) == len(prefixes)
    every = {ids[: end + 1] for ids in read.values() for end in range(1, len(ids))}
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
    (at_0,) = [rows.contexts for rows in index.layers if rows.layer == 0]
    tokens = [index.contexts[number].token_id for number in at_0]
    assert sorted(tokens) == sorted({context.token_id for context in index.contexts})


@pytest.mark.parametrize("distinct", ["context", "word"])
def test_merged_search_equals_brute_force(distinct: str, tokenizer: PreTrainedTokenizerFast) -> None:
    index = build(tiny_model("qwen2"), tokenizer)
    queries = torch.randn(40, 32, generator=torch.Generator().manual_seed(1))
    found = index.search(queries, 4, distinct)
    stored = [(rows.layer, rows.contexts, index.vectors(rows.layer).double()) for rows in index.layers]
    for line, query in enumerate(queries.double()):
        best: dict[object, tuple[float, int, int]] = {}
        for layer, numbers, rows in stored:
            for cosine, number in zip((rows @ query / query.norm()).tolist(), numbers, strict=True):
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
    for layer in LAYERS:
        assert torch.allclose(one.vectors(layer), other.vectors(layer), atol=2e-3)
    assert one.origin.corpus_hash != other.origin.corpus_hash


def test_sampling_is_keyed_by_prefix_and_seed(tokenizer: PreTrainedTokenizerFast) -> None:
    sentences = [f"a {first} {second} house" for first in WORDS[:8] for second in WORDS[:8]]

    def houses(texts: list[str], seed: int) -> set[str]:
        tokenized = tokenize(tokenizer, Corpus.of("test", texts), 512)
        chosen = choose_contexts(tokenized, 10, seed).contexts
        house = tokenizer.convert_tokens_to_ids("house")
        assert max(np.bincount([context.token_id for context in chosen])) == 10
        return {context.text for context in chosen if context.token_id == house and context.position == 4}

    kept = houses(sentences, seed=0)
    assert 0 < len(kept) <= 10
    assert houses(sentences, seed=1) != kept
    fewer = [text for text in sentences if text in kept or len(text) % 2]
    assert kept <= houses(fewer, seed=0)  # what was chosen among more is chosen among fewer


def test_load_gives_the_same_neighbors(tmp_path: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    index = build(tiny_model("llama"), tokenizer, folder=tmp_path / "index")
    loaded = TextIndex.load(tmp_path / "index", "aa", index.origin.corpus_hash)
    assert (loaded.origin, loaded.contexts) == (index.origin, index.contexts)
    queries = torch.randn(5, 32)
    before, after = index.search(queries, 3), loaded.search(queries, 3)
    for one, other in zip(vars(before).values(), vars(after).values(), strict=True):
        assert np.array_equal(one, other)
    names = ["contexts.parquet", "index.json", *(f"layer-00{layer}.safetensors" for layer in LAYERS)]
    assert sorted(path.name for path in (tmp_path / "index").iterdir()) == names
    tensors = load_file(tmp_path / "index" / "layer-002.safetensors")  # any reader of the format takes them
    decoded = tensors["codes"].float() * tensors["columns"] * tensors["scales"][:, None]
    assert "apart" not in tensors  # so narrow a model has no columns of their own
    assert torch.equal(decoded, index.vectors(2))


class Killed(SilentProgress):
    """Stops a build after so many texts, as a kill would."""

    def __init__(self, after: int) -> None:
        self.left = after

    @contextmanager
    def stage(self, title: str, total: int | None = None) -> Iterator[Stage]:
        yield self

    def advance(self, count: int = 1, note: str = "") -> None:
        self.left -= count
        if self.left < 0:
            raise KeyboardInterrupt


@pytest.mark.parametrize("seconds", [0.0, 1e9])
def test_a_stopped_build_goes_on_and_ends_with_the_same_bytes(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    monkeypatch.setattr("data_pipeline.text_index.building._SECONDS_BETWEEN_SAVES", seconds)
    model = tiny_model("llama")
    build(model, tokenizer, folder=tmp_path / "whole", batch_size=1)
    with pytest.raises(KeyboardInterrupt):
        build(model, tokenizer, folder=tmp_path / "stopped", batch_size=1, progress=Killed(2))
    with pytest.raises(InputError, match="no text index here"):
        TextIndex.load(tmp_path / "stopped", "aa")
    read = []
    model.model.register_forward_pre_hook(lambda *_: read.append(1))
    build(model, tokenizer, folder=tmp_path / "stopped", batch_size=1)
    assert len(read) == (3 if seconds == 0 else len(TEXTS))
    names = sorted(path.name for path in (tmp_path / "whole").iterdir())
    assert sorted(path.name for path in (tmp_path / "stopped").iterdir()) == names
    for name in names:
        assert (tmp_path / "stopped" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name


@pytest.mark.parametrize("call", ["described", "pq.write_table"])
def test_a_build_that_was_stopped_at_its_last_steps_reads_nothing_again(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    model, read = tiny_model("llama"), []
    build(model, tokenizer, folder=tmp_path / "whole")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(f"data_pipeline.text_index.storing.{call}", stop)
        build(model, tokenizer, folder=tmp_path / "stopped")
    model.model.register_forward_pre_hook(lambda *_: read.append(1))
    build(model, tokenizer, folder=tmp_path / "stopped")
    assert read == []
    assert contents(tmp_path / "stopped") == contents(tmp_path / "whole")


def test_a_build_of_something_else_begins_anew(tmp_path: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    model = tiny_model("llama")
    with pytest.raises(KeyboardInterrupt):
        build(model, tokenizer, folder=tmp_path, batch_size=1, progress=Killed(2))
    index = build(model, tokenizer, TEXTS[:3], folder=tmp_path, batch_size=1)
    assert {context.text for context in index.contexts} <= set(TEXTS[:3])
    assert torch.equal(index.vectors(3), build(model, tokenizer, TEXTS[:3], batch_size=1).vectors(3))


def test_a_finished_index_is_not_read_again_and_never_replaced_by_another(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast
) -> None:
    model, said = tiny_model("llama"), Said()
    first = build(model, tokenizer, folder=tmp_path)
    (tmp_path / "building.json").write_text("{}")  # as of a build that was killed at its very end
    kept = contents(tmp_path)
    read = []
    model.model.register_forward_pre_hook(lambda *_: read.append(1))
    again = build(model, tokenizer, folder=tmp_path, progress=said)
    assert (again.origin, again.contexts, read) == (first.origin, first.contexts, [])
    assert said.lines == [f"{tmp_path}: the index is already there; nothing is read"]
    del kept["building.json"]
    for changes, named in (
        ({"llm_hash": "bb"}, "llm_hash aa, asked for bb"),
        ({"texts": TEXTS[:2]}, f"corpus_hash {first.origin.corpus_hash}, asked for "),
        ({"layers": (1, 2)}, "text_layers 0,1,2,3, asked for 1,2"),
        ({"seed": 4}, "seed 0, asked for 4"),
    ):
        with pytest.raises(InputError, match=rf"holds an index of tiny .*{named}.*; name another folder$"):
            build(model, tokenizer, folder=tmp_path, **changes)
    assert (contents(tmp_path), read) == (kept, [])


def test_a_folder_that_another_process_builds_in_is_left_to_it(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast
) -> None:
    model = tiny_model("llama")
    model.model.register_forward_pre_hook(lambda *_: pytest.fail("read"))
    message = r"another vlens index build is writing here; wait for its end$"
    with written_by_one(tmp_path, "vlens index build"), pytest.raises(InputError, match=message):
        build(model, tokenizer, folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_index_is_built_again(tmp_path: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    model, said = tiny_model("llama"), Said()
    build(model, tokenizer, folder=tmp_path)
    kept = contents(tmp_path)
    (tmp_path / "layer-002.safetensors").write_bytes(kept["layer-002.safetensors"][:-4])
    build(model, tokenizer, folder=tmp_path, progress=said)
    assert contents(tmp_path) == kept
    assert [line.endswith("the text index is damaged; it is built again") for line in said.lines] == [True]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_full_disk_is_known_before_anything_is_read(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny_model("llama")
    model.model.register_forward_pre_hook(lambda *_: pytest.fail("read"))
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(InputError, match=r"takes 0\.0 GB, but 0\.0 GB are free"):
        build(model, tokenizer, folder=tmp_path / "index")
    assert not (tmp_path / "index").exists()


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        (torch.ones(2, 31), r"queries of shape \(2, 31\): expected \(n, 32\)"),
        (torch.tensor([[1.0] * 32, [float("nan")] * 32]), "query 1: is not finite"),
    ],
)
def test_bad_queries_are_one_line(
    tokenizer: PreTrainedTokenizerFast, queries: torch.Tensor, message: str
) -> None:
    index = build(tiny_model("llama"), tokenizer)
    with pytest.raises(InputError, match=message):
        index.search(queries, 1)
    with pytest.raises(InputError, match=r"text layers \[9\]: the index has 0, 1, 2, 3"):
        index.search(torch.ones(1, 32), 1, text_layers=[9])


def test_load_refuses_what_is_not_its_own(tmp_path: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    build(tiny_model("llama"), tokenizer, folder=tmp_path)
    with pytest.raises(InputError, match=r"another model \(aa\), expected bb"):
        TextIndex.load(tmp_path, "bb")
    with pytest.raises(InputError, match="another corpus"):
        TextIndex.load(tmp_path, "aa", "0" * 16)
    with pytest.raises(InputError, match="no text index here"):
        TextIndex.load(tmp_path / "nowhere", "aa")
    tensors = tmp_path / "layer-002.safetensors"
    content = tensors.read_bytes()
    tensors.write_bytes(content[:-4])
    with pytest.raises(InputError, match=r"layer-002\.safetensors: not the file that was written"):
        TextIndex.load(tmp_path, "aa")
    tensors.write_bytes(content[:-4] + b"\0\0\0\1")
    with pytest.raises(InputError, match=r"layer-002\.safetensors: not the file that was written"):
        TextIndex.load(tmp_path, "aa")
    tensors.write_bytes(content)
    TextIndex.load(tmp_path, "aa")
    manifest = json.loads((tmp_path / "index.json").read_text())
    (tmp_path / "index.json").write_text(json.dumps({**manifest, "format": "other"}))
    with pytest.raises(InputError, match="format 'other'"):
        TextIndex.load(tmp_path, "aa")
    (tmp_path / "index.json").write_text("[]")
    with pytest.raises(InputError, match="not a text index"):
        TextIndex.load(tmp_path, "aa")


class Said(SilentProgress):
    """Keeps what was said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)


def test_sentences_longer_than_the_context_are_cut_and_it_is_said(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    said = Said()
    index = build(tiny_model("llama"), tokenizer, max_tokens=4, progress=said)  # <s> and three words
    assert said.lines == [
        "corpus test: 5 of 5 sentences have more than 4 tokens; tiny reads the first 4 of them"
    ]
    assert max(context.position for context in index.contexts) == 3
    assert index.origin.max_tokens == 4
    model = tiny_model("llama")
    model.config.max_position_embeddings = 3  # its own context is shorter than what was asked for
    assert build(model, tokenizer).origin.max_tokens == 3
    whole = Said()
    assert build(tiny_model("llama"), tokenizer, progress=whole).origin.max_tokens == 512
    assert whole.lines == []


def test_a_tokenizer_of_another_size_is_refused(tokenizer: PreTrainedTokenizerFast) -> None:
    index = build(tiny_model("llama"), tokenizer)
    index.check_vocabulary(len(tokenizer))
    with pytest.raises(InputError, match="index of a vocabulary of 18 tokens, the model's tokenizer has 17"):
        index.check_vocabulary(17)


def test_a_corpus_of_nothing_to_read_is_refused(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="corpus test: holds no sentence"):
        build(tiny_model("llama"), tokenizer, ["", "  "])
    with pytest.raises(InputError, match="corpus test: no token left for tiny to read"):
        build(tiny_model("llama"), tokenizer, ["zebra"], folder=tmp_path / "x")  # unknown to the tokenizer
    assert not (tmp_path / "x").exists()


def test_every_character_that_is_space_to_python_is_left_out_of_a_token() -> None:
    letters = "".join(map(chr, range(0x3010)))
    assert {chr(code) for code in _SPACES} == {letter for letter in letters if letter.isspace()}
    spans = np.array([[0, 4], [4, 6], [6, 9]])
    found = _without_spaces(
        ["\u3000a\u00a0 ", "  ", "b\ud800c"], np.array([0, 1, 2, 3]), spans - [[0], [4], [6]]
    )
    assert found.tolist() == [[1, 2], [2, 2], [0, 3]]


def test_bad_requests_are_one_line(tokenizer: PreTrainedTokenizerFast) -> None:
    model = tiny_model("llama")
    with pytest.raises(InputError, match=r"text layers \[4\]: tiny has layers 0 to 3"):
        build(model, tokenizer, layers=[4])
    with pytest.raises(InputError, match="10 different words, expected at least 50"):
        build(model, tokenizer, (*TEXTS[:3], "the blue here <")).search(torch.randn(1, 32), 50, "word")
    with torch.no_grad():
        model.model.layers[1].mlp.down_proj.weight[0, 0] = float("nan")
    found = r"tiny: hidden state at text layer 2, position \d of .* is not finite; its weights hold NaN in "
    with pytest.raises(InputError, match=found + "'model.layers.1.mlp.down_proj.weight'"):
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
