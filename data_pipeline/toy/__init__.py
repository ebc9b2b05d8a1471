"""The toy world: drawn scenes with known contents, and tiny models in the real Hugging Face formats.

The default study runs on it, so that a fresh machine shows real effects without downloading any weights.
Two things are planted, and the numbers must be read with them in mind: the vision encoders are trained
with the words of each cell, and the language models have read lists of such words.
"""
