"""People's answers → rows of table `judgments`, one part for each person; all files are taken or none.

An answer counts for every list of neighbours that showed its words at its cell. "Cannot say" is no verdict:
its rows are skipped, never "not interpretable".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data_pipeline.errors import InputError, printable
from data_pipeline.folder_lock import written_by_one
from data_pipeline.judges.answer_files import Answer, AnswerFile
from data_pipeline.judges.questions import ASKED, RELATIONS, Choice, Question, read_questions
from data_pipeline.judges.shown import Shown, ShownLists
from data_pipeline.schema import TABLES, check_id
from data_pipeline.store import Results, ResultsWriter

_CANNOT_SAY = "the person could not say"
_KEY = ("model_id", "image_id", "lens", "vision_layer", "cell")
_SAID = ("status", "interpretable", "concrete_words", "abstract_words", "global_words", "candidates")
Row = dict[str, Any]


@dataclass(frozen=True)
class Person:
    """What was taken of one person; `rows` are judgments, `skipped` those without a verdict."""

    judge: str
    answers: int
    rows: int
    skipped: int


def import_answers(
    results: Results, files: Sequence[AnswerFile], judge: str | None = None, replace: bool = False
) -> list[Person]:
    """Store what people said in `files`; `judge` is the id of them all, unless each goes by their name.

    With `replace`, an answer takes the place of a stored one that says otherwise.

    Raises:
        InputError: a file is of another study or plan, has an unknown question or other words than were
            asked, contradicts another file or what is stored, or a judge of this id is no person. Nothing is
            written.
    """
    with written_by_one(results.folder, "vlens command"):
        results = Results(results.folder)
        questions: dict[str, dict[str, Question]] = {}
        people: dict[str, dict[str, Answer]] = {}
        titles: dict[str, str] = {}
        rows: dict[str, dict[tuple[object, ...], Row]] = {}
        for file in files:
            name = check_id(judge, "--judge") if judge else judge_id(file.annotator)
            titles.setdefault(name, file.annotator)
            asked = questions.setdefault(file.plan, _asked(results, file))
            _check_answers(file, asked)
            _join(people.setdefault(name, {}), file)
            new = _rows(name, file, asked)
            rows.setdefault(name, {}).update(new)
        stored = {name: _with_stored(results, name, own, replace) for name, own in rows.items()}
        writer = ResultsWriter(results.folder, results.manifest)
        for name, own in stored.items():
            writer.write_part(
                f"judgments/people/{name}.parquet", _table("judgments", own), _made_from(results, own)
            )
            writer.write_part(f"judges/{name}.parquet", _table("judges", [_judge(name, titles[name])]))
    return [_person(name, people[name], rows[name].values()) for name in people]


def judge_id(annotator: str) -> str:
    """An id for a person's name, such as `ana-maria` for "Ana María".

    Raises:
        InputError: the name has no letter or digit that an id can have.
    """
    plain = unicodedata.normalize("NFKD", annotator).encode("ascii", "ignore").decode().lower()
    if slug := re.sub(r"[^a-z0-9]+", "-", plain).strip("-"):
        return slug[:80]
    raise InputError(f"annotator {printable(annotator)!r}: has no letters for an id; name one with --judge")


def _asked(results: Results, file: AnswerFile) -> dict[str, Question]:
    """The questions of the file's plan, by id."""
    own = results.manifest.study.study_id
    if file.study != own:
        raise InputError(
            f"{file.path}: answers of study {printable(file.study)!r}, but {results.folder} holds {own!r}"
        )
    try:
        found = read_questions(results, Choice(file.plan))
    except InputError as error:
        raise InputError(f"{file.path}: {printable(str(error))}") from error
    return {question.question_id: question for question in found}


def _check_answers(file: AnswerFile, asked: dict[str, Question]) -> None:
    for name, answer in file.answers.items():
        if name not in asked:
            raise InputError(
                f"{file.path}: question {name} is not of plan {file.plan} of these results; the plan or its "
                "neighbours are others now"
            )
        if answer.words != asked[name].words:
            raise InputError(f"{file.path}: question {name} has other words than were asked")


def _join(answers: dict[str, Answer], file: AnswerFile) -> None:
    """Add the file's to the person's; two files may overlap, but not contradict each other."""
    for name, answer in file.answers.items():
        if answers.setdefault(name, answer) != answer:
            raise InputError(
                f"{file.path}: question {name} is answered otherwise in another file of the same person; "
                "give one of them, or other names with --judge"
            )


def _rows(judge: str, file: AnswerFile, asked: dict[str, Question]) -> dict[tuple[object, ...], Row]:
    rows = {}
    for name, answer in file.answers.items():
        question = asked[name]
        for key, candidates in zip(question.lists, question.candidates, strict=True):
            rows[tuple(key)] = _row(judge, dict(zip(_KEY, key, strict=True)), answer, candidates)
    return rows


def _row(judge: str, key: dict[str, object], answer: Answer, candidates: tuple[str, ...]) -> Row:
    said = list(zip(answer.words, answer.relations, strict=True))
    unsure = answer.verdict == "unsure"
    return {
        **key,
        "judge": judge,
        "status": "skipped" if unsure else "ok",
        "interpretable": None if unsure else answer.verdict == "related",
        **{
            f"{relation}_words": [word for word, found in said if found == relation] for relation in RELATIONS
        },
        "candidates": list(candidates),
        "failure": _CANNOT_SAY if unsure else None,
    }


def _with_stored(
    results: Results, judge: str, new: dict[tuple[object, ...], Row], replace: bool
) -> list[Row]:
    """The person's rows, stored ones included."""
    kinds = {row["judge"]: row["kind"] for row in results.read("judges").to_pylist()}
    table = results.read("judgments")
    stored = table.filter(pc.equal(table["judge"], judge)).to_pylist()
    if kinds.get(judge, "person" if not stored else "other") != "person":
        raise InputError(f"{results.folder}: judge {judge} is no person; name another with --judge")
    rows: dict[tuple[object, ...], Row] = {tuple(row[name] for name in _KEY): row for row in stored}
    for key, row in new.items():
        old = rows.get(key)
        if old and not replace and any(old[name] != row[name] for name in _SAID):
            raise InputError(
                f"{results.folder}: {judge} has answered otherwise before, at image {row['image_id']}, cell "
                f"{row['cell']}; --replace takes the new answers, --judge keeps both"
            )
        rows[key] = row
    return list(rows.values())


def _made_from(results: Results, rows: Sequence[Row]) -> str:
    """A hash of what the person was shown, by which a later run tells whether the answers still hold."""
    keys = [Shown(*(row[name] for name in _KEY)) for row in rows]
    return ShownLists(results.paths, {key.place for key in keys}).digest(keys)


def _judge(judge: str, annotator: str) -> Row:
    meanings = "; ".join(f"{name}: {meaning}" for name, meaning in RELATIONS.items())
    return {
        "judge": judge,
        "kind": "person",
        "title": printable(annotator),
        "prompt": f"{ASKED} {meanings}.",
        "note": "Asked by the page of vlens judge ask, without knowing lens, layer or model.",
    }


def _table(name: str, rows: Iterable[Row]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=TABLES[name].schema)


def _person(judge: str, answers: dict[str, Answer], rows: Iterable[Row]) -> Person:
    statuses = [row["status"] for row in rows]
    return Person(judge, len(answers), len(statuses), statuses.count("skipped"))
