"""A stand-in for code that comes with weights: the published classes' ways in and out, written anew and tiny.

As published: no `post_init`, no generation of transformers' own, `tie_weights` without arguments, the
vocabulary's matrix in two parts, `last_logits_only`, features added where `image_input_idx` says.
"""

import torch
from torch import nn
from torch.nn import functional as F
from transformers import PreTrainedModel
from transformers.modeling_outputs import CausalLMOutputWithPast
from transformers.models.auto import AutoModelForCausalLM

from .config_molmo import MolmoConfig


class Embedding(nn.Module):
    def __init__(self, rows, added, width):
        super().__init__()
        self.embedding = nn.Parameter(torch.randn(rows, width))
        self.new_embedding = nn.Parameter(torch.randn(added, width))

    def forward(self, ids):
        return F.embedding(ids, torch.cat([self.embedding, self.new_embedding]))


class RMSLayerNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(width) + 0.5)

    def forward(self, x):
        whole = x.float()
        whole = whole * torch.rsqrt(whole.pow(2).mean(-1, keepdim=True) + 1e-6)
        return self.weight * whole.to(x.dtype)


class MolmoBlock(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.heads, width = config.num_attention_heads, config.hidden_size
        self.attn_norm, self.ff_norm = RMSLayerNorm(width), RMSLayerNorm(width)
        self.att_proj, self.attn_out = nn.Linear(width, 3 * width), nn.Linear(width, width, bias=False)
        self.ff_proj = nn.Linear(width, config.intermediate_size, bias=False)
        self.ff_out = nn.Linear(config.intermediate_size, width, bias=False)

    def _rotated(self, x, positions):
        half = x.shape[-1] // 2
        angles = positions[:, None, :, None] / 100 ** (torch.arange(half, device=x.device) / half)
        one, two = x.float().chunk(2, -1)
        turned = [one * angles.cos() - two * angles.sin(), two * angles.cos() + one * angles.sin()]
        return torch.cat(turned, -1).to(x.dtype)

    def forward(self, x, attention_bias=None, position_ids=None, layer_past=None, use_cache=False):
        batch, length, width = x.shape
        query, key, value = (
            part.view(batch, length, self.heads, -1).transpose(1, 2)
            for part in self.att_proj(self.attn_norm(x)).chunk(3, -1)
        )
        query, key = self._rotated(query, position_ids), self._rotated(key, position_ids)
        if layer_past is not None:
            key, value = torch.cat([layer_past[0], key], 2), torch.cat([layer_past[1], value], 2)
        bias = attention_bias[:, :, key.shape[2] - length : key.shape[2], : key.shape[2]].to(x.dtype)
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        x = x + self.attn_out(mixed.transpose(1, 2).reshape(batch, length, width))
        return x + self.ff_out(F.silu(self.ff_proj(self.ff_norm(x)))), (key, value) if use_cache else None


class VisionBackbone(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.patch_embedding = nn.Linear(config.patch_dim, 16)
        self.pad_embed = nn.Parameter(torch.randn(2, 16))
        self.image_projector = nn.Linear(16, config.hidden_size)

    def forward(self, images, image_masks):
        batch, crops, patches, _ = images.shape
        features = self.patch_embedding(images)
        features = features + (image_masks == 0)[..., None] * self.pad_embed[0]
        side = int(patches**0.5) // 2
        pooled = features.reshape(batch, crops, side, 2, side, 2, -1).mean((3, 5))
        return self.image_projector(pooled.reshape(batch, crops, side * side, -1)), None


class Molmo(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config, width = config, config.hidden_size
        self.transformer = nn.ModuleDict(
            {
                "wte": Embedding(config.vocab_size, 8, width),
                "emb_drop": nn.Dropout(0.0),
                "ln_f": RMSLayerNorm(width),
                "blocks": nn.ModuleList(MolmoBlock(config) for _ in range(config.num_hidden_layers)),
                "ff_out": nn.Linear(width, config.vocab_size, bias=False),
            }
        )
        self.vision_backbone = VisionBackbone(config)


class MolmoForCausalLM(PreTrainedModel):
    config_class = MolmoConfig
    base_model_prefix = "model"

    def __init__(self, config):
        super().__init__(config)
        self.model = Molmo(config)

    def tie_weights(self):
        pass

    def can_generate(self):
        return True

    def forward(
        self,
        input_ids=None,
        attention_mask=None,
        images=None,
        image_masks=None,
        image_input_idx=None,
        position_ids=None,
        past_key_values=None,
        use_cache=None,
        last_logits_only=None,
        return_dict=None,
    ):
        parts = self.model.transformer
        past = 0 if past_key_values is None else past_key_values[0][0].shape[-2]
        if attention_mask is None:
            attention_mask = input_ids != -1
        if position_ids is None:
            position_ids = (attention_mask.cumsum(-1) - 1).clamp(min=0)
        x = parts.wte(input_ids)
        if images is not None:
            features, _ = self.model.vision_backbone(images, image_masks)
            assert image_input_idx.shape == features.shape[:3]
            features, places = features.flatten(1, 2), image_input_idx.flatten(1)
            rows = torch.arange(len(x))[:, None].expand_as(places)
            x[rows[places >= 0], places[places >= 0]] += features[places >= 0]
        length = past + input_ids.shape[1]
        low = torch.finfo(torch.float32).min
        bias = torch.full((length, length), low, device=x.device).triu(1)[None, None]
        bias = (bias + (1.0 - attention_mask[:, None, None, :length].float()) * low).clamp(min=low)
        cache = []
        for number, block in enumerate(parts.blocks):
            layer_past = None if past_key_values is None else past_key_values[number]
            x, kept = block(
                x, attention_bias=bias, position_ids=position_ids, layer_past=layer_past, use_cache=use_cache
            )
            cache.append(kept)
        if last_logits_only:
            x = x[:, -1:]
        logits = parts.ff_out(parts.ln_f(x))
        return CausalLMOutputWithPast(logits=logits, past_key_values=cache if use_cache else None)

    def get_input_embeddings(self):
        return self.model.transformer.wte

    def get_output_embeddings(self):
        return self.model.transformer.ff_out


AutoModelForCausalLM.register(MolmoConfig, MolmoForCausalLM)
