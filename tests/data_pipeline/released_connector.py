"""Files as the published study releases its connectors, a few numbers wide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import yaml

IN, HIDDEN, OUT, ADDED = 8, 5, 6, 128
PROJECTOR = "vision_backbone.image_projector"


def released_tensors(kind: str = "mlp") -> dict[str, torch.Tensor]:
    """Random weights under the published names; 8 features of two blocks of 4 to a width of 6."""
    generator = torch.Generator().manual_seed(3)
    shapes = {
        f"{PROJECTOR}.w1.weight": (HIDDEN, IN),
        f"{PROJECTOR}.w2.weight": (OUT, HIDDEN),
        f"{PROJECTOR}.w3.weight": (HIDDEN, IN),
    }
    if kind == "linear":
        shapes = {f"{PROJECTOR}.weight": (OUT, IN)}
    shapes |= {"vision_backbone.pad_embed": (2, IN), "transformer.wte.new_embedding": (ADDED, OUT)}
    return {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}


def released_config(kind: str = "mlp", **changes: Any) -> dict[str, Any]:
    """The lines of the study's config that matter, and a few that do not."""
    model = {
        "d_model": OUT,
        "mlp_hidden_size": 2 * HIDDEN,
        "activation_type": "swiglu",
        "additional_vocab_size": ADDED,
        "image_padding_embed": "pad_and_partial_pad",
        "image_pooling_2d": "none",
        "image_pooling_h": 1,
        "image_pooling_w": 1,
        "image_projector": kind,
        "use_col_tokens": True,
        "crop_mode": "resize",
        "vit_layers": [-2, -3],
        "tokenizer": {"identifier": "allenai/dolma2-tokenizer", "tokenizer_dir": None},
        "vision_backbone": {"image_model_type": "openai", "image_emb_dim": 4, "image_num_layers": 3},
    }
    return {"run_name": "tiny", "seed": 6198, "model": {**model, **changes}, "ft_connector": True}


def save_release(folder: Path, kind: str = "mlp", **changes: Any) -> Path:
    """`model.pt` and `config.yaml` in `folder`; gives the first."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(released_tensors(kind), folder / "model.pt")
    (folder / "config.yaml").write_text(yaml.safe_dump(released_config(kind, **changes)))
    return folder / "model.pt"
