"""Released connectors: the same numbers after the import, and no file that could run or mislead."""

from __future__ import annotations

import json
import pickle
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import yaml

from data_pipeline.connectors import Connector
from data_pipeline.errors import InputError
from data_pipeline.importers.released_connectors import import_connector
from tests.data_pipeline.released_connector import (
    PROJECTOR,
    released_config,
    released_tensors,
    save_release,
)
from vlens.cli import main

KINDS = pytest.mark.parametrize("kind", ["mlp", "linear"])


def states() -> list[torch.Tensor]:
    """What enters the first of three blocks and what leaves each: two images, two patches, width 4."""
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(2, 2, 4, generator=generator) for _ in range(4)]


@KINDS
def test_vision_tokens_are_those_of_the_published_computation(kind: str, tmp_path: Path) -> None:
    file, folder, block = save_release(tmp_path / "release", kind), tmp_path / "connector", states()
    assert main(["import", "connector", str(file), "--output", str(folder)]) == 0
    weights = released_tensors(kind)
    # Blocks -2 and -3 of three are the second and the first, in this order; row 0 of the padding embeddings
    # is for patches that are all padding, row 1 for those that are partly.
    features = torch.cat([block[2], block[1]], dim=-1)
    features[0, 1] += weights["vision_backbone.pad_embed"][0]
    features[1, 0] += weights["vision_backbone.pad_embed"][1]
    if kind == "linear":
        expected = features @ weights[f"{PROJECTOR}.weight"].T
    else:
        one, two, three = (weights[f"{PROJECTOR}.w{number}.weight"].T for number in (1, 2, 3))
        gate = features @ one
        expected = (gate * torch.sigmoid(gate) * (features @ three)) @ two
    padding = torch.tensor([[0.0, 1.0], [0.25, 0.0]])
    found = Connector.from_pretrained(folder)(block, padding)
    torch.testing.assert_close(found, expected)
    assert not torch.allclose(Connector.from_pretrained(folder)(block), expected)


def test_the_folder_holds_all_that_was_trained(tmp_path: Path) -> None:
    import_connector(save_release(tmp_path)).connector.save_pretrained(tmp_path / "out")
    connector = Connector.from_pretrained(tmp_path / "out")
    added = released_tensors()["transformer.wte.new_embedding"]
    torch.testing.assert_close(connector.marks, added[:4], rtol=0, atol=0)
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert config["vision_blocks"] == [2, 1]
    assert config["prefix"] == "<|endoftext|>"
    assert (config["layer_norm_features"], config["output_scale"]) == (False, 1.0)


def test_the_baselines_blocks_are_those_that_the_study_reads(tmp_path: Path) -> None:
    for blocks, expected in ((23, (22, 15)), (24, (23, 16)), (27, (26, 19))):  # CLIP, DINOv2, SigLIP
        vision = {"image_emb_dim": 4, "image_num_layers": blocks}
        file = save_release(tmp_path / str(blocks), vision_backbone=vision, vit_layers=[-2, -9])
        assert import_connector(file).connector.config.vision_blocks == expected


def test_a_whole_checkpoint_gives_its_connector_and_says_what_was_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = save_release(tmp_path / "release")
    others = {
        "transformer.blocks.0.ff_out.weight": torch.ones(2, 2),
        "vision_backbone.image_vit.x": torch.ones(1),
    }
    torch.save({**released_tensors(), **others}, file)
    released = import_connector(file.parent)  # the folder will do
    assert (released.not_read, released.language_model) == (2, True)
    assert main(["import", "connector", str(file), "--output", str(tmp_path / "out")]) == 0
    assert "also holds a language model, which was not read" in capsys.readouterr().out


class _Runs:
    """Unpickled, it makes a file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return _touch, (str(self.marker),)


def _touch(name: str) -> object:
    Path(name).touch()
    return torch.ones(2)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_that_would_run_code_is_refused_unrun(zipped: bool, tmp_path: Path) -> None:
    file, marker = save_release(tmp_path), tmp_path / "ran"
    weights = {**released_tensors(), "extra": _Runs(marker)}
    torch.save(weights, file, _use_new_zipfile_serialization=zipped)
    with pytest.raises(InputError, match="was not run" if zipped else "not a file that torch.save writes"):
        import_connector(file)
    assert not marker.exists()
    torch.load(file, weights_only=False)  # the trap would have sprung
    assert marker.exists()


def test_a_bare_pickle_in_a_zip_archive_is_refused_unrun(tmp_path: Path) -> None:
    file, marker = save_release(tmp_path), tmp_path / "ran"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(_Runs(marker)))
        archive.writestr("archive/version", "3\n")
    with pytest.raises(InputError, match=r"model\.pt: "):
        import_connector(file)
    assert not marker.exists()


def _spoilt(name: str, value: object) -> Callable[[Path], None]:
    return lambda file: torch.save({**released_tensors(), name: value}, file)


def _without(name: str) -> Callable[[Path], None]:
    return lambda file: torch.save({k: v for k, v in released_tensors().items() if k != name}, file)


W1, PAD = f"{PROJECTOR}.w1.weight", "vision_backbone.pad_embed"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda file: file.unlink(), "no such file"),
        (lambda file: file.write_bytes(file.read_bytes()[:-400]), "not a file that torch.save writes"),
        (lambda file: torch.save([1, 2], file), "holds a list, expected tensors by name"),
        (lambda file: torch.save({}, file), "holds nothing"),
        (lambda file: torch.save({3: torch.ones(1)}, file), "whose name is a int"),
        (_spoilt(W1, "text"), "is a str, expected a tensor"),
        (_spoilt(W1, torch.ones(5, 8, dtype=torch.long)), r"of torch\.int64, expected dense"),
        (_spoilt(W1, torch.ones(5, 8).to_sparse()), "expected dense"),
        (_spoilt(W1, torch.ones(1).expand(5, 8)), "claims 40 numbers, more than the file holds"),
        (_spoilt(W1, torch.full((5, 8), torch.nan)), "holds a number that is not finite"),
        (_spoilt(W1, torch.ones(5, 9)), r"w1\.weight is 5 x 9, but .*config\.yaml describes 5 x 8"),
        (_spoilt(PAD, torch.ones(8)), r"pad_embed is 8, but .* describes 2 x 8"),
        (_spoilt("optimizer.state", torch.ones(1)), "'optimizer.state', which is no weight"),
        (_spoilt(f"{PROJECTOR}.w4.weight", torch.ones(1)), "w4.*has not"),
        (_without(PAD), "has no 'vision_backbone.pad_embed'"),
    ],
)
def test_weights_that_are_not_what_the_config_describes_are_named(
    spoil: Callable[[Path], None], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = save_release(tmp_path / "release")
    spoil(file)
    with pytest.raises(InputError, match=message):
        import_connector(file)
    assert main(["import", "connector", str(file), "--output", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"d_model": 7}, r"w2\.weight is 6 x 5, but .* describes 7 x 5"),
        ({"mlp_hidden_size": 12}, r"w1\.weight is 5 x 8, but .* describes 6 x 8"),
        ({"d_model": "wide"}, "model.d_model is 'wide', expected a int"),
        ({"d_model": -4}, "model.d_model is -4, expected 1 to"),
        ({"d_model": True}, "expected a int"),
        ({"image_projector": "2mlp"}, "is '2mlp', expected mlp or linear"),
        ({"image_pooling_2d": "attention"}, "and only 'none' is computed"),
        ({"vit_intermediate_layer": 6}, "and only None is computed"),
        ({"image_padding_embed": "regress"}, "is 'regress', and only"),
        ({"activation_type": "llama_geglu"}, "uses SiLU"),
        ({"vit_layers": [-2, -9]}, "names -9, but the encoder has 3 blocks"),
        ({"vit_layers": []}, "expected a list of whole numbers"),
        ({"vision_backbone": None}, "model.vision_backbone is 'None', expected a dict"),
        ({"tokenizer": {"identifier": "other/one"}}, "give it with --prefix"),
    ],
)
def test_a_config_that_does_not_fit_is_named(changes: dict, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        import_connector(save_release(tmp_path, **changes))


def test_a_prefix_can_be_given_for_another_tokenizer(tmp_path: Path) -> None:
    file = save_release(tmp_path, tokenizer={"identifier": "other/one"})
    assert import_connector(file, prefix="<s>").connector.config.prefix == "<s>"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file"),
        ("a: [", "is not YAML"),
        ("!!python/object/apply:os.system ['exit 1']", "is not YAML of plain values"),
        ("- 1", "holds a list"),
        ("seed: 1", "has no 'model'"),
        (yaml.safe_dump(released_config()) + "x: " + "y" * 1_000_001, "expected at most"),
    ],
)
def test_a_config_file_that_cannot_be_read_is_named(
    content: str | None, message: str, tmp_path: Path
) -> None:
    file = save_release(tmp_path)
    config = tmp_path / "config.yaml"
    config.unlink() if content is None else config.write_text(content)
    with pytest.raises(InputError, match=message):
        import_connector(file)


def test_a_folder_with_files_in_it_is_not_written_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = save_release(tmp_path)
    assert main(["import", "connector", str(file), "--output", str(tmp_path)]) == 2
    assert "is not empty" in capsys.readouterr().err


def test_a_missing_file_is_named_and_not_its_config(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.yaml").write_text("model: {}")
    missing = tmp_path / "model.pt"
    for _ in range(2):
        assert main(["import", "connector", str(missing), "--output", str(tmp_path / "out")]) == 2
        assert f"{missing}: no such file, expected model.pt or connector.pt" in capsys.readouterr().err
        (tmp_path / "config.yaml").unlink(missing_ok=True)
    assert not (tmp_path / "out").exists()


@KINDS
def test_a_config_needs_no_more_than_the_help_names(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", "connector", "--help"]) == 0
    named = set(re.findall(r"[a-z_.]+", capsys.readouterr().out))
    file = save_release(tmp_path / "release", kind)
    config = released_config(kind)["model"]
    needed = {key: value for key, value in config.items() if key in named}
    needed["vision_backbone"] = {
        key: value for key, value in config["vision_backbone"].items() if f"vision_backbone.{key}" in named
    }
    needed["tokenizer"] = {"identifier": config["tokenizer"]["identifier"]}
    if kind == "linear":
        del needed["mlp_hidden_size"], needed["activation_type"]
    (file.parent / "config.yaml").write_text(yaml.safe_dump({"model": needed}))
    import_connector(file)
    for key in needed.keys() - {"image_padding_embed"}:
        fewer = {name: value for name, value in needed.items() if name != key}
        (file.parent / "config.yaml").write_text(yaml.safe_dump({"model": fewer}))
        with pytest.raises(InputError, match=f"config.yaml: has no 'model.{key}"):
            import_connector(file)
