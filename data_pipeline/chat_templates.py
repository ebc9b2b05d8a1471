"""The prompt that a model's own chat template makes of one image and one question."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from data_pipeline.errors import InputError

QUESTION = "Describe this image."
_PROCESSORS_FILE = "chat_template.json"  # of processors saved by older versions of transformers


def templated(tokenizer: Any, folder: Path, question: str = QUESTION) -> str:
    """The user's turn with the image first, then `question`, up to where the model answers.

    Raises:
        InputError: the folder has no template, or one that cannot be used.
    """
    template = _template(tokenizer, folder)
    if not template:
        raise InputError(f"{folder}: has no chat template, so the study must give this model a prompt")
    turn = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": question}]}
    try:
        # The library runs templates in a sandbox.
        prompt = tokenizer.apply_chat_template(
            [turn], chat_template=template, add_generation_prompt=True, tokenize=False
        )
    except Exception as error:  # a template's own sums and look-ups raise anything
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise InputError(
            f"{folder}: its chat template cannot take an image and a question ({reason}), so the study must "
            "give this model a prompt"
        ) from error
    return str(prompt)


def _template(tokenizer: Any, folder: Path) -> Any:
    file = folder / _PROCESSORS_FILE
    if file.is_file():
        try:
            return json.loads(file.read_text(encoding="utf-8"))["chat_template"]
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"{file}: is not JSON with the key 'chat_template'") from error
    return getattr(tokenizer, "chat_template", None)
