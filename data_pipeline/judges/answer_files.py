"""The files that people's answers come in: what `vlens judge ask`'s page saves, checked on its own.

    {"format": "vlens-answers", "version": 1, "study": "toy", "plan": "sample", "annotator": "Ana",
     "answers": [{"question": "0f…", "words": ["dog", "red"], "verdict": "related",
                  "relations": ["concrete", null]}]}

`verdict` is `related` (some word has a relation), `none` (no word has) or `unsure` (the person cannot say).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from data_pipeline.errors import InputError, printable
from data_pipeline.judges.questions import RELATIONS

FORMAT = "vlens-answers"
VERSION = 1
VERDICTS = ("related", "none", "unsure")
_LARGEST_FILE = 64 * 2**20
_LONGEST_NAME = 80
_QUESTION = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Answer:
    """What one person said to one question; `relations` has one entry for each of its `words`."""

    words: tuple[str, ...]
    verdict: str
    relations: tuple[str | None, ...]


@dataclass(frozen=True)
class AnswerFile:
    """One person's answers, by question."""

    path: Path
    study: str
    plan: str
    annotator: str
    answers: dict[str, Answer]


def is_answer_file(content: object) -> bool:
    """Whether a JSON value says that it holds answers."""
    return isinstance(content, dict) and content.get("format") == FORMAT


def read_json_file(path: Path) -> object:
    """The JSON value in `path`.

    Raises:
        InputError: no such file, too large a one, or not JSON of whole characters.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file, expected answers saved from the page of: vlens judge ask")
    if path.stat().st_size > _LARGEST_FILE:
        raise InputError(f"{path}: {path.stat().st_size} bytes, expected answers of at most {_LARGEST_FILE}")
    try:
        content = json.loads(path.read_bytes(), parse_constant=_refuse)
        json.dumps(content, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not valid JSON ({printable(str(error))})") from None
    return content


def _refuse(name: str) -> object:
    raise ValueError(f"{name} is not a number")


def answer_file(path: Path, content: object) -> AnswerFile:
    """The JSON value `content` of `path` as answers.

    Raises:
        InputError: another format or version, a question twice, or a value that is not what the page saves.
    """
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputError(f"{path}: is no file of answers, expected an object with format {FORMAT!r}")
    if content.get("version") is True or content.get("version") != VERSION:
        raise InputError(f"{path}: version {_short(content.get('version'))}, expected {VERSION}")
    entries = content.get("answers")
    if not isinstance(entries, list):
        raise InputError(f"{path}: answers is {_short(entries)}, expected a list")
    answers: dict[str, Answer] = {}
    for place, entry in enumerate(entries):
        where = f"{path}: answer {place}"
        if not isinstance(entry, dict):
            raise InputError(f"{where} is {_short(entry)}, expected an object")
        question = entry.get("question")
        if not isinstance(question, str) or not _QUESTION.fullmatch(question):
            raise InputError(f"{where}: question is {_short(question)}, expected 16 hex digits")
        if question in answers:
            raise InputError(f"{where}: question {question} is answered twice, expected once")
        answers[question] = _answer(where, entry)
    study, plan, annotator = (_name(path, content, key) for key in ("study", "plan", "annotator"))
    return AnswerFile(path, study, plan, annotator, answers)


def check_annotator(name: str) -> str:
    """A person's name for a page: "" where they say so themselves.

    Raises:
        InputError: it is too long for a file of answers, or cannot be written as UTF-8.
    """
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"--annotator {printable(name)!r}: cannot be written as text") from error
    if len(name.strip()) > _LONGEST_NAME:
        raise InputError(f"--annotator: {len(name)} characters, expected at most {_LONGEST_NAME}")
    return name.strip()


def _name(path: Path, content: dict[str, object], key: str) -> str:
    value = content.get(key)
    if not isinstance(value, str) or not 0 < len(value.strip()) <= _LONGEST_NAME:
        what = "a name" if key == "annotator" else "an id"
        raise InputError(
            f"{path}: {key} is {_short(value)}, expected {what} of at most {_LONGEST_NAME} characters"
        )
    return value.strip()


def _answer(where: str, entry: dict[str, object]) -> Answer:
    words, relations, verdict = entry.get("words"), entry.get("relations"), entry.get("verdict")
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise InputError(f"{where}: words is {_short(words)}, expected the words that were shown")
    if not isinstance(relations, list) or len(relations) != len(words):
        raise InputError(f"{where}: relations is {_short(relations)}, expected one for each word, or null")
    for relation in relations:
        if not (relation is None or (isinstance(relation, str) and relation in RELATIONS)):
            raise InputError(f"{where}: relation {_short(relation)}, expected {', '.join(RELATIONS)} or null")
    if not isinstance(verdict, str) or verdict not in VERDICTS:
        raise InputError(f"{where}: verdict is {_short(verdict)}, expected {', '.join(VERDICTS)}")
    if (verdict == "related") != any(relations):
        raise InputError(f"{where}: verdict is {verdict!r}, but its relations say otherwise")
    return Answer(tuple(words), verdict, tuple(relations))


def _short(value: object) -> str:
    text = printable(repr(value))
    return text if len(text) <= 60 else text[:60] + "…"
