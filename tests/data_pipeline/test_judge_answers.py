"""Answers of judges and what they are shown: checked word by word, frame by frame, line by line."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from data_pipeline.errors import InputError
from data_pipeline.judges.endpoint import Address
from data_pipeline.judges.journal import Journal
from data_pipeline.judges.pictures import cell_box, draw_pictures
from data_pipeline.judges.prompt import Prompt
from data_pipeline.judges.spending import Prices, Purse, estimate
from data_pipeline.judges.verdicts import BrokenAnswer, Reply, verdict_of

CANDIDATES = ["Red", "autom…", "…ation", "dog"]


def answer(**changes: Any) -> str:
    whole = {"reasoning": "seen", "concrete_words": [], "abstract_words": [], "global_words": [], **changes}
    return json.dumps({name: value for name, value in whole.items() if value is not None})


def test_words_are_found_among_the_candidates_as_they_were_shown() -> None:
    text = answer(concrete_words=["red", "RED", "autom"], abstract_words=["“ation”".strip("“”")])
    verdict = verdict_of(Reply(f"Here it is:\n```json\n{text}\n```"), CANDIDATES)
    assert (verdict.concrete, verdict.abstract, verdict.global_) == (("Red", "autom…"), ("…ation",), ())
    assert verdict.interpretable
    assert not verdict_of(Reply(answer()), CANDIDATES).interpretable


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(None), "empty answer"),
        (Reply("  "), "empty answer"),
        (Reply(None, refusal="I will not"), "refused: 'I will not'"),
        (Reply(answer(), finish="length"), "cut off"),
        (Reply(None, finish="content_filter"), "content filter"),
        (Reply("yes"), "no JSON object in 'yes'"),
        (Reply('{"reasoning": "s'), "no JSON object"),
        (Reply('{"reasoning": "s", }'), "not JSON"),
        (Reply(answer(concrete_words=None)), "concrete_words: Field required"),
        (Reply(answer(concrete_words="dog")), "concrete_words: Input should be a valid list"),
        (Reply(answer(global_words=[1])), "global_words.0: Input should be a valid string"),
        (Reply(answer(reasoning=" ")), "no reasoning"),
        (Reply(answer(global_words=["cat"])), "names 'cat', which is not among the candidates"),
        (Reply("{" * 100_000 + "}"), "not JSON"),
    ],
)
def test_a_broken_answer_is_no_verdict_and_says_why(reply: Reply, reason: str) -> None:
    with pytest.raises(BrokenAnswer, match=reason):
        verdict_of(reply, CANDIDATES)


def canvas(cell_width: float = 10.0, cell_height: float = 8.0, **changes: Any) -> dict[str, Any]:
    """Grey; 3 rows of 5 cells that begin at (4, 6)."""
    size = (60, 36)
    buffer = io.BytesIO()
    Image.new("RGB", size, (128, 128, 128)).save(buffer, "PNG")
    return {
        "canvas_id": "c", "bytes": buffer.getvalue(), "width": size[0], "height": size[1],
        "rows": 3, "cols": 5,
        "cell_width": cell_width, "cell_height": cell_height, "grid_x": 4.0, "grid_y": 6.0, **changes,
    }  # fmt: skip


def test_cells_lie_where_the_canvas_says() -> None:
    assert cell_box(canvas(), 7) == (24, 14, 34, 22)
    assert cell_box(canvas(), 7, margin=1) == (14, 6, 44, 30)
    assert cell_box(canvas(), 0, margin=1) == (0, 0, 24, 22)
    assert cell_box(canvas(), 14, margin=1) == (34, 14, 60, 36)
    with pytest.raises(InputError, match="no cell 15"):
        cell_box(canvas(), 15)


def _reds(picture: bytes) -> tuple[tuple[int, int, int, int], tuple[int, int]]:
    """The box of all red pixels, and the picture's size."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    mask = Image.new("L", image.size)
    mask.putdata([255 if r > 200 and g < 90 else 0 for r, g, b in image.get_flattened_data()])
    box = mask.getbbox()
    assert box
    return box, image.size


def test_the_red_frame_surrounds_exactly_the_cell() -> None:
    pictures = draw_pictures(canvas(), 7)
    box, size = _reds(pictures.canvas)
    assert size == (480, 288)  # eight times as large
    expected = (24 * 8 - 3, 14 * 8 - 3, 34 * 8 + 3, 22 * 8 + 3)
    assert all(abs(found - wanted) <= 1 for found, wanted in zip(box, expected, strict=True))  # JPEG
    box, size = _reds(pictures.crop)
    assert size == (240, 192)  # 30 x 24 pixels, eight times as large
    expected = (10 * 8 - 2, 8 * 8 - 2, 20 * 8 + 2, 16 * 8 + 2)
    assert all(abs(found - wanted) <= 1 for found, wanted in zip(box, expected, strict=True))


def test_a_canvas_that_is_not_of_its_size_is_refused() -> None:
    with pytest.raises(InputError, match="has 60 x 36 pixels, expected 61 x 36"):
        draw_pictures(canvas(width=61), 0)
    with pytest.raises(InputError, match="no image"):
        draw_pictures(canvas(bytes=b"GIF89a"), 0)


def test_the_prompt_puts_each_candidate_on_a_line_of_its_own() -> None:
    prompt = Prompt.load()
    assert "{candidates}" not in prompt.question(["a", "{candidates}"]).replace("2. {candidates}", "")
    assert prompt.question(["dog", "…ation"]).endswith("1. dog\n2. …ation")
    messages = prompt.messages(["dog"], draw_pictures(canvas(), 0))
    assert [message["role"] for message in messages] == ["system", "user"]
    assert [part["type"] for part in messages[1]["content"]] == ["image_url", "image_url", "text"]
    assert "---" not in messages[0]["content"]


def test_a_torn_line_is_passed_over_and_the_next_answer_is_whole(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.keep("a", {}, Reply("one", cost=0.5))
        journal.give_up("b", {}, "status 500")
    path = tmp_path / "answers.jsonl"
    path.write_bytes(path.read_bytes() + b'{"asked": "c", "content": "\xff')
    with Journal(tmp_path) as journal:
        assert journal.torn == 1
        journal.keep("b", {}, Reply("two"))
    again = Journal(tmp_path)
    assert set(again.answers) == {"a", "b"}
    assert again.answers["a"].replies == [Reply("one", cost=0.5)]
    assert (again.answers["b"].replies, again.answers["b"].gave_up) == ([Reply("two")], None)


def test_a_budget_counts_what_is_in_flight() -> None:
    purse = Purse(1.0, spent=0.0, each=0.3)
    assert [purse.take() for _ in range(4)] == [True, True, True, False]
    purse.settle(0.1)  # one answer was cheaper: 0.1 spent, two in flight, 0.1 each
    assert purse.take()
    assert Purse(None, 0, None).take()
    assert not Purse(0.0, 0.0, 0.3).take()


def test_costs_are_told_only_where_prices_and_tokens_are_known() -> None:
    assert Prices(2, 8).cost(1_000_000, 500_000) == 6
    assert Prices(2).cost(10, 10) is None
    assert Prices(2, 8).cost(None, 10) is None
    assumed = estimate(10, 400, [], Prices(1, 1))
    assert (assumed.tokens_in, assumed.measured) == (1200, 0)
    measured = estimate(10, 400, [Reply("", tokens_in=100, tokens_out=50), Reply("")], Prices(1, 1))
    assert (measured.tokens_in, measured.tokens_out, measured.measured) == (100, 50, 1)


@pytest.mark.parametrize(
    "url", ["http://localhost:8000/v1", "http://127.0.0.1/v1", "http://10.1.2.3", "http://gpu7/v1"]
)
def test_endpoints_of_ones_own_network_need_no_key(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert Address("m", url).key() == "none"


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("https://api.openai.com/v1", "no key for https://api.openai.com/v1: set the environment variable"),
        ("https://8.8.8.8/v1", "no key"),
        ("localhost:8000", "expected http"),
        ("ftp://localhost", "expected http"),
        ("http://localhost:port", "--base-url"),
        ("http://", "expected http"),
    ],
)
def test_what_is_no_address_or_has_no_key_is_said(
    url: str, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(InputError, match=complaint):
        Address("m", url).key()


def test_a_shown_address_has_no_secrets() -> None:
    assert Address("m", "https://me:secret@host:8443/v1?key=secret").shown_url == "https://host:8443/v1"
