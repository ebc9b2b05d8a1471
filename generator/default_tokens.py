"""Default tokens: what a lens says nearly everywhere at a layer, whatever the image shows.

`sql/default_tokens.sql` states the rule; pages show, dim or hide these tokens on request.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from generator.database import Database
from generator.records import Model


def default_tokens(database: Database, model: Model, lenses: Iterable[str]) -> list[dict[str, Any]]:
    """The default and common tokens of a model's lenses, as its page reads them.

    `layer` is the place among the model's vision layers; `images` of `of` images have the token first on a
    tenth of their patches or more; `share` is its share of all patches.
    """
    layers = {depth: place for place, depth in enumerate(model.vision_layers)}
    order = {lens: place for place, lens in enumerate(lenses)}
    found = [
        {
            "lens": row["lens"],
            "layer": layers[row["vision_layer"]],
            "token": row["token"],
            "images": row["images"],
            "of": row["of_images"],
            "share": round(row["share"], 3),
            "kind": row["kind"],
        }
        for row in database.rows("default_tokens", {"model_id": model.model_id})
        if row["vision_layer"] in layers and row["lens"] in order
    ]
    return sorted(found, key=lambda token: (order[token["lens"]], token["layer"]))
