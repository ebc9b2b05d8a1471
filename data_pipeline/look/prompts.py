"""A prompt as a user types it: the whole of it, or a question for the model's own chat template."""

from __future__ import annotations

from pathlib import Path

from data_pipeline.chat_templates import templated
from data_pipeline.errors import InputError
from data_pipeline.language_models import load_tokenizer, model_config

_PLACEHOLDERS = ("boi_token_index", "image_token_id")  # Gemma's prompts have the first


def whole_prompt(folder: Path, text: str) -> str:
    """`text` as it is where it holds the image's placeholder, else as the question of one user turn.

    Raises:
        InputError: a question, and the folder's model has no chat template.
    """
    tokenizer, config = load_tokenizer(folder), model_config(folder)
    ids = [number for name in _PLACEHOLDERS if (number := getattr(config, name, None)) is not None]
    placeholders = [str(token) for token in tokenizer.convert_ids_to_tokens(ids) if token]
    if any(placeholder in text for placeholder in placeholders):
        return text
    try:
        return templated(tokenizer, folder, text)
    except InputError as error:
        wanted = f", with {placeholders[0]} where the image goes" if placeholders else ""
        raise InputError(
            f"{folder}: has no chat template that takes a question, so --prompt must be the whole one{wanted}"
        ) from error
