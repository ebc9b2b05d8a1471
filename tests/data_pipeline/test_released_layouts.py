"""Files as they are released: the published names and shapes, of a few numbers and of all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, SmolVLMForConditionalGeneration

from data_pipeline.captioning import write_captions
from data_pipeline.encoders import VisionEncoder
from data_pipeline.errors import InputError
from data_pipeline.importers.released_connectors import _shapes
from data_pipeline.importers.training_configs import read_training_config
from data_pipeline.language_models import load_causal_lm
from data_pipeline.off_the_shelf import load_off_the_shelf
from tests.data_pipeline.released_connector import PROJECTOR, released_config
from tests.data_pipeline.test_vlm_families import load, pictures, states
from tests.data_pipeline.tiny_models import save_encoder, save_llm
from tests.data_pipeline.tiny_vlms import PROMPTS, SAVED, save_idefics3

CPU, F32 = torch.device("cpu"), torch.float32
LLMS = {  # width, MLP width times two as the study counts it, tokenizer
    "olmo": (4096, 22016, "allenai/dolma2-tokenizer"),
    "llama": (4096, 28672, "meta-llama/Meta-Llama-3-8B"),
    "qwen2": (3584, 37888, "Qwen/Qwen2-7B"),
}
ENCODERS = {"clip": ("openai", 1024, 23), "dinov2": ("dino", 1024, 24), "siglip": ("siglip", 1152, 27)}
MILLIONS = {  # of the published connectors, by features that enter
    ("olmo", 2048): 90.2,
    ("olmo", 2304): 95.8,
    ("llama", 2048): 117.4,
    ("llama", 2304): 124.8,
    ("qwen2", 2048): 145.5,
    ("qwen2", 2304): 155.3,
}


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("llm", LLMS)
def test_each_of_the_nine_connectors_is_expected_in_its_published_shapes(
    llm: str, encoder: str, tmp_path: Path
) -> None:
    (out, inner, tokenizer), (kind, width, blocks) = LLMS[llm], ENCODERS[encoder]
    config = released_config(
        d_model=out,
        mlp_hidden_size=inner,
        vit_layers=[-2, -9],
        tokenizer={"identifier": tokenizer, "tokenizer_dir": None},
        vision_backbone={"image_model_type": kind, "image_emb_dim": width, "image_num_layers": blocks},
    )
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(config))
    shapes = {name: shape for name, (_, shape) in _shapes(read_training_config(file)).items()}
    assert shapes == {
        f"{PROJECTOR}.w1.weight": (inner // 2, 2 * width),
        f"{PROJECTOR}.w2.weight": (out, inner // 2),
        f"{PROJECTOR}.w3.weight": (inner // 2, 2 * width),
        "vision_backbone.pad_embed": (2, 2 * width),
        "transformer.wte.new_embedding": (128, out),
    }
    projector = sum(rows * cols for name, (rows, cols) in shapes.items() if name.startswith(PROJECTOR))
    assert projector / 1e6 == pytest.approx(MILLIONS[llm, 2 * width], abs=0.12)


@pytest.mark.parametrize("family", ["llava", "llava_next", "llava_onevision", "gemma3"])
def test_towers_are_read_under_their_published_names(family: str, tmp_path: Path) -> None:
    """Released files have a module more between tower and weights than this transformers writes."""
    image = pictures(1)
    expected = states(load(family, tmp_path / "model"), image)
    file = tmp_path / "model" / "model.safetensors"
    weights = load_file(file)
    renamed = {
        name.replace("vision_tower.", "vision_tower.vision_model.", 1): value
        for name, value in weights.items()
    }
    assert renamed.keys() != weights.keys()
    save_file(renamed, file, metadata={"format": "pt"})
    for layer, values in states(load(family, tmp_path / "model"), image).items():
        assert torch.equal(values, expected[layer])


SMOLVLM_256M: dict[str, Any] = {
    "architectures": ["SmolVLMForConditionalGeneration"],
    "model_type": "smolvlm",
    "image_token_id": 49190,
    "scale_factor": 4,
    "tie_word_embeddings": False,
    "vocab_size": 49280,
    "text_config": {
        "model_type": "llama",
        "hidden_size": 576,
        "intermediate_size": 1536,
        "num_attention_heads": 9,
        "num_key_value_heads": 3,
        "num_hidden_layers": 30,
        "vocab_size": 49280,
        "tie_word_embeddings": False,
    },
    "vision_config": {
        "model_type": "smolvlm_vision",
        "hidden_size": 768,
        "intermediate_size": 3072,
        "num_attention_heads": 12,
        "image_size": 512,
        "patch_size": 16,
        "max_image_size": {"longest_edge": 512},
        "size": {"longest_edge": 2048},
    },
}
SMOLVLM_SHAPES = {
    "lm_head.weight": (49280, 576),
    "model.connector.modality_projection.proj.weight": (576, 12288),
    "model.text_model.embed_tokens.weight": (49280, 576),
    "model.text_model.layers.29.mlp.down_proj.weight": (576, 1536),
    "model.text_model.layers.29.self_attn.k_proj.weight": (192, 576),
    "model.text_model.norm.weight": (576,),
    "model.vision_model.embeddings.patch_embedding.weight": (768, 3, 16, 16),
    "model.vision_model.embeddings.position_embedding.weight": (1024, 768),
    "model.vision_model.encoder.layers.11.mlp.fc2.weight": (768, 3072),
    "model.vision_model.post_layernorm.bias": (768,),
}
TEMPLATE = (
    "<|im_start|>{% for message in messages %}{{message['role'] | capitalize}}"
    "{% if message['content'][0]['type'] == 'image' %}{{':'}}{% else %}{{': '}}{% endif %}"
    "{% for line in message['content'] %}{% if line['type'] == 'text' %}{{line['text']}}"
    "{% elif line['type'] == 'image' %}{{ '<image>' }}{% endif %}{% endfor %}<end_of_utterance>\n"
    "{% endfor %}{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}"
)


def test_smolvlm_has_its_published_names_shapes_and_size() -> None:
    with torch.device("meta"):
        model = SmolVLMForConditionalGeneration(AutoConfig.for_model(**SMOLVLM_256M))
    weights = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    assert SMOLVLM_SHAPES.items() <= weights.items()
    assert sum(value.numel() for value in model.parameters()) == 256_484_928


def test_a_smolvlm_folder_of_the_released_files_is_read(tmp_path: Path) -> None:
    """Its files: the processor's in three, the chat template as JSON, weights under the published names."""
    save_idefics3(tmp_path)
    content = json.loads((tmp_path / "config.json").read_text())
    kept = {key: content[key] for key in SMOLVLM_256M if key in content}
    (tmp_path / "config.json").write_text(json.dumps({**kept, "pad_token_id": content.get("pad_token_id")}))
    (tmp_path / "chat_template.jinja").unlink()
    (tmp_path / "chat_template.json").write_text(json.dumps({"chat_template": TEMPLATE}))
    (tmp_path / "processor_config.json").write_text(
        json.dumps({"image_seq_len": 16, "processor_class": "Idefics3Processor"})
    )
    images = json.loads((tmp_path / "preprocessor_config.json").read_text())
    images |= {"image_processor_type": "Idefics3ImageProcessor", "processor_class": "Idefics3Processor"}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(images))
    vlm = load_off_the_shelf(tmp_path, None, F32, CPU)
    assert vlm.text == "<|im_start|>User:<image>Describe this image.<end_of_utterance>\nAssistant:"
    states(vlm, pictures(1))
    assert len(write_captions(vlm, vlm.prompt([vlm.look(pictures(1)[0])]), 2)) == 1


@pytest.mark.parametrize("kind", ["vlm", "llm", "encoder"])
def test_weights_that_are_missing_are_not_drawn_at_random(kind: str, tmp_path: Path) -> None:
    save = {"vlm": SAVED["llava"], "llm": save_llm, "encoder": save_encoder}[kind]
    save(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    lost = next(name for name in sorted(weights) if "layers.1." in name)
    save_file(
        {k: v for k, v in weights.items() if k != lost}, tmp_path / "model.safetensors", {"format": "pt"}
    )
    with pytest.raises(InputError, match=rf"its weights lack '\S*{lost.split('layers')[1]}', which class"):
        if kind == "vlm":
            load_off_the_shelf(tmp_path, PROMPTS["llava"], F32, CPU)
        elif kind == "llm":
            load_causal_lm(tmp_path, F32, CPU)
        else:
            VisionEncoder.from_pretrained(tmp_path)
