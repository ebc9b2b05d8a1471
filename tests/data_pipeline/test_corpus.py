from __future__ import annotations

from pathlib import Path

import pytest

from data_pipeline.corpus import Corpus, read_corpus, toy_captions
from data_pipeline.errors import InputError


def write(folder: Path, content: bytes, name: str = "corpus.txt") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_lines_are_sentences_and_nothing_else_is_lost(tmp_path: Path) -> None:
    text = "\ufeffa cat\tsits\r\n\n  \na\x0bdog\x1c\u2028 here \n<script>\x00</script>\nקו 🍄\na cat\tsits"
    corpus = read_corpus(write(tmp_path, text.encode()))
    assert corpus.texts == ("a cat\tsits", "a\x0bdog\x1c\u2028 here ", "<script>\x00</script>", "קו 🍄")
    assert corpus.title == "corpus.txt"


def test_limit_counts_different_sentences(tmp_path: Path) -> None:
    assert read_corpus(write(tmp_path, b"a\na\nb\nc\n"), limit=2).texts == ("a", "b")


def test_hash_knows_sentences_and_order_but_not_title() -> None:
    corpus = Corpus.of("one", ["a", "b"])
    assert corpus.hash == Corpus.of("two", ["a", "b", "a"]).hash
    assert corpus.hash != Corpus.of("one", ["b", "a"]).hash
    assert corpus.hash != Corpus.of("one", ["a b"]).hash
    assert len(corpus.hash) == 16


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("corpus.doc", b"a\n", "expected a .txt file"),
        ("corpus.txt", b" \n\r\n", "holds no sentence"),
        ("corpus.txt", b"abc\n\xff\n", "not UTF-8 text at byte 4"),
    ],
)
def test_what_is_no_corpus_is_refused(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_corpus(write(tmp_path, content, name))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.txt: cannot be read \(No such file"):
        read_corpus(tmp_path / "nowhere.txt")


def test_toy_captions_are_reproducible_and_many_are_short_lists() -> None:
    corpus = toy_captions(200)
    assert corpus.texts == toy_captions(200).texts
    assert len(set(corpus.texts)) == 200
    assert corpus.hash != toy_captions(200, seed=1).hash
    assert sum("." not in text for text in corpus.texts) >= 40
