from __future__ import annotations

import pytest

from data_pipeline.judges.words import plain_token, stem, whole_word


@pytest.mark.parametrize(
    ("text", "piece", "word"),
    [
        ("a red mushroom here", "room", "mushroom"),
        ("a red mushroom here", "mush", "mushroom"),
        ("a red mushroom here", " red", "red"),
        ("mushroom", "ushro", "mushroom"),
        ("a cat's ear", "'s", "cat's"),
        ("a two-door car", "door", "two-door"),
        ("the end.", ".", ""),
        ("'quoted' word", "quoted", "quoted"),
        ("red <script>", "script", "script"),
        ("naïve Café", "Caf", "Café"),
        ("cafe\u0301 au lait", "caf", "cafe\u0301"),
        ("一只红色的猫", "红色", "红色"),
        ("a 🍄 here", "🍄", ""),
    ],
)
def test_whole_word_is_rebuilt_from_its_sentence(text: str, piece: str, word: str) -> None:
    start = text.index(piece)
    assert whole_word(text, start, start + len(piece)) == word


@pytest.mark.parametrize(
    ("token", "plain"),
    [
        ("##room", "room"),
        ("Ġhouse", "house"),
        ("▁house", "house"),
        (" house ", "house"),
        ("#", "#"),
        ("", ""),
    ],
)
def test_tokens_lose_their_marks(token: str, plain: str) -> None:
    assert plain_token(token) == plain


@pytest.mark.parametrize(
    "family",
    [
        "house houses House HOUSE house's houses'",
        "float floats floating floated",
        "stripe stripes striped striping",
        "dot dots dotted",
        "sit sits sitting",
        "fly flies",
        "box boxes",
        "brush brushes",
        "leaf leaves",
        "shine shines shining shined",
        "grass grasses",
        "fall falls falling",
        "tie ties",
        "cat’s cats",
    ],
)
def test_forms_of_a_word_share_a_stem(family: str) -> None:
    assert len({stem(word) for word in family.split()}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("red", "r"),
        ("wing", "w"),
        ("bus", "bu"),
        ("seed", "se"),
        ("string", "str"),
        ("bee", "be"),
        ("house", "hose"),
    ],
)
def test_other_words_keep_other_stems(one: str, other: str) -> None:
    assert stem(one) != stem(other)
