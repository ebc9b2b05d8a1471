"""The index's table of how well words and captions fit what the images show."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from generator.charts import percent, share_strip
from generator.intervals import interval_text
from generator.measures import Measures, Naming
from generator.records import CaptionLoss
from generator.study_context import StudyContext, Title


@dataclass(frozen=True)
class NamingCell:
    """The best layer of one lens in words and as a strip; `strip` is None where there is no figure."""

    lens: str
    strip: Markup | None
    share: str
    chance: str
    by_noun: str
    """The part of `share` that a noun names, with its own chance."""
    detail: str


@dataclass(frozen=True)
class TruthRow:
    """How well one model's words and captions fit its images."""

    link: Title
    group: str
    namings: tuple[NamingCell, ...]
    losses: tuple[str, str, str] | None
    """With the image, with another image, without any: nats per token."""


def truth_rows(
    context: StudyContext, measures: Measures, losses: dict[str, CaptionLoss], lenses: list[str]
) -> tuple[TruthRow, ...]:
    """A row for each model with a figure, in the order of the study; checkpoints are shown elsewhere."""
    rows = []
    for model in context.models:
        if model.model_id in context.checkpoints:
            continue
        cells = tuple(_naming_cell(lens, measures.best_naming(model.model_id, lens)) for lens in lenses)
        loss = losses.get(model.model_id)
        if loss or any(cell.strip for cell in cells):
            link = context.title(model)
            rows.append(TruthRow(link, model.group, cells, _loss_texts(loss)))
    return tuple(rows)


def is_named(context: StudyContext, measures: Measures, lens: str) -> bool:
    """Whether any model has a figure for a lens."""
    return any(measures.best_naming(model.model_id, lens) for model in context.models)


def _naming_cell(lens: str, naming: Naming | None) -> NamingCell:
    if naming is None:
        return NamingCell(lens, None, "–", "", "", "")
    detail = f"layer {naming.vision_layer} · {naming.share.count}/{naming.share.total}"
    detail += f" · {interval_text(naming.share)}"
    by_noun = f"by a noun {percent(naming.by_noun.rate)}"
    if naming.noun_chance is not None:
        by_noun += f", chance {percent(naming.noun_chance)}"
    strip = share_strip(lens, naming.share, naming.chance)
    return NamingCell(lens, strip, percent(naming.share.rate), _chance_text(naming.chance), by_noun, detail)


def _chance_text(chance: float | None) -> str:
    return "" if chance is None else f"chance {percent(chance)}"


def _loss_texts(loss: CaptionLoss | None) -> tuple[str, str, str] | None:
    if loss is None:
        return None
    image, shuffled, without = (
        "–" if value is None else f"{value:.2f}" for value in (loss.with_image, loss.shuffled, loss.without)
    )
    return image, shuffled, without
