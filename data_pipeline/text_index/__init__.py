"""The text index of LN-Lens: hidden states of a language model that reads a corpus, stored and searched."""
