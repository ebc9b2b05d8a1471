"""What a model that judges is asked: a versioned file, the instructions and below a line the question."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_pipeline.judges.pictures import PICTURE_TYPE, JudgePictures

PROMPT = "relations-1"
_LINE = "\n---\n"
_SLOT = "{candidates}"
_LISTS = ("concrete_words", "abstract_words", "global_words")
ANSWER_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "reasoning": {"type": "string"},
        **{name: {"type": "array", "items": {"type": "string"}} for name in _LISTS},
    },
    "required": ["reasoning", *_LISTS],
    "additionalProperties": False,
}
"""The form of an answer, for endpoints that can be held to one."""


@dataclass(frozen=True)
class Prompt:
    """A prompt file: `hash` (16 hex digits) is that of its bytes."""

    name: str
    text: str
    hash: str

    @classmethod
    def load(cls, name: str = PROMPT) -> Prompt:
        """The prompt that ships under this name."""
        content = (Path(__file__).parent / "prompts" / f"{name}.md").read_bytes()
        return cls(name, content.decode(), hashlib.sha256(content).hexdigest()[:16])

    def question(self, words: Sequence[str]) -> str:
        """The text that goes with the pictures."""
        numbered = "\n".join(f"{number}. {word}" for number, word in enumerate(words, 1))
        return self.text.split(_LINE)[1].replace(_SLOT, numbered).strip()

    def messages(self, words: Sequence[str], pictures: JudgePictures) -> list[dict[str, Any]]:
        """A chat of instructions, both pictures and the question.

        What all questions share stands first and what a cell's questions share next, so that endpoints which
        keep beginnings can use them again.
        """
        return [
            {"role": "system", "content": self.text.split(_LINE)[0].strip()},
            {
                "role": "user",
                "content": [
                    _picture(pictures.canvas),
                    _picture(pictures.crop),
                    {"type": "text", "text": self.question(words)},
                ],
            },
        ]


def _picture(content: bytes) -> dict[str, Any]:
    url = f"data:{PICTURE_TYPE};base64,{base64.b64encode(content).decode()}"
    return {"type": "image_url", "image_url": {"url": url}}
