"""A connector that does not fit is refused before anything is loaded, and both sides are named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from data_pipeline.errors import InputError
from data_pipeline.forecast.dry_run import dry_run
from data_pipeline.plan import make_plan
from data_pipeline.study import load_study
from tests.data_pipeline.tiny_models import save_connector, save_encoder, save_llm

STUDY = """
id = "tiny"
title = "Tiny"
lenses = ["logit"]
[images]
source = "toy-scenes"
[[llm]]
id = "l"
title = "L"
path = "llm"
[[vision_encoder]]
id = "e"
title = "E"
path = "encoder"
[[model]]
id = "m"
title = "M"
llm = "l"
vision_encoder = "e"
connector = "connector"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    save_llm(tmp_path / "llm")
    save_encoder(tmp_path / "encoder")
    save_connector(tmp_path / "connector")
    (tmp_path / "study.toml").write_text(STUDY)
    return tmp_path / "study.toml"


def test_a_connector_that_fits_is_taken(file: Path) -> None:
    assert len(make_plan(load_study(file), 1, ablations=True).models) == 1
    assert len(dry_run(load_study(file), 1, ablations=True).models) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"out_features": 40}, "gives vectors of width 40, but the LLM takes width 32"),
        ({"in_features": 48}, "takes features of width 48, but 2 encoder blocks of width 16 give 32"),
        ({"vision_blocks": [1, 3]}, "reads encoder blocks 1, 3, but the encoder has 0 to 2"),
        ({"vision_blocks": [-1, 2]}, "reads encoder blocks -1, 2, but the encoder has 0 to 2"),
    ],
)
def test_a_connector_that_does_not_fit_is_refused(change: dict, message: str, file: Path) -> None:
    config = file.parent / "connector" / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), **change}))
    for plan in (make_plan, dry_run):
        with pytest.raises(InputError, match=message):
            plan(load_study(file), 1, ablations=True)
