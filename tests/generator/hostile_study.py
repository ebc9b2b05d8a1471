"""A study that means harm: every text of it is an attack or an oddity. Two models, two images, 2×3 cells.

Every token list, sentence, caption, region, verdict, title, note and reason is taken from ATTACKS in turn, so
that each attack stands in every place of the pages. Ids keep to the contract, with names that trip programs.

    python -m tests.generator.hostile_study OUT
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from data_pipeline.manifest import Absence, Expected, Manifest, StudyInfo
from data_pipeline.schema import LENSES
from data_pipeline.store import ResultsWriter
from tests.generator.tiny_study import ROUND, _canvas_png, _hash16, _table

SCRIPT = "<script>window.hacked=1</script>"
ATTACKS = (
    # markup, and what ends the element around it
    SCRIPT,
    "</script>" + SCRIPT,
    "<!--<script>",
    "-->" + SCRIPT,
    "]]>" + SCRIPT,
    "</style></title></textarea>" + SCRIPT,
    "<img src=x onerror=window.hacked=1>",
    '"><svg onload=window.hacked=1>',
    "' onfocus=window.hacked=1 autofocus '",
    "<iframe srcdoc='<script>parent.hacked=1</script>'>",
    "<b>bold</b>",
    "&lt;i&gt; &amp; &#60;",
    "</text></svg>" + SCRIPT,
    # what other languages run
    "javascript:window.hacked=1",
    "{{ 7 * 7 }}{% raw %}",
    "${window.hacked=1}",
    "#{7*7}",
    "%0d%0aSet-Cookie",
    "'; drop table models; --",
    "\\u003cscript\\u003e",
    "*/ window.hacked=1 /*",
    "url(javascript:window.hacked=1)",
    "expression(window.hacked=1); color: red",
    "../../../../etc/passwd",
    # what spreadsheets take for a formula
    '=HYPERLINK("http://127.0.0.1/","x")',
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1+1",
    'a;=1+1,"x"',
    # what TeX and BibTeX run
    "\\input{/etc/passwd}",
    "}},\n@misc{x,\n title={{",
    "50% #1 _x_ ^y~",
    # names that objects have anyway
    "__proto__",
    "constructor",
    "prototype",
    "hasOwnProperty",
    "toString",
    "valueOf",
    "undefined",
    "null",
    "NaN",
    "0",
    # what cannot be seen, or changes what stands beside it
    "",
    " ",
    "   ",
    "\n",
    "\r\n",
    "\t",
    "\x00",
    "\x1b[31m",
    "\x7f",
    "\u0085",
    "\u00a0",
    "\u00ad",
    "\u200b",
    "\u2028",
    "\u2029",
    "\ufeff",
    "\ufffd",
    "\ufffe",
    "\ue000",
    "\U000e0041",
    "\u202eevil\u202c",
    "\u2066left\u2069\u2067right\u2069",
    "\u200fשלום\u200e",
    "مرحبا",
    "\u0301",
    "e\u0301",
    "Z" + "\u0337\u0321\u035b" * 20,
    "๎๎๎",
    "字符",
    "ㅤ",
    "🦊",
    "👩\u200d👩\u200d👧",
    "🏳️\u200d🌈",
    "\U0001f1e9\U0001f1ea",
    "ﬁ",
    "Ǆ",
    "İ",
    "ß",
    # length
    "x" * 400,
    "wide " * 60,
)
"""Half a surrogate pair is not among them: `test_hostile_study.py` shows what becomes of one in Parquet."""

LAYERS = (0, 2, 4)
TEXT_LAYERS = (1, 4)
TOP_K = 5
CELLS = ROUND.rows * ROUND.cols
IMAGES = ("hasOwnProperty", "0")
MODELS = ("constructor", "toString", "CON.x+y_z-1")
LLMS = ("__proto__", "<b>LLM</b>", "valueOf")
JUDGE = "annotations"


def cycle() -> Callable[[], str]:
    """The attacks in turn, without end; a study that is written again starts again."""
    numbers = count()
    return lambda: ATTACKS[next(numbers) % len(ATTACKS)]


def token(model: int, image: int, lens: int, layer: int, cell: int, rank: int) -> str:
    """What stands at a place of the lists; each lens of each image goes through all attacks."""
    place = ((image * len(LAYERS) + layer) * CELLS + cell) * TOP_K + rank
    return ATTACKS[(place + 7 * lens + 31 * model) % len(ATTACKS)]


def sentence(text: str) -> tuple[str, int, int]:
    """A sentence around a token, and the token's place in it in characters."""
    return f"before {text} after </mark>🦊", 7, 7 + len(text)


def _models(say: Callable[[], str]) -> list[dict[str, Any]]:
    texts = ("title", "vision_encoder", "connector", "description", "dtype")
    notes = ("embedding_note", "logit_note", "contextual_note", "corpus")
    return [
        {
            "model_id": model_id,
            "position": place,
            "group": ("main", "off_the_shelf", "ablation")[place],
            "llm": LLMS[place],
            "baseline_model_id": MODELS[0] if place == 2 else None,
            "num_layers": 4,
            "vision_layers": list(LAYERS),
            "text_layers": list(TEXT_LAYERS),
            "hidden_size": 8,
            "vocab_size": len(ATTACKS),
            "config_hash": _hash16("hostile", model_id),
        }
        | {column: say() for column in (*texts, *notes)}
        for place, model_id in enumerate(MODELS)
    ]


def _images(say: Callable[[], str]) -> list[dict[str, Any]]:
    return [
        {
            "image_id": image_id,
            "position": place,
            "caption": " ".join(say() for _ in range(12)),
            "width": 48,
            "height": 32,
            "sha256": _hash16(image_id),
            "split": say(),
        }
        for place, image_id in enumerate(IMAGES)
    ]


def _regions(say: Callable[[], str]) -> list[dict[str, Any]]:
    return [
        {
            "image_id": image_id,
            "region": region,
            "kind": ("object", "background")[region % 2],
            "words": [say(), say()],
            "attributes": [say()],
            "x0": 16 * (region % 3),
            "y0": 16 * (region // 3),
            "x1": 16 * (region % 3) + 16,
            "y1": 16 * (region // 3) + 16,
        }
        for image_id in IMAGES
        for region in range(CELLS)
    ]


def _canvases() -> list[dict[str, Any]]:
    return [
        {
            "canvas_id": _hash16("hostile", image_id),
            "image_id": image_id,
            "media_type": "image/png",
            "bytes": _canvas_png(ROUND, place),
            "width": ROUND.width,
            "height": ROUND.height,
            "rows": ROUND.rows,
            "cols": ROUND.cols,
            "cell_width": ROUND.cell,
            "cell_height": ROUND.cell,
            "grid_x": 0,
            "grid_y": 0,
            "affine": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
            "padding": [0.0] * CELLS,
        }
        for place, image_id in enumerate(IMAGES)
    ]


def _samples(model_id: str, say: Callable[[], str]) -> list[dict[str, Any]]:
    return [
        {
            "model_id": model_id,
            "image_id": image_id,
            "canvas_id": _hash16("hostile", image_id),
            "generated_caption": " ".join(say() for _ in range(12)),
        }
        for image_id in IMAGES
    ]


def _context_id(model: int, text: str) -> int:
    return int(_hash16("hostile", model, text), 16) >> 1


def _contexts() -> list[dict[str, Any]]:
    rows = []
    for model, llm in enumerate(LLMS):
        for number, attack in enumerate(ATTACKS):
            text, start, end = sentence(attack)
            known = attack != ""
            rows.append(
                {
                    "context_id": _context_id(model, attack),
                    "llm": llm,
                    "text": text,
                    "position": number if known else None,
                    "char_start": start if known else None,
                    "char_end": end if known else None,
                }
            )
    return rows


def _places() -> Iterator[tuple[int, int, int]]:
    for image in range(len(IMAGES)):
        for layer in range(len(LAYERS)):
            for cell in range(CELLS):
                yield image, layer, cell


def _neighbors(model: int, lens: int) -> list[dict[str, Any]]:
    rows = []
    for image, layer, cell in _places():
        for rank in range(TOP_K):
            text = token(model, image, lens, layer, cell, rank)
            row = {
                "model_id": MODELS[model],
                "image_id": IMAGES[image],
                "lens": LENSES[lens],
                "vision_layer": LAYERS[layer],
                "cell": cell,
                "rank": rank + 1,
                "token": text,
                "token_id": ATTACKS.index(text),
                "score": 0.9 - 0.1 * rank,
                "probability": 0.5 / 2**rank if LENSES[lens] == "logit" else None,
            }
            if LENSES[lens] == "contextual":
                row |= {"text_layer": TEXT_LAYERS[rank % 2], "context_id": _context_id(model, text)}
            rows.append(row)
    return rows


def _cells(model_id: str) -> list[dict[str, Any]]:
    figures = ("norm", "cosine_to_layer_0", "mean_cosine", "entropy", "kl_to_final")
    return [
        {"model_id": model_id, "image_id": IMAGES[image], "vision_layer": LAYERS[layer], "cell": cell}
        | dict.fromkeys(figures, 0.5)
        for image, layer, cell in _places()
    ]


def _judgments(model: int, lens: int, say: Callable[[], str]) -> list[dict[str, Any]]:
    rows = []
    for image, layer, cell in _places():
        words = [token(model, image, lens, layer, cell, rank) for rank in range(TOP_K)]
        rows.append(
            {
                "model_id": MODELS[model],
                "image_id": IMAGES[image],
                "lens": LENSES[lens],
                "vision_layer": LAYERS[layer],
                "cell": cell,
                "judge": JUDGE,
                "status": "ok",
                "interpretable": True,
                "concrete_words": words[:1],
                "abstract_words": words[1:2],
                "global_words": words[2:3],
                "candidates": words,
                "reasoning": say(),
                "truth_kind": "object",
                "names_truth": True,
                "names_noun": True,
                "judge_model": say(),
                "prompt_hash": _hash16("prompt"),
            }
        )
    return rows


def _runs(say: Callable[[], str]) -> list[dict[str, Any]]:
    return [
        {
            "run_id": _hash16("hostile run", model_id),
            "stage": "capture",
            "model_id": model_id,
            "started": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            "seconds": 1.0,
            "command": say(),
            "versions": json.dumps({say(): say()}),
            "device": say(),
            "dtype": say(),
            "seed": 0,
        }
        for model_id in MODELS
    ]


def hostile_manifest() -> Manifest:
    """The whole matrix; one lens at one layer of one image is said to be missing, for a hostile reason."""
    expected = [Expected(model_id, LENSES, LAYERS, IMAGES, (JUDGE,)) for model_id in MODELS]
    study = StudyInfo(
        "constructor",
        f"Study </title>{SCRIPT} \u202e__proto__",
        f"{SCRIPT}{{{{ 7 * 7 }}}}",
        _hash16("study"),
        f"chance {SCRIPT}",
        MODELS[0],
    )
    reason = f"{SCRIPT} ' \" & \u202e"
    return Manifest(study, expected, [Absence(MODELS[1], reason, lens="embedding", vision_layer=2)])


def write_hostile_study(folder: Path) -> Path:
    """Write the whole hostile study into `folder` and return it."""
    writer, say = ResultsWriter(folder, hostile_manifest()), cycle()
    writer.write_part("models/models.parquet", _table("models", _models(say)))
    writer.write_part("images/images.parquet", _table("images", _images(say)))
    writer.write_part("regions/regions.parquet", _table("regions", _regions(say)))
    writer.write_part("canvases/canvases.parquet", _table("canvases", _canvases()))
    writer.write_part("runs/runs.parquet", _table("runs", _runs(say)))
    writer.write_part("contexts/contexts.parquet", _table("contexts", _contexts()))
    for model, model_id in enumerate(MODELS):
        name = model_id
        writer.write_part(f"samples/{name}.parquet", _table("samples", _samples(model_id, say)))
        writer.write_part(f"cells/{name}.parquet", _table("cells", _cells(model_id)))
        for lens, lens_id in enumerate(LENSES):
            rows = [row for row in _neighbors(model, lens) if not _is_absent(row)]
            writer.write_part(f"neighbors/{name}/{lens_id}.parquet", _table("neighbors", rows))
            judged = [row for row in _judgments(model, lens, say) if not _is_absent(row)]
            writer.write_part(f"judgments/{name}/{lens_id}.parquet", _table("judgments", judged))
    return folder


def _is_absent(row: dict[str, Any]) -> bool:
    return (row["model_id"], row["lens"], row["vision_layer"]) == (MODELS[1], "embedding", 2)


if __name__ == "__main__":
    write_hostile_study(Path(sys.argv[1]))
