"""Studies of off-the-shelf models from the study file to the tables."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from data_pipeline.completeness import gaps
from data_pipeline.errors import InputError
from data_pipeline.run import run_study
from data_pipeline.store import Results
from data_pipeline.study import load_study
from tests.data_pipeline.test_general_vlm import save_vip_llava
from tests.data_pipeline.test_images import gradient
from tests.data_pipeline.tiny_models import LAYERS, WIDTH
from tests.data_pipeline.tiny_vlms import SAVED

FAMILIES = ("gemma3", "llava_next", "smolvlm", "vip")
OTHER = 'prompt = "<image> :"\ngrid = [4, 4]'
CORPUS = "a red house stands on the green grass .\na cat sits beside a tree .\n"


def write_study(folder: Path, families: tuple[str, ...] = FAMILIES) -> Path:
    for family in families:
        {**SAVED, "vip": save_vip_llava}[family](folder / family)
    (folder / "pictures").mkdir()
    for size in ((100, 70), (70, 100)):
        gradient(*size).save(folder / "pictures" / f"{size[0]}.png")
    (folder / "corpus.txt").write_text(CORPUS)
    lines = [
        'id = "vlms"\ntitle = "VLMs"\nvision_layers = [0, 1, "N"]\ncaption_tokens = 3',
        'images = { source = "folder", folder = "pictures" }',
        'text = { source = "lines", file = "corpus.txt", layers = [1, "N"] }',
        'judge = { kind = "none" }',
    ]
    for family in families:
        lines.append(
            f'[[model]]\nid = "{family}"\ntitle = "{family}"\ngroup = "off_the_shelf"\nvlm = "{family}"'
        )
    (folder / "study.toml").write_text("\n".join([*lines, OTHER if "vip" in families else ""]))
    return folder / "study.toml"


def test_a_study_of_all_families_is_complete(tmp_path: Path) -> None:
    run_study(load_study(write_study(tmp_path)), tmp_path / "results")
    results = Results(tmp_path / "results")
    assert list(gaps(results)) == []
    models = {row["model_id"]: row for row in results.read("models").to_pylist()}
    for family in FAMILIES:
        assert (models[family]["num_layers"], models[family]["hidden_size"]) == (LAYERS, WIDTH)
    canvases = {row["canvas_id"]: row for row in results.read("canvases").to_pylist()}
    for sample in results.read("samples").to_pylist():
        canvas = canvases[sample["canvas_id"]]
        assert (canvas["rows"], canvas["cols"], canvas["width"], canvas["height"]) == (4, 4, 56, 56)
    cells = results.read("cells").to_pylist()
    assert len(cells) == len(FAMILIES) * 2 * 3 * 16


def test_a_grid_that_does_not_fit_stops_the_run_in_one_line(tmp_path: Path) -> None:
    file = write_study(tmp_path, ("vip",))
    file.write_text(file.read_text().replace("[4, 4]", "[4, 5]"))
    study = load_study(file).model_copy(update={"lenses": ("logit",)})
    with pytest.raises(InputError, match=r"grid = \[4, 5\] has 20 cells, but the image has 16 tokens"):
        run_study(study, tmp_path / "results")
    file.write_text(file.read_text().replace("[4, 5]", "[4, 0]"))
    with pytest.raises(InputError, match=r"grid.*greater than or equal to 1"):
        load_study(file)


def test_weights_with_nan_stop_the_run_with_model_layer_and_cell(tmp_path: Path) -> None:
    study = load_study(write_study(tmp_path, ("gemma3",)))
    study = study.model_copy(update={"lenses": ("logit",), "vision_layers": "all"})
    file = tmp_path / "gemma3" / "model.safetensors"
    weights = load_file(file)
    (name,) = [name for name in weights if name.endswith("layers.1.mlp.down_proj.weight")]
    weights[name][0, 0] = torch.nan
    save_file(weights, file, metadata={"format": "pt"})
    message = "model gemma3: the hidden state at vision layer 2, image 100, cell 0 is not finite"
    with pytest.raises(InputError, match=message):
        run_study(study, tmp_path / "results")
