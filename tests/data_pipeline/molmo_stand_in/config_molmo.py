"""A stand-in's configuration: the published names, a few numbers wide."""

from transformers import PretrainedConfig


class MolmoConfig(PretrainedConfig):
    model_type = "molmo"

    def __init__(self, vocab_size=0, hidden_size=32, num_hidden_layers=3, patch_dim=147, **kwargs):
        self.vocab_size = self.embedding_size = vocab_size
        self.hidden_size, self.num_hidden_layers = hidden_size, num_hidden_layers
        self.intermediate_size, self.num_attention_heads = 48, 4
        self.patch_dim = patch_dim
        self.use_position_ids = True
        super().__init__(**kwargs)


MolmoConfig.register_for_auto_class()
