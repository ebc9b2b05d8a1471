"""The three lenses: hidden states at vision tokens in, ranked tokens out."""
