"""What is known about the models of the published study, told by the names of their folders.

The importer only reads JSON; language model, encoder and training of a checkpoint stand nowhere in it.
A folder that is not known here still imports, under a title that claims nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

CORPUS = "Visual Genome region phrases"


@dataclass(frozen=True)
class Checkpoint:
    """One model of the study; `num_layers` and `hidden_size` are None where they are not known."""

    folder: str
    model_id: str
    title: str
    group: str
    llm: str
    vision_encoder: str
    connector: str
    order: tuple[int, ...]
    description: str = ""
    num_layers: int | None = None
    hidden_size: int | None = None
    corpus: str | None = None
    baseline: str | None = None


@dataclass(frozen=True)
class _LanguageModel:
    title: str
    num_layers: int
    hidden_size: int


@dataclass(frozen=True)
class _Encoder:
    title: str
    blocks: tuple[int, int]  # 0-based blocks whose outputs the connector reads, concatenated


@dataclass(frozen=True)
class _Released:
    title: str
    llm: _LanguageModel
    vision_encoder: str


_LLMS = {
    "olmo-7b": _LanguageModel("OLMo-7B", 32, 4096),
    "llama3-8b": _LanguageModel("Llama-3-8B", 32, 4096),
    "qwen2-7b": _LanguageModel("Qwen2-7B", 28, 3584),
}
_ENCODERS = {
    "vit-l-14-336": _Encoder("CLIP ViT-L/14-336", (21, 14)),
    "dinov2-large-336": _Encoder("DINOv2-L/14-336", (22, 15)),
    "siglip": _Encoder("SigLIP-SO400M/14-384", (25, 18)),
}
_CLIP = _ENCODERS["vit-l-14-336"].title
_RELEASED = {
    "molmo-7b-d-0924": _Released("Molmo-7B-D", _LLMS["qwen2-7b"], _CLIP),
    "molmo-72b-0924": _Released("Molmo-72B", _LanguageModel("Qwen2-72B", 80, 8192), _CLIP),
    "qwen2-vl-7b-instruct": _Released("Qwen2-VL-7B-Instruct", _LLMS["qwen2-7b"], "Qwen2-VL ViT"),
    "qwen2.5-vl-32b-instruct": _Released(
        "Qwen2.5-VL-32B-Instruct", _LanguageModel("Qwen2.5-32B", 64, 5120), "Qwen2.5-VL ViT"
    ),
    "llava-1.5-7b-hf": _Released("LLaVA-1.5-7B", _LanguageModel("Vicuna-7B", 32, 4096), _CLIP),
    "llava-v1.6-34b-hf": _Released("LLaVA-NeXT-34B", _LanguageModel("Yi-34B", 60, 7168), _CLIP),
}
_SHIFT_NOTE = (
    "The folder's name says {n}; the connector reads the encoder blocks that stand {n} blocks earlier "
    "than the baseline's, not block {n}."
)
_VARIANTS = {  # folder suffix or task → label, description
    "seed10": ("seed 10", "Another seed of the connector's training."),
    "seed11": ("seed 11", "Another seed of the connector's training."),
    "linear": ("linear connector", "The connector is one linear map instead of a gated MLP."),
    "first-sentence": ("first sentences", "Trained on the first sentence of each caption only."),
    "unfreeze": ("LLM unfrozen", "The language model was trained along with the connector."),
    "earlier-vit-layers-6": ("shifted 6 blocks earlier", _SHIFT_NOTE.format(n=6)),
    "earlier-vit-layers-10": ("shifted 10 blocks earlier", _SHIFT_NOTE.format(n=10)),
    "topbottom": ("top/bottom task", "Trained to say whether a thing is at the top or the bottom."),
    "topbottom-unfreeze": (
        "top/bottom task, LLM unfrozen",
        "Trained to say whether a thing is at the top or the bottom, with the language model unfrozen.",
    ),
}
_SHIFTS = {"earlier-vit-layers-6": 6, "earlier-vit-layers-10": 10}
_TRAINED = re.compile(
    r"train_mlp-only_pixmo_(?P<task>cap_resize|cap_first-sentence|topbottom)_"
    rf"(?P<llm>{'|'.join(_LLMS)})_(?P<encoder>{'|'.join(_ENCODERS)})"
    r"(?:_(?P<suffix>seed10|seed11|linear|unfreeze|unfreeze-llm|earlier-vit-layers-6|earlier-vit-layers-10))?"
    r"(?:_step(?P<step>\d{1,9})-unsharded)?(?:_lite\d{1,6})?"
)
_FINAL_STEP = "12000"
_MAIN_WITH_SUFFIX = ("qwen2-7b", "vit-l-14-336", "seed10")  # the study's one exception


def recognise(folder: str) -> Checkpoint:
    """What is known about the model in `folder`, a path like `molmo_7b/allenai_Molmo-7B-D-0924`."""
    name = folder.rsplit("/", 1)[-1]
    if match := _TRAINED.fullmatch(name):
        return _trained(folder, match)
    plain = name.split("_", 1)[-1] if "/" in folder else name  # the part before "_" is the organisation
    if released := _RELEASED.get(plain.lower()):
        return _off_the_shelf(folder, plain, released)
    return _unknown(folder, name)


def safe_id(name: str) -> str:
    """`name` with everything that may not stand in a model id turned into hyphens."""
    return re.sub(r"[^A-Za-z0-9._+-]+|\.{2,}", "-", name).strip("-._+")[:100] or "model"


def _trained(folder: str, match: re.Match[str]) -> Checkpoint:
    llm, encoder = _LLMS[match["llm"]], _ENCODERS[match["encoder"]]
    variant = _variant(match)
    is_main = not variant or (match["llm"], match["encoder"], variant) == _MAIN_WITH_SUFFIX
    pair = f"{match['llm']}_{match['encoder']}"
    label, description = ("", "") if is_main else _VARIANTS[variant]
    step = match["step"] if match["step"] not in (None, _FINAL_STEP) else None
    steps = f"step {step}" if step else ""
    extra = ", ".join(filter(None, (label, steps)))
    place = (list(_LLMS).index(match["llm"]), list(_ENCODERS).index(match["encoder"]))
    return Checkpoint(
        folder=folder,
        model_id="_".join(filter(None, (pair, variant, step and f"step{step}"))),
        title=f"{llm.title} + {encoder.title}" + (f", {extra}" if extra else ""),
        group="main" if is_main and not step else "ablation",
        llm=llm.title,
        vision_encoder=encoder.title,
        connector=_connector(variant, encoder),
        order=(0, *place) if is_main and not step else (1, *place, _variant_order(variant)),
        description=description,
        num_layers=llm.num_layers,
        hidden_size=llm.hidden_size,
        corpus=CORPUS,
        baseline=None if is_main and not step else pair,
    )


def _variant(match: re.Match[str]) -> str:
    suffix = (match["suffix"] or "").removesuffix("-llm")
    if match["task"] == "topbottom":
        return "topbottom-unfreeze" if suffix == "unfreeze" else "topbottom"
    return "first-sentence" if match["task"] == "cap_first-sentence" else suffix


def _variant_order(variant: str) -> int:
    return list(_VARIANTS).index(variant) if variant else -1


def _connector(variant: str, encoder: _Encoder) -> str:
    kind = "linear" if variant == "linear" else "gated MLP"
    late, early = (block - _SHIFTS.get(variant, 0) for block in encoder.blocks)
    return f"{kind}; outputs of encoder blocks {late} and {early} (0-based), concatenated"


def _off_the_shelf(folder: str, name: str, released: _Released) -> Checkpoint:
    return Checkpoint(
        folder=folder,
        model_id=safe_id(name),
        title=released.title,
        group="off_the_shelf",
        llm=f"{released.llm.title} (as trained in {released.title})",
        vision_encoder=released.vision_encoder,
        connector="its own",
        order=(2, list(_RELEASED).index(name.lower())),
        description="A released model, with its own preprocessing and its own language model.",
        num_layers=released.llm.num_layers,
        hidden_size=released.llm.hidden_size,
        corpus=CORPUS,
    )


def _unknown(folder: str, name: str) -> Checkpoint:
    model_id = safe_id(name)
    return Checkpoint(
        folder=folder,
        model_id=model_id,
        title=model_id,
        group="off_the_shelf",
        llm=f"unknown ({model_id})",
        vision_encoder="unknown",
        connector="unknown",
        order=(3,),
        description="Not a model of the published study: its parts are not known to the importer.",
    )
