"""Parts of a model that its training has yet to make: their shapes follow from the study's training keys."""

from __future__ import annotations

from data_pipeline.architectures import Architecture
from data_pipeline.connectors import ConnectorConfig
from data_pipeline.model_parts import Parts, framing_of, parts_of
from data_pipeline.study import ModelSettings, Study
from data_pipeline.training.job import connector_config, settings_of


def parts_as_trained(study: Study, model: ModelSettings) -> Parts:
    """The configurations at hand, and those that `vlens train` would make of the model's LLM and connector.

    Raises:
        InputError: training keys that do not fit the encoder.
    """
    whole = _trained_by(study, model)
    parts = parts_of(study, model)
    if whole is None:
        return parts
    if parts.llm is None:
        parts = parts_of(_from_its_start(study, model, whole), model)
    if parts.llm is None or parts.encoder is None or parts.connector is not None:
        return parts
    return Parts(parts.llm, parts.encoder, _connector(study, whole, parts.llm, parts.encoder))


def _trained_by(study: Study, model: ModelSettings) -> ModelSettings | None:
    """The model whose training makes this one's connector: itself, or the one that it is a checkpoint of."""
    if model.vlm or str(model.connector).startswith(("toy:", "hub:")):
        return None
    folder = str(model.connector).rpartition("/step-")[0]
    found = next((other for other in study.model if folder and other.connector == folder), model)
    tables = [table for table in (study.training, found.training) if table is not None]
    return found if any(table.images for table in tables) else None


def _from_its_start(study: Study, model: ModelSettings, whole: ModelSettings) -> Study:
    """The study with the LLM that the model's own is trained from in its place."""
    start = whole.training and next((llm for llm in study.llm if llm.id == whole.training.unfreeze), None)
    if not start:
        return study
    llms = (llm.model_copy(update={"path": start.path}) if llm.id == model.llm else llm for llm in study.llm)
    return study.model_copy(update={"llm": tuple(llms)})


def _connector(
    study: Study, whole: ModelSettings, llm: Architecture, encoder: Architecture
) -> ConnectorConfig:
    settings, framing = settings_of(study, whole), framing_of(study, whole, encoder)
    where = str(study.llm_of(whole).path)
    return connector_config(settings, where, llm.text, encoder.vision, framing, prefix="")
