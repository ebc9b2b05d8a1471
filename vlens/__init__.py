"""V-Lens: read what the vision tokens inside a vision-language model mean.

The Python API is the handful of names below; each is imported when it is first used, so that
`import vlens` and the page half never load torch:

    study = vlens.load_study("toy")
    vlens.run_study(study, Path("results/toy"), num_images=10)
    vlens.build_site(Path("results/toy"), Path("site"))
    page = vlens.look("photo.jpg", "HuggingFaceTB/SmolVLM-256M-Instruct").page
    neighbors = vlens.Results(Path("results/toy")).read("neighbors")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from data_pipeline.errors import InputError
    from data_pipeline.importers.vlens_json import import_vlens_json
    from data_pipeline.run import run_study
    from data_pipeline.store import Results
    from data_pipeline.study import load_study
    from data_pipeline.text_index.index import TextIndex
    from data_pipeline.training.connector_training import train_study_model
    from data_pipeline.versions import __version__ as __version__
    from generator.build import build_site
    from vlens.one_look import look

__all__ = [
    "InputError",
    "Results",
    "TextIndex",
    "build_site",
    "import_vlens_json",
    "load_study",
    "look",
    "run_study",
    "train_study_model",
]

_MODULES = {
    "__version__": "data_pipeline.versions",
    "InputError": "data_pipeline.errors",
    "Results": "data_pipeline.store",
    "TextIndex": "data_pipeline.text_index.index",
    "build_site": "generator.build",
    "import_vlens_json": "data_pipeline.importers.vlens_json",
    "load_study": "data_pipeline.study",
    "look": "vlens.one_look",
    "run_study": "data_pipeline.run",
    "train_study_model": "data_pipeline.training.connector_training",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
