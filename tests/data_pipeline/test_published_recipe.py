"""The published study's recipe is what a study file need not say."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from data_pipeline.study import load_study
from data_pipeline.training.job import settings_of, vision_blocks
from data_pipeline.training.settings import TrainingOptions


def test_the_published_study_s_recipe_is_what_is_not_said() -> None:
    """Section by section of its configuration; every pair and every ablation can be trained."""
    study = load_study("paper")
    trained = {model.id: settings_of(study, model) for model in study.model if model.connector}
    assert len(trained) == 18
    recipe = trained["olmo-clip"]
    assert (recipe.steps, recipe.batch_size, recipe.warmup_steps, recipe.llm_warmup_steps) == (
        12_000,
        8,
        200,
        2000,
    )
    assert (recipe.learning_rate, recipe.llm_learning_rate, recipe.final_rate) == (2e-4, 2e-5, 0.1)
    assert (recipe.betas, recipe.eps, recipe.weight_decay, recipe.clip_norm) == ((0.9, 0.95), 1e-6, 0.0, 1.0)
    assert (recipe.z_loss, recipe.response_dropout, recipe.length_hints) == (1e-4, 0.1, 0.9)
    assert (study.seed, recipe.seed, recipe.data_seed) == (6198, None, 95818)
    seeds = {name: (keys.seed, keys.data_seed) for name, keys in trained.items() if keys.seed}
    assert seeds == {"qwen2-clip": (10, 10), "olmo-clip-seed10": (10, 10), "olmo-clip-seed11": (11, 11)}
    changed = {name: keys for name, keys in trained.items() if keys != recipe}
    assert len(changed) == 1 + 9
    assert changed["olmo-clip-topbottom-unfreeze"].unfreeze == "olmo"


@pytest.mark.parametrize(
    ("family", "depth", "blocks"),
    [("clip", 24, (22, 15)), ("dinov2", 24, (23, 16)), ("siglip", 27, (26, 19))],
)
def test_the_published_study_s_encoder_blocks(family: str, depth: int, blocks: tuple[int, int]) -> None:
    vision = SimpleNamespace(num_hidden_layers=depth, model_type=family)
    assert vision_blocks(TrainingOptions(), vision) == blocks
