"""A study file with tiny random models beside it: two composed models of one LLM, an ablation and a LLaVA."""

from __future__ import annotations

from pathlib import Path

from tests.data_pipeline.tiny_models import save_connector, save_encoder, save_llava, save_llm

STUDY = """
id = "tiny"
title = "Tiny <b>study</b>"
seed = 3
vision_layers = [0, 1, "N"]
caption_tokens = 6
images_per_part = 2
images = { source = "toy-scenes", split = "tune" }
text = { source = "lines", file = "corpus.txt", layers = [1, "N"], contexts_per_token = 4 }

[[llm]]
id = "llama"
title = "Tiny Llama"
path = "llms/llama"

[[vision_encoder]]
id = "clip"
title = "Tiny CLIP"
path = "encoders/clip"
canvas = "pad"

[[vision_encoder]]
id = "siglip"
title = "Tiny SigLIP"
path = "encoders/siglip"
interpolation = "bicubic"

[[model]]
id = "llama-clip"
title = "Llama + CLIP"
llm = "llama"
vision_encoder = "clip"
connector = "connectors/a"

[[model]]
id = "llava"
title = "LLaVA"
group = "off_the_shelf"
vlm = "vlms/llava"
prompt = "<image> :"

[[model]]
id = "llama-siglip"
title = "Llama + SigLIP"
llm = "llama"
vision_encoder = "siglip"
connector = "connectors/b"

[[model]]
id = "llama-clip-b"
title = "another connector"
group = "ablation"
baseline = "llama-clip"
llm = "llama"
vision_encoder = "clip"
connector = "connectors/b"
"""
CORPUS = (
    "a red house stands on the green grass .\na cat sits beside a tree .\n"
    "the yellow sun shines in the blue sky .\ntwo boats </script> & a duck\n"
)


def write_tiny_vlm_study(folder: Path) -> Path:
    """The study file; models and corpus lie beside it."""
    save_llm(folder / "llms" / "llama")
    save_encoder(folder / "encoders" / "clip")
    save_encoder(folder / "encoders" / "siglip", "siglip", seed=1)
    save_connector(folder / "connectors" / "a")
    save_connector(folder / "connectors" / "b", seed=1)
    save_llava(folder / "vlms" / "llava")
    (folder / "corpus.txt").write_text(CORPUS)
    (folder / "study.toml").write_text(STUDY)
    return folder / "study.toml"
