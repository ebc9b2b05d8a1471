"""The heavy half of a look: the text index, built once and kept for later looks, and the run."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from data_pipeline.chat_templates import QUESTION
from data_pipeline.first_look import look_through
from data_pipeline.language_models import model_config
from data_pipeline.loading import Loader
from data_pipeline.locations import resolve
from data_pipeline.look.looking import Look
from data_pipeline.look.prompts import whole_prompt
from data_pipeline.plan import make_plan
from data_pipeline.progress import Progress, SilentProgress
from data_pipeline.run import run_study
from data_pipeline.study import Study, TextSettings
from data_pipeline.text_index.header import HEADER_FILE
from data_pipeline.user_cache import cache_folder

_ALL_LAYERS_UP_TO = 12
_TEXT_LAYERS = (1, 2, 4, 8, 16, 24)


def run_look(look: Look, results: Path, progress: Progress, command: str) -> list[Path]:
    """Compute `look` into `results` and return the files and folders that its model and texts came from."""
    folders = _model_folders(look)
    changes = _prompt(look, folders[0])
    with TemporaryDirectory() as work:
        study = look.study(look.images.settings(Path(work)), **changes)
        if look.text and look.text.source != "index":
            study = _with_index(with_few_text_layers(study, folders[0]), look.images.count, progress)
        run_study(study, results, look.images.count, progress=progress, command=command)
    corpus = [Path(look.text.file)] if look.text and look.text.file else []
    index = sorted(Path(study.text.index).rglob(HEADER_FILE)) if study.text.index else []
    return [*folders, *corpus, *index]


def _prompt(look: Look, folder: Path) -> dict[str, str]:
    """The prompt that was asked for; without one, the model's own template must do, which is tried here."""
    if look.reading.prompt:
        return {"prompt": whole_prompt(folder, look.reading.prompt)}
    if look.chosen.said:
        whole_prompt(folder, QUESTION)
    return {}


def _model_folders(look: Look) -> list[Path]:
    """Where the weights are, which of a model on the Hub are fetched."""
    chosen, model = look.chosen, look.chosen.model
    parts = (chosen.llm, chosen.vision_encoder)
    locations = [model.vlm, *(part.path for part in parts if part), model.connector]
    return [resolve(place, chosen.folder, bool(model.remote_code)) for place in locations if place]


def with_few_text_layers(study: Study, folder: Path) -> Study:
    """Of a deep LLM not all layers: 32 of 4096 numbers would take gigabytes even for some hundred sentences.

    The list is the published study's: 1, 2, 4, 8, 16, 24 and the two before the last.
    """
    config = model_config(folder, bool(study.model[0].remote_code))
    depth = int(config.get_text_config().num_hidden_layers)
    if study.text.layers != "all" or depth <= _ALL_LAYERS_UP_TO:
        return study
    few = sorted({layer for layer in _TEXT_LAYERS if layer < depth - 2} | {depth - 2, depth - 1})
    return study.model_copy(update={"text": study.text.model_copy(update={"layers": tuple(few)})})


def _with_index(study: Study, count: int | None, progress: Progress) -> Study:
    """The same study over a stored text index, which is built first where the user's cache has none."""
    plan = make_plan(study, count, ablations=True)
    look_through(plan, SilentProgress())  # a picture that cannot be read is said before minutes of reading
    loader = Loader(plan, cache_folder() / "indexes", progress)
    loader.text_index(plan.models[0])
    index = str(loader.index_folder(plan.models[0]).resolve())
    text = TextSettings(source="index", index=index, distinct=study.text.distinct)
    return study.model_copy(update={"text": text})
