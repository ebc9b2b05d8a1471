"""`vlens index` as a user types it, with the toy models, which need no network."""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_pipeline.text_index.header import HEADER_FILE
from vlens.cli import main

BUILD = ["build", "--model", "toy:llms/olmo", "--corpus", "everyday", "--output", "{tmp}/x"]
SENTENCES = ["a red house on the grass", "the red boat on the water", "a black cat sits under a tree"]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("corpus") / "mine.txt"
    file.write_text("\n".join(SENTENCES))
    return file


@pytest.fixture(scope="module")
def index(corpus: Path) -> Path:
    folder = corpus.parent / "index"
    assert run("build", "--model", "toy:llms/olmo", "--corpus", corpus, "--output", folder) == 0
    return folder


def run(*words: object) -> int:
    return main(["index", *map(str, words)])


def test_the_study_s_layers_are_built_as_far_as_there_are_such(
    index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("info", index, "--verify") == 0
    printed = capsys.readouterr().out
    assert "text layers      1, 2, 4, 5" in printed  # of 6 blocks
    assert "mine.txt" in printed and "3 sentences" in printed


def test_a_word_in_a_sentence_of_the_corpus_finds_itself(
    index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = "a red **house** on the grass"
    assert run("search", index, asked, "--model", "toy:llms/olmo", "-k", 2) == 0
    blocks = capsys.readouterr().out.split("query at text layer ")[1:]
    assert [block.splitlines()[0] for block in blocks] == ["1", "2", "4", "5"]
    for block in blocks:
        score, percentile, _, _, number, shown = block.splitlines()[1].split(maxsplit=5)
        assert float(score) == pytest.approx(1, abs=1e-3)
        assert float(percentile) > 99
        assert (number, shown) == (block.splitlines()[0], asked)


def test_a_word_that_was_not_marked_is_named(index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("search", index, "a red house", "--model", "toy:llms/olmo", "-k", 1) == 0
    said = capsys.readouterr().out.splitlines()[0]
    assert said.startswith("Asked with the token 'house' of the last word, as none is marked")
    assert run("search", index, "a **red** house", "--model", "toy:llms/olmo", "-k", 1) == 0
    assert capsys.readouterr().out.splitlines()[0] == "Asked with the token 'red'"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["build", "--model", "toy:llms/olmo", "--corpus", "{tmp}/no.txt", "--output", "{tmp}/x"], "no.txt"),
        (["build", "--model", "toy:llms/olmo", "--corpus", "x.pdf", "--output", "{tmp}/x"], "a .txt file"),
        (["build", "--model", "nowhere", "--corpus", "everyday", "--output", "{tmp}/x"], "nowhere: no such"),
        (["build", "--model", "", "--corpus", "everyday", "--output", "{tmp}/x"], "name is empty"),
        (
            [*BUILD, "--layers", "40"],
            "text layer 40 does not exist",
        ),
        (
            [*BUILD, "--layers", "last"],
            "--layers: 'last'",
        ),
        (
            ["build", "--model", "toy:llms/olmo", "--corpus", "{corpus}", "--output", "{tmp}"],
            "holds files that are not of a text index",
        ),
        (["build", "--model", "toy:llms/olmo", "--output", "{tmp}/x"], "--corpus is missing"),
        (BUILD[:-2], "--output is missing"),
        ([*BUILD, "--tokens-per-second", "3"], "--tokens-per-second is only for --dry-run"),
        (["build", "--model", "some/thing", "--dry-run"], "some/thing: no configuration of it is on this"),
        (
            ["search", "{index}", "a house", "--model", "toy:llms/olmo", "--memory", "much"],
            "'much' is no amount",
        ),
        (
            ["search", "{index}", "a house", "--model", "toy:llms/olmo", "--memory", "1kB"],
            "a budget of 1,000 bytes of memory: a search of this text index takes at least 4MB",
        ),
        (["info", "{tmp}"], "no text index here"),
        (["search", "{index}", "a **red** **house**", "--model", "toy:llms/olmo"], "2 words are marked"),
        (
            ["search", "{index}", "a red xylophone", "--model", "toy:llms/olmo"],
            "'xylophone': the model knows no such word and reads <unk>",
        ),
        (["search", "{index}", " ", "--model", "toy:llms/olmo"], "the sentence is empty"),
        (["search", "{index}", "a house", "--model", "toy:llms/llama"], "text index of another model"),
        (
            ["search", "{index}", "a house", "--model", "toy:llms/olmo", "-k", "1000"],
            "expected at least 1000",
        ),
    ],
)
def test_wrong_input_is_one_line(
    words: list[str],
    message: str,
    tmp_path: Path,
    index: Path,
    corpus: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "something.txt").write_text("of the user's")
    places = {"tmp": tmp_path, "index": index, "corpus": corpus}
    assert run(*(word.format(**places) if "{" in word else word for word in words)) == 2
    printed = capsys.readouterr()
    assert message in printed.err and len(printed.err.strip().splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["something.txt"]


def test_an_index_is_not_replaced_by_one_of_another_corpus(
    index: Path, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in index.iterdir()}
    (tmp_path / "other.txt").write_text("a green house")
    how = ["build", "--model", "toy:llms/olmo", "--output"]
    assert run(*how, index, "--corpus", tmp_path / "other.txt") == 2
    assert "holds an index of olmo and the corpus mine.txt" in capsys.readouterr().err
    assert run(*how, index, "--corpus", corpus) == 0
    assert "the index is already there; nothing is read" in "".join(capsys.readouterr())
    assert {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in index.iterdir()} == kept
    (tmp_path / "index.json").write_text('{"format": "vlens-text-index-1"}')
    assert run(*how, tmp_path, "--corpus", corpus) == 2
    assert "name another folder, nothing was written" in capsys.readouterr().err


def test_tables_are_corpora_too(tmp_path: Path, corpus: Path, index: Path) -> None:
    lines = corpus.read_text().split("\n")
    (tmp_path / "mine.csv").write_text(
        "id,text\n" + "".join(f'{n},"{line}"\n' for n, line in enumerate(lines))
    )
    pq.write_table(pa.table({"id": [1, 2, 3], "caption": lines}), tmp_path / "mine.parquet")
    (tmp_path / "bare.csv").write_text("".join(f"{line}\n" for line in lines))
    for name in ("mine.csv", "mine.parquet", "bare.csv"):
        folder = tmp_path / f"{name}.index"
        assert run("build", "--model", "toy:llms/olmo", "--corpus", tmp_path / name, "--output", folder) == 0
        for file in index.iterdir():
            if file.name != HEADER_FILE:  # which has the corpus's name
                assert (folder / file.name).read_bytes() == file.read_bytes()


def test_a_dry_run_says_what_the_published_corpus_would_take(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["--output", tmp_path / "x"]
    for model in ("OLMo-7B", "llama3-8b", "Qwen2-7B"):
        assert run("build", "--model", model, "--dry-run", "--tokens-per-second", "5000", *place) == 0
    olmo, llama, qwen = capsys.readouterr().out.split("Text index of ")[1:]
    assert "32 blocks of width 4,096, 100,352 tokens" in olmo
    assert "46,748 of 64 sentences" in olmo
    assert "text layers      8: 1, 2, 4, 8, 16, 24, 30, 31" in olmo
    assert "306,962 a layer, as the published study kept" in olmo
    assert "4,164 (float32: 16,384, float16: 8,192)" in olmo
    assert "1.3 GB a layer, 10.2 GB in all" in olmo
    assert "1.2 at 5,000 tokens a second, as given" in olmo
    assert "26 GB for 8 layers in float8, 88 GB with all that it kept, 13 h a model" in olmo
    assert "128,256 tokens" in llama and "10.2 GB in all" in llama
    assert "8: 1, 2, 4, 8, 16, 24, 26, 27" in qwen and "3,652 (" in qwen and "9.0 GB in all" in qwen
    assert not list(tmp_path.iterdir())


def test_a_dry_run_counts_a_corpus_that_is_at_hand(capsys: pytest.CaptureFixture[str], corpus: Path) -> None:
    how = ["--corpus", corpus, "--layers", "0,3", "--tokens-per-second", "1", "--contexts-per-token", "2"]
    assert run("build", "--model", "toy:llms/olmo", "--dry-run", *how) == 0
    printed = capsys.readouterr().out
    assert "mine.txt: 3 sentences, about 25 tokens" in printed  # 19 words and a third
    assert "at most 25 a layer" in printed and "2: 0, 3" in printed


def test_a_search_takes_a_budget(index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["search", index, "a red **house** on the grass", "--model", "toy:llms/olmo", "-k", 2]
    assert run(*asked) == run(*asked, "--memory", "4MB") == 0
    blocks = capsys.readouterr().out.split("Asked with")[1:]
    assert blocks[0] == blocks[1]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("broken.parquet", b"no", "cannot be read as Parquet"),
        ("empty.txt", b" \n\n", "holds no sentence"),
        ("latin.csv", b"caf\xe9", "not UTF-8 text at byte 3"),
    ],
)
def test_what_is_no_corpus_is_said(
    name: str, content: bytes, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(content)
    assert run("build", "--model", "x", "--corpus", tmp_path / name, "--output", tmp_path / "x") == 2
    assert message in capsys.readouterr().err


def test_the_sentences_about_concepts_need_their_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "latentlens", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert run("build", "--model", "x", "--corpus", "concepts", "--output", tmp_path / "x") == 2
    assert "pip install latentlens" in capsys.readouterr().err


def test_an_index_goes_to_latentlens_s_layout_and_back(
    index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("export", index, "--output", tmp_path / "out", "--model", "toy:llms/olmo") == 0
    how = ["--model", "toy:llms/olmo", "--output", tmp_path / "back", "--layers", "1,4", "--compare"]
    assert run("import", tmp_path / "out", *how) == 0
    printed = capsys.readouterr().out
    assert "of 4 text layers in" in printed and "contexts, text layers 1, 4\n" in printed
    assert "It is of olmo, whose own states have a cosine of" in printed
    assert run("info", tmp_path / "back") == 0
    printed = capsys.readouterr().out
    assert "mine.txt, imported" in printed and "drawn with seed  not known" in printed


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["import", "{tmp}/no", "--output", "{tmp}/x", "--model", "toy:llms/olmo"], "no: no such folder"),
        (["import", "{index}", "--output", "{tmp}/x", "--model", "toy:llms/olmo"], "no folder layer_N in it"),
        (
            ["import", "{tmp}", "--output", "{tmp}/x", "--model", "toy:llms/olmo", "--layers", "1,N"],
            "--layers: 'N', expected numbers such as 8,16,24",
        ),
        (["export", "{tmp}", "--output", "{tmp}/x"], "no text index here"),
        (["export", "{index}", "--output", "{tmp}/x", "--model", "toy:llms/llama"], "of another model"),
    ],
)
def test_what_cannot_be_exchanged_is_one_line(
    words: list[str], message: str, index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*(word.format(tmp=tmp_path, index=index) for word in words)) == 2
    printed = capsys.readouterr().err
    assert message in printed and len(printed.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())
