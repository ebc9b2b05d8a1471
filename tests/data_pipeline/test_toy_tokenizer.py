"""The toy tokenizer reads everything that the toy world says, and gives it back."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from data_pipeline.toy.captions import caption
from data_pipeline.toy.documents import GRID, corpus, raster_documents, rough_cells
from data_pipeline.toy.language_models import FAMILIES, build_language_model
from data_pipeline.toy.scenes import make_scene
from data_pipeline.toy.tokenizer import BOS, IMAGE_TOKEN, SPECIAL_TOKENS, build_tokenizer, vocabulary


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return build_tokenizer()


def test_texts_hold_no_unknown_word_and_come_back_but_for_capitals(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    texts = [*corpus(0, 500), *(caption(make_scene(0, "report", index)) for index in range(100))]
    for text in texts:
        ids = tokenizer.encode(text, add_special_tokens=False)
        assert tokenizer.unk_token_id not in ids
        assert tokenizer.decode(ids) == text.lower()


def test_offsets_point_at_the_pieces(tokenizer: PreTrainedTokenizerFast) -> None:
    text = "a red mushroom sprouts beside a dotted umbrella ."
    encoded = tokenizer(text, return_offsets_mapping=True, add_special_tokens=False)
    pieces = [text[start:stop] for start, stop in encoded["offset_mapping"]]
    assert pieces[2:4] == ["mush", "room"]
    assert tokenizer.convert_ids_to_tokens(encoded["input_ids"])[2:4] == ["mush", "##room"]
    assert "".join(pieces) == text.replace(" ", "")


def test_a_text_begins_with_the_begin_token(tokenizer: PreTrainedTokenizerFast) -> None:
    assert tokenizer.convert_ids_to_tokens(tokenizer.encode("a cat"))[0] == BOS
    assert tokenizer.encode(f"{BOS}:", add_special_tokens=False) == [
        tokenizer.bos_token_id,
        vocabulary()[":"],
    ]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_saved_tokenizer_loads_the_usual_way_beside_each_model(
    tokenizer: PreTrainedTokenizerFast, tmp_path: Path, family: str
) -> None:
    build_language_model(family, tokenizer, seed=0).config.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    assert loaded.get_vocab() == vocabulary()
    assert loaded.encode("a red mushroom .") == tokenizer.encode("a red mushroom .")
    assert set(loaded.all_special_tokens) == set(SPECIAL_TOKENS)


def test_the_image_placeholder_leaves_other_ids_alone(tokenizer: PreTrainedTokenizerFast) -> None:
    other = build_tokenizer(image_token=True)
    assert other.encode("a red cat .") == tokenizer.encode("a red cat .")
    assert other.encode(IMAGE_TOKEN * 2, add_special_tokens=False) == [len(tokenizer)] * 2


def test_a_raster_document_has_one_token_for_each_cell() -> None:
    known = vocabulary()
    for document in islice(raster_documents(0, 20), 40):
        assert len(document.cells) == GRID * GRID
        assert all(token in known for token in document.cells)


def test_rough_cells_show_every_object() -> None:
    for index in range(50):
        scene = make_scene(0, "train", index)
        assert set(scene.objects) <= set(rough_cells(scene))


def test_the_corpus_has_no_doubles_and_does_not_change() -> None:
    assert corpus(3, 200) == corpus(3, 200)
    assert len(set(corpus(3, 200))) == 200
