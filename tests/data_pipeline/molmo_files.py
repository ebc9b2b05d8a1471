"""The stand-in for Molmo as the hub's cache would hold it: configuration, code and weights at one commit."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import constants
from safetensors.torch import save_file
from transformers import dynamic_module_utils

from data_pipeline.toy.tokenizer import build_tokenizer
from tests.data_pipeline.tiny_models import LAYERS, WIDTH

COMMIT = "1721478b71306fb7dc671176d5c204dc7a4d27d7"
REPOSITORY = "allenai/Molmo-7B-D-0924"
PINNED = f"{REPOSITORY}@{COMMIT}"
_CODE = Path(__file__).parent / "molmo_stand_in"
_MARKS = ("<im_start>", "<im_end>", "<im_patch>", "<im_col>", "<|image|>")
_SHAPE = {"base_image_input_size": [56, 56], "image_token_length_w": 4, "image_token_length_h": 4}


def save_molmo(folder: Path, **changes: Any) -> Path:
    """4 x 4 tokens of 2 x 2 patches of 7 pixels; weights are random and have the published names."""
    shutil.copytree(_CODE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    tokenizer = build_tokenizer()
    words = len(tokenizer)
    tokenizer.add_special_tokens({"additional_special_tokens": list(_MARKS)})
    tokenizer.save_pretrained(folder)
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    settings["auto_map"] = {"AutoProcessor": "preprocessing_molmo.MolmoProcessor"}
    _write(folder / "tokenizer_config.json", settings)
    maps = {
        "AutoConfig": "config_molmo.MolmoConfig",
        "AutoModelForCausalLM": "modeling_molmo.MolmoForCausalLM",
    }
    config = {"model_type": "molmo", "architectures": ["MolmoForCausalLM"], "auto_map": maps}
    config |= {"vocab_size": words, "hidden_size": WIDTH, "num_hidden_layers": LAYERS, **changes}
    _write(folder / "config.json", config)
    processor = {"AutoProcessor": "preprocessing_molmo.MolmoProcessor"}
    images = {"AutoImageProcessor": "image_preprocessing_molmo.MolmoImageProcessor", **processor}
    statistics = {"image_mean": [0.48, 0.46, 0.41], "image_std": [0.27, 0.26, 0.28], "image_patch_size": 7}
    kinds = {"image_processor_type": "MolmoImageProcessor", "processor_class": "MolmoProcessor"}
    _write(folder / "preprocessor_config.json", {"auto_map": images, **kinds, **_SHAPE, **statistics})
    _write(folder / "processor_config.json", {"auto_map": processor, "processor_class": "MolmoProcessor"})
    save_file(_weights(words), folder / "model.safetensors")
    return folder


def _weights(words: int) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    transformer, vision = "model.transformer", "model.vision_backbone"
    shapes: dict[str, tuple[int, ...]] = {
        f"{transformer}.wte.embedding": (words, WIDTH),
        f"{transformer}.wte.new_embedding": (8, WIDTH),
        f"{transformer}.ln_f.weight": (WIDTH,),
        f"{transformer}.ff_out.weight": (words, WIDTH),
        f"{vision}.patch_embedding.weight": (16, 147),
        f"{vision}.patch_embedding.bias": (16,),
        f"{vision}.pad_embed": (2, 16),
        f"{vision}.image_projector.weight": (WIDTH, 16),
        f"{vision}.image_projector.bias": (WIDTH,),
    }
    for number in range(LAYERS):
        block = f"{transformer}.blocks.{number}"
        shapes |= {f"{block}.{norm}.weight": (WIDTH,) for norm in ("attn_norm", "ff_norm")}
        shapes |= {f"{block}.att_proj.weight": (3 * WIDTH, WIDTH), f"{block}.att_proj.bias": (3 * WIDTH,)}
        shapes |= {f"{block}.attn_out.weight": (WIDTH, WIDTH), f"{block}.ff_proj.weight": (48, WIDTH)}
        shapes[f"{block}.ff_out.weight"] = (WIDTH, 48)
    return {
        name: torch.rand(shape, generator=generator) + 0.5
        if "norm" in name or "ln_f" in name
        else 0.3 * torch.randn(shape, generator=generator)
        for name, shape in shapes.items()
    }


def _write(file: Path, content: dict[str, Any]) -> None:
    file.write_text(json.dumps(content))


def hub_without_network(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make `home` the hub's cache and the home of copied code; gives the folder of `PINNED` in it."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
    monkeypatch.setattr(dynamic_module_utils, "HF_MODULES_CACHE", str(home / "modules"))
    monkeypatch.syspath_prepend(str(home / "modules"))
    for name in [name for name in sys.modules if name.split(".")[0] == "transformers_modules"]:
        monkeypatch.delitem(sys.modules, name)
    return home / "hub" / f"models--{REPOSITORY.replace('/', '--')}" / "snapshots" / COMMIT
