"""What makes a judge the judge that it is: one model, one prompt, one way to ask. Kept beside its answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from data_pipeline.errors import InputError
from data_pipeline.judges.batch_asking import BATCHES_FILE
from data_pipeline.judges.endpoint import Address
from data_pipeline.judges.journal import ANSWERS_FILE
from data_pipeline.judges.judgment_rows import ModelJudge
from data_pipeline.judges.prompt import Prompt
from data_pipeline.store import Results, write_atomically

_FILE = "judge.json"


def model_judge(judge: str, address: Address, prompt: Prompt) -> ModelJudge:
    """The judge, with what readers must know of it."""
    extra = f"; with {json.dumps(dict(address.extra))}" if address.extra else ""
    note = f"asked at {address.shown_url}, prompt {prompt.name}{extra}"
    return ModelJudge(judge, address.model, prompt, note)


def keep_identity(place: Path, judge: ModelJudge, address: Address) -> None:
    """Write down in `place`, where the answers lie, who gives them."""
    content = json.dumps(_identity(judge, address), indent=1, sort_keys=True) + "\n"
    write_atomically(place / _FILE, content.encode())


def check_identity(place: Path, judge: ModelJudge, address: Address, results: Results) -> None:
    """Refuse to put answers of different judges under one name.

    Raises:
        InputError: the answers in `place` are those of another model, prompt or way to ask, or the name is
            that of a person.
    """
    known = _known(place)
    for name, value in _identity(judge, address).items():
        if name in known and known[name] != value:
            before = f"judge {judge.judge} was asked with {name} {known[name]!r}"
            raise InputError(f"{before}, now {value!r}: that is another judge, name it with --judge")
    kinds = {row["judge"]: row["kind"] for row in results.read("judges").to_pylist()}
    if kinds.get(judge.judge, "model") != "model":
        raise InputError(f"judge {judge.judge} is no model in these results; choose a name with --judge")


def _identity(judge: ModelJudge, address: Address) -> dict[str, Any]:
    return {
        "judge": judge.judge,
        "model": judge.model,
        "prompt": judge.prompt.name,
        "prompt_hash": judge.prompt.hash,
        "extra": dict(address.extra),
    }


def _known(place: Path) -> dict[str, Any]:
    """Who gave the answers in `place`; nothing where there are none yet."""
    path, answers = place / _FILE, place / ANSWERS_FILE
    if not (answers.is_file() and answers.stat().st_size) and not (place / BATCHES_FILE).is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): value for name, value in found.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, AttributeError) as error:
        raise InputError(f"{path}: is not what a judge was asked with ({error})") from error
