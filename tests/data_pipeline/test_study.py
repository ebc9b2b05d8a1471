"""Study files: what is meant is understood, what cannot be meant is one clear line."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_pipeline.errors import InputError
from data_pipeline.plan import make_plan
from data_pipeline.study import (
    ImageSettings,
    JudgeSettings,
    LLMSettings,
    ModelSettings,
    Study,
    TextSettings,
    TrainingSettings,
    VisionEncoderSettings,
    load_study,
    resolve_layers,
)

GOOD = """
id = "mine"
title = "Mine"
images = { source = "folder", folder = "pictures" }

[[llm]]
id = "llama"
title = "Llama"
path = "weights/llama"

[[vision_encoder]]
id = "clip"
title = "CLIP"
path = "hub:openai/clip-vit-large-patch14-336"
canvas = "pad"

[[model]]
id = "llama-clip"
title = "Llama + CLIP"
llm = "llama"
vision_encoder = "clip"
connector = "weights/connector"

[[model]]
id = "other"
title = "Other"
group = "ablation"
baseline = "llama-clip"
vlm = "weights/llava"
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_and_references(tmp_path: Path) -> None:
    study = load_study(write(tmp_path, GOOD))
    assert study.lenses == ("embedding", "logit", "contextual")
    assert study.top_k == 5
    assert study.folder == tmp_path
    assert study.llm_of(study.model[0]).title == "Llama"
    assert study.encoder_of(study.model[0]).canvas == "pad"
    assert study.baseline_model_id == "llama-clip"


@pytest.mark.parametrize("name", ["toy", "paper"])
def test_shipped_studies_are_found_by_name(name: str) -> None:
    study = load_study(name)
    assert study.id == name
    groups = [model.group for model in study.model]
    assert groups.count("main") == 9
    assert groups.count("ablation") == 9
    assert groups.count("off_the_shelf") >= 1
    assert {model.baseline for model in study.model if model.group == "ablation"} == {"olmo-clip"}
    assert {(model.llm, model.vision_encoder) for model in study.model if model.group == "main"} == {
        (llm, encoder) for llm in ("llama", "olmo", "qwen2") for encoder in ("clip", "dinov2", "siglip")
    }


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('title = "Mine"', 'title = "Mine"\ncolour = "red"', "unknown key 'colour'; known: id, title, "),
        ('title = "Mine"', "", "key 'title' is missing"),
        ('title = "Llama"', 'titel = "Llama"', "llm number 1"),
        (
            'folder = "pictures" }',
            'folder = "pictures", size = 3 }',
            "unknown key 'size' in images; known: source",
        ),
        ('canvas = "pad"', 'canvas = "stretch"', "vision_encoder number 1, canvas: .*'pad'.*found 'stretch'"),
        (
            'id = "mine"',
            'id = "mine"\nlenses = ["logit", "tuned"]',
            "unknown lens 'tuned', expected one of embedding",
        ),
        ('id = "mine"', 'id = "mine"\nlenses = ["logit", "logit"]', "lens 'logit' is named twice"),
        ('id = "mine"', 'id = "../mine"', "'../mine' cannot be used: expected letters, digits"),
        ('id = "other"', 'id = "<script>"', "model number 2, id: .*'<script>' cannot be used"),
        ('id = "other"', 'id = "llama-clip"', "model id 'llama-clip' is used twice"),
        ('llm = "llama"', 'llm = "lama"', "model 'llama-clip': unknown llm 'lama', expected one of llama"),
        (
            'vision_encoder = "clip"',
            'vision_encoder = "x"',
            "unknown vision_encoder 'x', expected one of clip",
        ),
        ('baseline = "llama-clip"', 'baseline = "olmo"', "model 'other': unknown baseline 'olmo'"),
        ('baseline = "llama-clip"', "", "model 'other': an ablation needs the key 'baseline'"),
        ('connector = "weights/connector"', "", "model 'llama-clip': key 'connector' is missing"),
        ('vlm = "weights/llava"', 'vlm = "a"\nllm = "llama"', "key 'llm' has no place beside 'vlm'"),
        ('llm = "llama"', 'llm = "llama"\nprompt = "x"', "key 'prompt' is only for a 'vlm'"),
        ('llm = "llama"', 'llm = "llama"\nmax_pixels = 200704', "key 'max_pixels' is only for a 'vlm'"),
        ("hub:openai/clip-vit-large-patch14-336", "hub:clip", "'hub:clip' is not like hub:organisation/name"),
        ('"weights/llama"', '"toy:../../etc"', "'toy:../../etc' is not like toy:"),
        ('"weights/llama"', '"toy:/etc"', "'toy:/etc' is not like toy:"),
        ('"weights/llama"', '"toy:llms/./llama"', "'toy:llms/./llama' is not like toy:"),
        ('"weights/llama"', '"toy:"', "'toy:' is not like toy:"),
        (', folder = "pictures"', "", "source 'folder' needs the key 'folder'"),
        (
            'id = "mine"',
            'id = "mine"\nvision_layers = [0, -1]',
            "-1 is below 0; layers from the end are written 'N-1'",
        ),
        ('id = "mine"', 'id = "mine"\nvision_layers = ["last"]', "'last' is not a layer"),
        ('id = "mine"', 'id = "mine"\ntop_k = 0', "top_k: .*greater than or equal to 1"),
        (
            'id = "mine"',
            'id = "mine"\ndtype = "float16"',
            r"dtype: hidden states of some models exceed the range of float16 \(65504\); use 'bfloat16'",
        ),
        ('id = "mine"', 'id = "mine"\ntop_k = "5"', "top_k: Input should be a valid integer .found '5'."),
        ('id = "mine"', 'id = "mine"\nseed = true', "seed: Input should be a valid integer .found True."),
        ('llm = "llama"', 'llm = "llama"\nsteps = ["20"]', "steps number 1: .* integer .found '20'."),
        ('llm = "llama"', 'llm = "llama"\ntext_layers = ["M"]', "text_layers: 'M' is not a layer"),
        ('id = "mine"', 'id = "mine"\nfolder = "/"', "unknown key 'folder'"),
        ('id = "mine"', "id = mine", "not a TOML file"),
    ],
)
def test_one_line_says_what_cannot_be_meant(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new))
    with pytest.raises(InputError, match=message) as caught:
        load_study(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_models_of_one_llm_read_the_same_text_layers(tmp_path: Path) -> None:
    other = GOOD.replace('vlm = "weights/llava"', 'llm = "llama"\nvision_encoder = "clip"\nconnector = "c"')
    one = GOOD.replace('llm = "llama"', 'llm = "llama"\ntext_layers = [1, "N"]')
    assert load_study(write(tmp_path, one)).model[0].text_layers == (1, "N")
    both = other.replace('llm = "llama"', 'llm = "llama"\ntext_layers = [1, "N"]')
    assert load_study(write(tmp_path, both)).model[1].text_layers == (1, "N")
    with pytest.raises(InputError, match="'llama-clip' and 'other' share the text index of llm 'llama'"):
        load_study(write(tmp_path, both.replace('text_layers = [1, "N"]', "", 1)))
    index = one.replace("[[llm]]", '[text]\nsource = "index"\nindex = "here"\n\n[[llm]]')
    with pytest.raises(
        InputError, match="'llama-clip': key 'text_layers' has no place with text source 'index'"
    ):
        load_study(write(tmp_path, index))


def test_text_layers_of_a_model_count_before_those_of_the_study() -> None:
    study = load_study("toy")
    own = tuple(
        model.model_copy(update={"text_layers": (2, "N")}) if model.vlm else model for model in study.model
    )
    before, after = (make_plan(one, 1, True) for one in (study, study.model_copy(update={"model": own})))
    assert after.models[-1].text_layers == (2, 4) and before.models[-1].text_layers == (1, 2, 3, 4)
    for place, (one, other) in enumerate(zip(before.models, after.models, strict=True)):
        same = before.contextual_hash(one) == after.contextual_hash(other)
        assert same == (place + 1 < len(before.models))
        assert before.capture_hash(one) == after.capture_hash(other)


def test_missing_studies_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"missing\.toml: no such study file"):
        load_study(tmp_path / "missing.toml")
    with pytest.raises(InputError, match=r"study .toys.: not a \.toml file, nor one of those shipped: .*toy"):
        load_study("toys")


def test_layers_count_from_either_end() -> None:
    assert resolve_layers("all", 6, "layer") == (0, 1, 2, 3, 4, 5, 6)
    assert resolve_layers("all", 3, "text layer", start=1) == (1, 2, 3)
    assert resolve_layers((24, 0, "N-1", "N-2", "N", 30), 32, "layer") == (0, 24, 30, 31, 32)
    with pytest.raises(InputError, match="layer 7 does not exist: the LLM has 6 blocks, so 0 to 6"):
        resolve_layers((7,), 6, "layer")
    with pytest.raises(InputError, match="layer -1 does not exist"):
        resolve_layers(("N-7",), 6, "layer")


def test_every_key_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "study-files.md").read_text(encoding="utf-8")
    sections = (
        Study,
        ImageSettings,
        TextSettings,
        JudgeSettings,
        LLMSettings,
        VisionEncoderSettings,
        ModelSettings,
        TrainingSettings,
    )
    keys = {name for settings in sections for name in settings.model_fields}
    assert {key for key in keys if f"`{key}`" not in text and f"[{key}]" not in text} == set()
