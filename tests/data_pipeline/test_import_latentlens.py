"""Text indexes of LatentLens and of the published study: every layout gives the same index, or one line."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from data_pipeline.errors import InputError
from data_pipeline.importers.latentlens import import_index
from data_pipeline.text_index.index import TextIndex
from data_pipeline.text_index.language import StatedModel, load_speaker, stated_model
from tests.data_pipeline.latentlens_folder import (
    LAYERS,
    Entry,
    entries,
    vector,
    vectors,
    write_cache,
    write_folder,
    write_singly,
)


@pytest.fixture(scope="module")
def model() -> StatedModel:
    return stated_model("toy:llms/olmo")


def write(folder: Path, model: StatedModel, layout: str, rows: list[Entry]) -> None:
    name, _, dtype = layout.partition(" ")
    for layer in LAYERS:
        found = vectors(model, layer, rows).to(getattr(torch, dtype))
        if name == "singly":
            write_singly(folder, layer, rows, found)
        elif name == "beside":
            write_singly(folder, layer, rows, found, inner="")
        else:
            write_cache(folder, layer, rows, found, name)


@pytest.mark.parametrize(
    "layout",
    [
        "embeddings_cache.pt float32",
        "embeddings_cache.pt float16",
        "embeddings_cache.pt bfloat16",
        "embeddings_cache.pt float8_e4m3fn",
        "embeddings_cache_max20.pt float32",
        "singly float8_e4m3fn",
        "singly float16",
        "beside float32",
    ],
)
def test_every_layout_gives_the_same_contexts_and_directions(
    layout: str, model: StatedModel, tmp_path: Path
) -> None:
    rows = entries(model)
    write(tmp_path / "theirs", model, layout, rows)
    found = import_index(tmp_path / "theirs", model, tmp_path / "ours")
    index = TextIndex.load(tmp_path / "ours", model.hash, whole=True)
    texts = [context.text[context.char_start : context.char_end] for context in index.contexts]
    # "a" begins three sentences and "a red" two: each is kept once.
    words = "a red house on the grass boat on the water black cat sits under a tree"
    assert sorted(texts) == sorted(words.split())
    assert found.contexts == len(texts) and found.layers == LAYERS
    for layer in LAYERS:
        for context, stored in zip(index.contexts, index.vectors(layer), strict=True):
            own = vector(model, layer, {"caption": context.text, "position": context.position})
            assert float(torch.cosine_similarity(stored, own, dim=0)) > 0.998
    assert index.origin.model_stated and index.origin.hidden_size == model.hidden_size


def test_rows_in_another_order_are_aligned_and_rows_that_a_layer_lacks_left_out(
    model: StatedModel, tmp_path: Path
) -> None:
    rows = entries(model)
    write_cache(tmp_path / "theirs", 1, rows, vectors(model, 1, rows))
    fewer = [row for row in rows[::-1] if "cat" not in row["token_str"]]
    write_cache(tmp_path / "theirs", 4, fewer, vectors(model, 4, fewer))
    found = import_index(tmp_path / "theirs", model, tmp_path / "ours")
    index = TextIndex.load(tmp_path / "ours")
    assert "1 rows left out: not in all layers" in found.notes
    assert "cat" not in {context.word for context in index.contexts}
    for context, stored in zip(index.contexts, index.vectors(4), strict=True):
        own = vector(model, 4, {"caption": context.text, "position": context.position})
        assert float(torch.cosine_similarity(stored, own, dim=0)) > 0.999


@pytest.mark.parametrize("wrap", [torch.nn.Parameter, lambda found: found.requires_grad_()])
def test_vectors_that_want_gradients_are_vectors(wrap: Any, model: StatedModel, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "theirs", model)
    spoilt(folder, model, embeddings=wrap(vectors(model, 4, entries(model))))
    import_index(folder, model, tmp_path / "ours", layers=[4])
    index = TextIndex.load(tmp_path / "ours")
    own = vector(model, 4, {"caption": index.contexts[0].text, "position": index.contexts[0].position})
    assert float(torch.cosine_similarity(index.vectors(4)[0], own, dim=0)) > 0.999


def test_single_layers_can_be_taken(model: StatedModel, tmp_path: Path) -> None:
    write_folder(tmp_path / "theirs", model)
    import_index(tmp_path / "theirs", model, tmp_path / "ours", layers=[4])
    assert TextIndex.load(tmp_path / "ours").origin.text_layers == (4,)


def test_a_pickle_is_not_run(model: StatedModel, tmp_path: Path) -> None:
    write_folder(tmp_path / "theirs", model)
    ran = tmp_path / "ran"

    class Attack:
        def __reduce__(self) -> tuple[Any, ...]:
            return ran.write_text, ("yes",)

    torch.save({"embeddings": torch.ones(1, 2), "metadata": [Attack()]}, cache(tmp_path / "theirs"))
    with pytest.raises(InputError, match="asks for more than tensors and plain values, so it was not run"):
        import_index(tmp_path / "theirs", model, tmp_path / "ours")
    (tmp_path / "bare").write_bytes(pickle.dumps(Attack()))
    cache(tmp_path / "theirs").write_bytes((tmp_path / "bare").read_bytes())
    with pytest.raises(InputError, match=r"is not a file that torch\.save writes"):
        import_index(tmp_path / "theirs", model, tmp_path / "ours")
    assert not ran.exists() and not (tmp_path / "ours").exists()


def cache(folder: Path, layer: int = 4) -> Path:
    return folder / f"layer_{layer}" / "embeddings_cache.pt"


def spoilt(folder: Path, model: StatedModel, **changes: Any) -> None:
    """Layer 4 with one entry or the vectors changed."""
    rows = entries(model)
    found = changes.pop("embeddings", vectors(model, 4, rows))
    rows[5] = {**rows[5], **changes.pop("entry", {})}
    torch.save({"embeddings": found, "metadata": changes.pop("metadata", rows)}, cache(folder))


def with_row(model: StatedModel, value: float) -> torch.Tensor:
    found = vectors(model, 4, entries(model))
    found[9] = value
    return found


def write_layer(folder: Path, model: StatedModel, layer: int, sentences: tuple[str, ...]) -> None:
    rows = entries(model, sentences)
    write_cache(folder, layer, rows, vectors(model, layer, rows))
    facts = {"layers": [*LAYERS, layer], "hidden_dim": model.hidden_size}
    (folder / "metadata.json").write_text(json.dumps(facts))


SPOILT = {
    "truncated": (
        lambda folder, model: cache(folder).write_bytes(cache(folder).read_bytes()[:-300]),
        r"layer_4/embeddings_cache\.pt: is not a file that torch.save writes",
    ),
    "no file": (lambda folder, model: cache(folder).unlink(), "layer_4: holds neither embeddings_cache.pt"),
    "no layer": (
        lambda folder, model: (folder / "metadata.json").write_text('{"layers": [1, 4, 5]}'),
        r"layer_5: missing; the layers that are there: 1, 4",
    ),
    "no metadata": (
        lambda folder, model: (folder / "metadata.json").write_text("[1]"),
        "metadata.json: not the metadata of a text index",
    ),
    "another width than said": (
        lambda folder, model: (folder / "metadata.json").write_text('{"hidden_dim": 7}'),
        "of width 112, its metadata.json says 7",
    ),
    "another width": (
        lambda folder, model: spoilt(folder, model, embeddings=torch.ones(len(entries(model)), 8)),
        "vectors of width 8, its metadata.json says 112",
    ),
    "not by row": (
        lambda folder, model: spoilt(folder, model, embeddings=torch.ones(8)),
        r"embeddings of shape \(8,\), expected a row for each token",
    ),
    "whole numbers": (
        lambda folder, model: spoilt(folder, model, embeddings=torch.ones(9, 112, dtype=torch.int64)),
        "'embeddings' is a tensor of torch.int64",
    ),
    "fewer entries": (
        lambda folder, model: spoilt(folder, model, metadata=entries(model)[1:]),
        "expected one for each of",
    ),
    "an entry without a position": (
        lambda folder, model: spoilt(folder, model, entry={"position": None}),
        "row 5 has position = 'None', expected a whole number",
    ),
    "a position that no table holds": (
        lambda folder, model: spoilt(folder, model, entry={"position": 2**80}),
        r"row 5 has position = '1208925819614629174706176', expected a whole number from 0 to 2147483647",
    ),
    "a list for a number": (
        lambda folder, model: spoilt(folder, model, entry={"token_id": [3]}),
        "row 5 has token_id = a list, expected a whole number",
    ),
    "a position before the first": (
        lambda folder, model: spoilt(folder, model, entry={"position": -1}),
        "row 5 has position = '-1', expected a whole number from 0",
    ),
    "half a character": (
        lambda folder, model: spoilt(folder, model, entry={"caption": "\ud800 abc"}),
        r"row 5 has caption = '\\ud800 abc', expected a text that UTF-8 can write",
    ),
    "something else": (
        lambda folder, model: torch.save([1, 2], cache(folder)),
        "holds a list, expected 'embeddings' and 'metadata'",
    ),
    "not finite": (
        lambda folder, model: spoilt(folder, model, embeddings=with_row(model, float("nan"))),
        r"layer_4/embeddings_cache\.pt: the vector of row 9 is not finite",
    ),
    "zero": (
        lambda folder, model: spoilt(folder, model, embeddings=with_row(model, 0.0)),
        r"layer_4/embeddings_cache\.pt: the vector of row 9 is 0",
    ),
    "after the norm": (
        lambda folder, model: write_layer(folder, model, 6, ("a red house on the grass",)),
        r"layer_6: holds states after olmo's final norm.* --layers 1,4 leaves it out",
    ),
    "too deep": (
        lambda folder, model: write_layer(folder, model, 9, ("a red house on the grass",)),
        r"layer_9: olmo has 6 blocks, so it has no such layer",
    ),
    "of another corpus": (
        lambda folder, model: write_layer(folder, model, 5, ("the sun and the sea",)),
        r"layer_5/embeddings_cache\.pt: \d of its \d rows are rows of .*layer_1",
    ),
}


@pytest.mark.parametrize("what", SPOILT)
def test_what_is_damaged_is_one_line_and_nothing_is_written(
    what: str, model: StatedModel, tmp_path: Path
) -> None:
    folder = write_folder(tmp_path / "theirs", model)
    spoil, message = SPOILT[what]
    spoil(folder, model)
    with pytest.raises(InputError, match=message) as raised:
        import_index(folder, model, tmp_path / "ours")
    assert len(str(raised.value).splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["theirs"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"embedding_path": "../../../etc/x.npy"}, r"embedding_path '\.\./.*', expected a .npy file in its"),
        ({"embedding_path": "/etc/passwd"}, "embedding_path '/etc/passwd'"),
        ({"embedding_path": None}, "embedding_path 'None'"),
        ({"embedding_path": "embeddings/none.npy"}, r"none\.npy: missing, but token_embeddings.json lists"),
        ({"embedding_path": "\ud800.npy"}, r"embedding_path '\\ud800\.npy'"),
        ({"caption": 3}, "has caption = '3', expected a text"),
        ({"caption": "\ud800 abc"}, r"has caption = '\\ud800 abc', expected a text"),
        ({"position": 2**31}, "has position = '2147483648', expected a whole number from 0 to 2147483647"),
    ],
)
def test_single_vectors_stay_in_their_folder(
    change: dict[str, Any], message: str, model: StatedModel, tmp_path: Path
) -> None:
    rows = entries(model)
    write_singly(tmp_path / "theirs", 1, rows, vectors(model, 1, rows))
    file = tmp_path / "theirs" / "layer_1" / "token_embeddings.json"
    content = json.loads(file.read_text())
    next(iter(content.values()))[0].update(change)
    file.write_text(json.dumps(content))
    with pytest.raises(InputError, match=message):
        import_index(tmp_path / "theirs", model, tmp_path / "ours")
    assert not (tmp_path / "ours").exists()


def test_a_truncated_single_vector_is_named(model: StatedModel, tmp_path: Path) -> None:
    rows = entries(model)
    write_singly(tmp_path / "theirs", 1, rows, vectors(model, 1, rows))
    file = tmp_path / "theirs" / "layer_1" / "embeddings" / "emb_00000003.npy"
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(InputError, match=r"emb_00000003\.npy: cannot be read as a vector"):
        import_index(tmp_path / "theirs", model, tmp_path / "ours")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            {"token_id": 4},
            r"olmo: reads token \d+ at position \d of 'a red house on the grass', the index has",
        ),
        ({"position": 99}, "olmo: reads nothing at position 99"),
        ({"token_str": "zebra"}, r"olmo: its token \d+ is '\w+', the index says 'zebra'"),
    ],
)
def test_another_vocabulary_is_refused(
    entry: Entry, message: str, model: StatedModel, tmp_path: Path
) -> None:
    rows = entries(model)
    rows[5] = {**rows[5], **entry}
    write_cache(tmp_path / "theirs", 1, rows, vectors(model, 1, rows))
    with pytest.raises(InputError, match=message):
        import_index(tmp_path / "theirs", model, tmp_path / "ours")


def test_a_model_of_another_width_is_refused(model: StatedModel, tmp_path: Path) -> None:
    rows = entries(model)
    write_cache(tmp_path / "theirs", 1, rows, torch.ones(len(rows), 8))
    with pytest.raises(InputError, match="vectors of width 8, but olmo has hidden states of 112"):
        import_index(tmp_path / "theirs", model, tmp_path / "ours")


def test_a_full_disk_and_a_full_folder_are_said(
    model: StatedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_folder(tmp_path / "theirs", model)
    with pytest.raises(InputError, match="lies in the folder that is read"):
        import_index(folder, model, folder / "ours")
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "mine.txt").write_text("x")
    with pytest.raises(InputError, match="is not empty"):
        import_index(folder, model, tmp_path / "ours")
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(InputError, match=r"the text index takes 0\.0 GB"):
        import_index(folder, model, tmp_path / "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ours", "theirs"]


def test_what_was_stopped_leaves_nothing(
    model: StatedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_folder(tmp_path / "theirs", model)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("data_pipeline.text_index.storing.finish", stop)
    with pytest.raises(KeyboardInterrupt):
        import_index(folder, model, tmp_path / "ours")
    assert [path.name for path in tmp_path.iterdir()] == ["theirs"]


def test_a_model_can_be_asked_whether_the_states_are_its_own(model: StatedModel, tmp_path: Path) -> None:
    language = load_speaker("toy:llms/olmo", "float32", "cpu").language
    rows = entries(model)
    with torch.no_grad():
        for layer in LAYERS:
            read = [
                language.causal(
                    **language.tokenizer(row["caption"], return_tensors="pt", return_token_type_ids=False),
                    output_hidden_states=True,
                ).hidden_states[layer][0, row["position"]]
                for row in rows
            ]
            write_cache(tmp_path / "theirs", layer, rows, torch.stack(read).half())
    found = import_index(tmp_path / "theirs", model, tmp_path / "ours", speak=lambda: language)
    assert found.cosine == pytest.approx(1, abs=1e-3)
    assert not TextIndex.load(tmp_path / "ours", model.hash, whole=True).origin.model_stated
    other = load_speaker("toy:llms/llama", "float32", "cpu").language
    with pytest.raises(
        InputError, match=r"llama: its states at text layer 1 have a cosine of .*, so it is not"
    ):
        import_index(tmp_path / "theirs", model, tmp_path / "other", speak=lambda: other)
    assert not (tmp_path / "other").exists()
