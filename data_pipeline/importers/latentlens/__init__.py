"""Text indexes in the layouts of LatentLens and of the published study → an index of V-Lens.

    layers          which folder holds which text layer, in which layout
    places          where a layer's rows come from: token, sentence, position
    cache_files     layer_N/embeddings_cache.pt, without running its pickle
    single_vectors  layer_N/token_embeddings.json and a .npy for each vector
    alignment       the rows that all layers have, held against the model's tokenizer
    comparison      whether the stated model's own states are those of the index
    convert         the whole import

`docs/text-index.md` says what is kept and what cannot be known.
"""

from data_pipeline.importers.latentlens.convert import import_index

__all__ = ["import_index"]
