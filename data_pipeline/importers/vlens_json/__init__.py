"""The published study's JSON results (both shapes, images included) → a results folder.

    layout      which file holds which model, lens and vision layer
    shapes      one JSON file of either shape → the same records
    checkpoints what is known about the study's models
    pictures    images/image_NNNN.jpg → canvases
    spans       where a token stands in its sentence, as far as that can be known
    facts       what the files say together
    describe    what readers are told about a model
    tables      records → Arrow tables
    convert     the whole import

Torch-free. `docs/import.md` says what is kept and what cannot be known.
"""

from data_pipeline.importers.vlens_json.convert import import_vlens_json

__all__ = ["import_vlens_json"]
