"""A look: which model and images are meant, one study of them, and what need not be computed again."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from PIL import Image

from data_pipeline.errors import InputError
from data_pipeline.look.looking import Look, Reading, prepare, take
from data_pipeline.look.models import check_takes_images, choose_model
from data_pipeline.look.prompts import whole_prompt
from data_pipeline.look.records import is_taken
from data_pipeline.look.run import with_few_text_layers
from data_pipeline.look.texts import NO_INDEX, TextChoice
from data_pipeline.progress import SilentProgress
from data_pipeline.schema import STORED_LENSES
from data_pipeline.store import Results
from data_pipeline.study import load_study
from data_pipeline.user_cache import cache_folder
from tests.data_pipeline.test_images import gradient
from tests.data_pipeline.tiny_models import save_encoder, save_llava, save_llm, save_qwen_vl
from tests.data_pipeline.tiny_vlm_study import write_tiny_vlm_study
from tests.data_pipeline.tiny_vlms import save_gemma3, save_idefics3


class Listener(SilentProgress):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VLENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    save_idefics3(folder / "smolvlm")
    save_llava(folder / "llava")
    save_llm(folder / "llm")
    save_encoder(folder / "encoder")
    return folder


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return picture(tmp_path / "photo.png")


def picture(path: Path, width: int = 90, height: int = 60) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    gradient(width, height).save(path)
    return path


def rows(folder: Path, table: str) -> list[dict[str, object]]:
    return Results(folder).read(table).to_pylist()


# ---------------------------------------------------------------- the model


@pytest.mark.parametrize(
    ("name", "model_id"),
    [
        ("olmo-clip", "olmo-clip"),
        ("toy:olmo-clip", "olmo-clip"),
        ("toy:connectors/olmo-clip", "olmo-clip"),
        ("toy:vlms/llava", "llava-toy"),
        ("olmo-clip-linear", "olmo-clip-linear"),
    ],
)
def test_toy_models_have_ids_and_places(name: str, model_id: str) -> None:
    chosen = choose_model(name)
    assert chosen.model.id == model_id
    assert chosen.toy
    assert chosen.model.baseline is None, "it stands alone"


def test_a_folder_and_a_name_on_the_hub_are_whole_models(models: Path) -> None:
    folder = choose_model(str(models / "smolvlm"))
    assert (folder.model.id, folder.model.vlm) == ("smolvlm", str((models / "smolvlm").resolve()))
    for name in ("some/model", "hub:some/model"):
        assert (choose_model(name).model.id, choose_model(name).model.vlm) == ("model", "hub:some/model")
    assert choose_model("some/model@v1").model.vlm == "hub:some/model@v1"
    assert choose_model("some/model@v1").model.id == "model"
    assert choose_model("llava-hf/llava-1.5-7b-hf").model.id == "llava-1.5-7b-hf"


def test_a_studys_model_is_taken_by_its_id(tmp_path: Path, photo: Path) -> None:
    study = write_tiny_vlm_study(tmp_path / "study")
    look = prepare([photo], "llava", study=study)
    take(look, tmp_path / "results")
    assert {row["model_id"] for row in rows(tmp_path / "results", "cells")} == {"llava"}
    with pytest.raises(
        InputError, match=r"several models, say which with --model: llama-clip, llava, llama-sig"
    ):
        choose_model(None, study)
    with pytest.raises(
        InputError, match=r"has no model 'lava', did you mean llava; it has llama-clip, llava"
    ):
        choose_model("lava", study)


def test_models_that_cannot_be_meant_are_told_with_what_there_is(models: Path, photo: Path) -> None:
    with pytest.raises(InputError, match=r"say which model with --model: .*olmo-clip, olmo-dinov2"):
        choose_model(None)
    with pytest.raises(
        InputError, match=r"unknown model 'olmo-klip', did you mean olmo-clip.*these are llama-clip"
    ):
        choose_model("olmo-klip")
    with pytest.raises(InputError, match=r"photo.png: is a file, expected a folder of a model"):
        choose_model(str(photo))
    with pytest.raises(InputError, match=r"no config.json in it, expected a model saved by save_pretrained"):
        choose_model(str(models))


def test_a_toys_id_that_is_also_a_folder_is_asked_back(models: Path, tmp_path: Path) -> None:
    save_llava(tmp_path / "olmo-clip")
    with pytest.raises(InputError, match=r"write toy:olmo-clip for the one, \./olmo-clip for the other"):
        choose_model("olmo-clip")
    assert choose_model("./olmo-clip").model.vlm == str(tmp_path / "olmo-clip")
    assert choose_model("toy:olmo-clip").toy


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("llm", "llm: class 'llama' is a language model that takes no images"),
        ("encoder", "encoder: class 'clip_vision_model' does not read images and write text"),
    ],
)
def test_models_without_eyes_or_voice_are_refused(name: str, message: str, models: Path) -> None:
    with pytest.raises(InputError, match=message):
        check_takes_images(choose_model(str(models / name)))


@pytest.mark.parametrize(("files", "what"), [("tokenizer*", "tokenizer"), ("*processor*", "image processor")])
def test_a_folder_that_lacks_a_part_is_named_with_it(files: str, what: str, tmp_path: Path) -> None:
    folder = save_idefics3(tmp_path / "model")
    for file in folder.glob(files):
        file.unlink()
    with pytest.raises(InputError, match=f"model: no {what} in it"):
        check_takes_images(choose_model(str(folder)))


def test_without_a_network_a_wrong_name_is_one_line(monkeypatch: pytest.MonkeyPatch, photo: Path) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(
        InputError, match=r"^nobody/nothing: no such folder here, and hub:nobody/nothing"
    ) as caught:
        take(prepare([photo], "nobody/nothing"), Path("results"))
    assert "\n" not in str(caught.value)


# ---------------------------------------------------------------- the images


def test_images_of_several_folders_keep_apart(tmp_path: Path, models: Path) -> None:
    files = [picture(tmp_path / name) for name in ("a/cat.png", "b/cat.png", "dog.png")]
    take(
        prepare([*files, tmp_path / "a"], str(models / "smolvlm"), reading=Reading((0,))),
        tmp_path / "results",
    )
    images = rows(tmp_path / "results", "images")
    assert [row["image_id"] for row in images] == ["a__cat", "b__cat", "dog"]


def test_a_name_is_short_where_it_is_the_only_one(tmp_path: Path, models: Path) -> None:
    files = [picture(tmp_path / "deep" / "down" / "cat.png"), picture(tmp_path / "dog.png")]
    take(prepare(files, str(models / "smolvlm"), reading=Reading((0,))), tmp_path / "results")
    assert [row["image_id"] for row in rows(tmp_path / "results", "images")] == ["cat", "dog"]


def test_looks_that_differ_in_layers_alone_have_pages_of_their_own(photo: Path) -> None:
    one, other, again = (prepare([photo], "some/model", reading=Reading((layer,))) for layer in (0, 1, 0))
    assert one.name == other.name
    assert one.default_output != other.default_output
    assert one.default_results != other.default_results
    assert (one.default_output, one.default_results) == (again.default_output, again.default_results)


def test_a_file_that_is_named_twice_is_read_once_and_said(photo: Path, models: Path) -> None:
    (photo.parent / "link.png").symlink_to(photo)
    look = prepare([photo, Path("photo.png"), photo.parent / "link.png"], "some/model")
    assert look.images.files == (photo,)
    assert look.notes[:2] == (
        "photo.png is named twice and read once",
        f"{photo.parent}/link.png is named twice and read once",
    )


def test_a_folder_brings_its_captions(tmp_path: Path, models: Path) -> None:
    picture(tmp_path / "pictures" / "one.png")
    (tmp_path / "pictures" / "captions.csv").write_text("file,caption\none.png,a red house\n")
    take(
        prepare([tmp_path / "pictures"], str(models / "smolvlm"), reading=Reading((0,))), tmp_path / "results"
    )
    (image,) = rows(tmp_path / "results", "images")
    assert (image["image_id"], image["caption"]) == ("one", "a red house")


def test_a_look_is_named_after_its_first_picture_or_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture(tmp_path / "may.2024" / "one.png")
    picture(tmp_path / "may.2024" / "two.png")
    assert prepare([Path("may.2024")], "some/model").name == "may.2024--model"
    assert prepare([Path("may.2024/one.png")], "some/model").name == "one--model"
    both = [Path("may.2024/one.png"), Path("may.2024/two.png")]
    assert prepare(both, "some/model").name == "one-and-1-more--model"
    assert prepare(both, "some/model").images.title == "2 pictures"
    monkeypatch.chdir("may.2024")
    assert prepare([Path()], "some/model").images.title == "may.2024"
    assert prepare([], "olmo-clip", scenes=3).name == "3-scenes--olmo-clip"


def test_a_picture_that_cannot_be_read_is_left_out_of_several(
    photo: Path, tmp_path: Path, models: Path
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(photo.read_bytes()[:60])
    heard = Listener()
    take(
        prepare([photo, broken], str(models / "smolvlm"), reading=Reading((0,))), tmp_path / "results", heard
    )
    assert any(line.startswith("image refused: broken.png:") for line in heard.lines)
    with pytest.raises(InputError, match=r"^broken\.png: "):
        take(prepare([broken], str(models / "smolvlm")), tmp_path / "other")
    assert not list((tmp_path / "other").glob("neighbors/**/*.parquet"))


@pytest.mark.parametrize(
    ("paths", "scenes", "model", "message"),
    [
        (["no.png"], None, "olmo-clip", r"^no\.png: no such image or folder"),
        (["empty"], None, "olmo-clip", r"^empty: no images in it \(looked for .avif"),
        (["photo.png"], 2, "olmo-clip", "drawn scenes .* and pictures exclude each other"),
        ([], None, "some/model", "no image: name pictures or a folder, or let --scenes 2 draw two"),
        (["a\0b"], None, "olmo-clip", "is no name of a file"),
    ],
)
def test_images_that_cannot_be_meant(
    paths: list[str], scenes: int | None, model: str, message: str, photo: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=message):
        prepare([Path(path) for path in paths], model, scenes=scenes)


# ---------------------------------------------------------------- texts, prompt and layers


def test_without_an_index_two_lenses_are_possible_and_it_is_said(
    models: Path, photo: Path, tmp_path: Path
) -> None:
    heard = Listener()
    take(prepare([photo], str(models / "smolvlm")), tmp_path / "results", heard)
    assert {row["lens"] for row in rows(tmp_path / "results", "neighbors")} == {"embedding", "logit"}
    assert heard.lines == [NO_INDEX]
    assert "--corpus everyday" in NO_INDEX


def test_a_small_index_is_built_once_and_serves_other_images(
    models: Path, photo: Path, tmp_path: Path
) -> None:
    text = TextChoice("everyday", 20)
    take(prepare([photo], str(models / "smolvlm"), text=text), tmp_path / "first")
    assert {row["lens"] for row in rows(tmp_path / "first", "neighbors")} == set(STORED_LENSES)
    (model,) = rows(tmp_path / "first", "models")
    assert model["corpus"] == "everyday (20 texts)"
    stamps = index_files(cache_folder())
    assert stamps
    take(prepare([picture(tmp_path / "other.png")], str(models / "smolvlm"), text=text), tmp_path / "second")
    assert index_files(cache_folder()) == stamps
    take(
        prepare([photo], str(models / "smolvlm"), text=TextChoice(index=cache_folder() / "indexes")),
        tmp_path / "x",
    )
    assert rows(tmp_path / "x", "neighbors") == rows(tmp_path / "first", "neighbors")
    with pytest.raises(
        InputError, match=r"text index of another model \(smolvlm\), expected one of llava's LLM"
    ):
        look = prepare([photo], str(models / "llava"), text=TextChoice(index=cache_folder() / "indexes"))
        take(look_with_prompt(look, "<image> :"), tmp_path / "y")


def look_with_prompt(look: Look, prompt: str) -> Look:
    return Look(look.images, look.chosen, look.text, Reading(prompt=prompt))


def index_files(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("layer-*.safetensors")}


def test_a_corpus_of_ones_own_and_what_excludes_it(models: Path, photo: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text(
        "a red house on the grass\na blue boat under the sun\na cat and a dog\n"
    )
    look = prepare([photo], str(models / "smolvlm"), text=TextChoice("mine.txt"))
    assert look.text is not None
    assert (look.text.source, look.text.file) == ("lines", str(tmp_path / "mine.txt"))
    with pytest.raises(InputError, match=r"corpus other.txt: no such file, and none that comes with V-Lens"):
        prepare([photo], str(models / "smolvlm"), text=TextChoice("other.txt"))
    with pytest.raises(InputError, match="--index excludes --corpus and --sentences"):
        prepare([photo], str(models / "smolvlm"), text=TextChoice("mine.txt", index=tmp_path))
    sentences = prepare([photo], str(models / "smolvlm"), text=TextChoice(sentences=7)).text
    assert sentences is not None
    assert (sentences.source, sentences.sentences) == ("everyday", 7)


@pytest.mark.parametrize(
    ("depth", "layers"),
    [(12, "all"), (13, (1, 2, 4, 8, 11, 12)), (30, (1, 2, 4, 8, 16, 24, 28, 29)), (18, (1, 2, 4, 8, 16, 17))],
)
def test_of_a_deep_llm_some_text_layers_are_read(
    depth: int, layers: object, models: Path, photo: Path, tmp_path: Path
) -> None:
    config = json.loads((models / "smolvlm" / "config.json").read_text())
    config["text_config"]["num_hidden_layers"] = depth
    (tmp_path / "config.json").write_text(json.dumps(config))
    look = prepare([photo], str(models / "smolvlm"), text=TextChoice("everyday"))
    assert with_few_text_layers(look.study(), tmp_path).text.layers == layers
    own = look.study().model_copy(update={"text": look.study().text.model_copy(update={"layers": (3,)})})
    assert with_few_text_layers(own, tmp_path).text.layers == (3,)


def test_the_toy_models_read_the_toy_studys_corpus(photo: Path) -> None:
    assert prepare([photo], "olmo-clip").text == load_study("toy").text
    assert prepare([photo], "olmo-clip", text=TextChoice("everyday")).text != load_study("toy").text
    assert any("drawn scenes only" in note for note in prepare([photo], "olmo-clip").notes)
    assert prepare([], "olmo-clip").notes == ()


def test_a_prompt_is_whole_or_a_question(tmp_path: Path, models: Path) -> None:
    smolvlm, gemma = models / "smolvlm", save_gemma3(tmp_path / "gemma")
    assert whole_prompt(smolvlm, "<image> a cat :") == "<image> a cat :"
    asked = whole_prompt(smolvlm, "What is red?")
    assert asked.count("<image>") == 1
    assert "What is red?" in asked
    assert whole_prompt(gemma, "<start_of_image> :") == "<start_of_image> :"
    assert whole_prompt(gemma, "What?").count("<start_of_image>") == 1
    qwen = save_qwen_vl(tmp_path / "qwen")
    with pytest.raises(
        InputError, match=r"--prompt must be the whole one, with <\|image_pad\|> where the image"
    ):
        whole_prompt(qwen, "What is red?")


def test_a_model_without_a_template_asks_for_a_prompt(photo: Path, tmp_path: Path) -> None:
    qwen = str(save_qwen_vl(tmp_path / "qwen"))
    with pytest.raises(InputError, match="has no chat template that takes a question, so --prompt must be"):
        take(prepare([photo], qwen), tmp_path / "results")
    prompt = "<|vision_start|><|image_pad|><|vision_end|> a house :"
    take(prepare([photo], qwen, reading=Reading(prompt=prompt)), tmp_path / "results")
    assert rows(tmp_path / "results", "neighbors")


@pytest.mark.parametrize(
    ("reading", "message"),
    [
        (Reading(("x",)), "vision_layers: 'x' is not a layer"),
        (Reading(top_k=0), "top_k: .*greater than or equal to 1"),
        (Reading(dtype="float16"), r"dtype: hidden states of some models exceed the range of float16"),
        (Reading(prompt="hello"), "--prompt has no place with 'olmo-clip'"),
        (Reading(grid=(2, 2)), "--grid has no place with 'olmo-clip'"),
    ],
)
def test_readings_that_cannot_be_meant(reading: Reading, message: str) -> None:
    with pytest.raises(InputError, match=message):
        prepare([], "olmo-clip", reading=reading)


def test_a_layer_that_the_model_lacks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="vision layer 40 does not exist: the LLM has 6 blocks, so 0 to 6"):
        take(prepare([], "olmo-clip", reading=Reading((0, 40))), tmp_path / "results")


# ---------------------------------------------------------------- the same look again


def test_the_same_look_is_not_taken_twice(
    models: Path, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> None:
        raise AssertionError("computed again")

    results = tmp_path / "results"
    take(prepare([photo], str(models / "smolvlm")), results)
    before = rows(results, "neighbors")
    with monkeypatch.context() as patch:
        patch.setattr("data_pipeline.look.run.run_look", refuse)
        take(prepare([photo], str(models / "smolvlm")), results)
        with pytest.raises(AssertionError, match="computed again"):
            take(prepare([photo], str(models / "smolvlm"), reading=Reading(top_k=4)), results)
    Image.new("RGB", (90, 60), "red").save(photo)
    os.utime(photo, (1, 1))
    assert not is_taken(results, prepare([photo], str(models / "smolvlm")).request)
    take(prepare([photo], str(models / "smolvlm")), results)
    assert rows(results, "neighbors") != before


def test_damaged_results_are_computed_again(photo: Path, tmp_path: Path, models: Path) -> None:
    look, results = prepare([photo], str(models / "smolvlm"), reading=Reading((0,))), tmp_path / "results"
    take(look, results)
    assert is_taken(results, look.request)
    part = next(results.glob("neighbors/*/logit-*.parquet"))
    whole = part.read_bytes()
    part.write_bytes(whole[:-9])
    assert not is_taken(results, look.request)
    take(look, results)
    assert part.read_bytes() == whole
    (results / "_work" / "look.json").write_text("[]")
    assert not is_taken(results, look.request)


def test_scenes_are_judged_as_their_truth_is_known(tmp_path: Path) -> None:
    take(prepare([], "olmo-clip", scenes=2, reading=Reading((0, "N"))), tmp_path / "results")
    assert [row["image_id"] for row in rows(tmp_path / "results", "images")] == ["report-0000", "report-0001"]
    assert {row["lens"] for row in rows(tmp_path / "results", "judgments")} == set(STORED_LENSES)


def test_the_cache_lies_where_it_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert cache_folder() == tmp_path / "cache"
    monkeypatch.delenv("VLENS_CACHE")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "vlens"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder() == Path.home() / ".cache" / "vlens"
    monkeypatch.setattr("sys.platform", "darwin")
    assert cache_folder() == Path.home() / "Library" / "Caches" / "vlens"


def test_pages_say_that_toy_models_have_seen_drawings_only(photo: Path) -> None:
    warning = "Toy models have seen drawn scenes only: what they say of other pictures means little."
    look = prepare([photo], "olmo-clip")
    study = look.study()
    assert study.description.endswith(warning)
    assert study.model[0].description == warning
    assert any(note.startswith(warning.replace("Toy", "The toy")) for note in look.notes)
    drawn = prepare([], "olmo-clip", scenes=1).study()
    assert "drawn scenes only" not in drawn.description + drawn.model[0].description
    whole = prepare([photo], "some/model").study()
    assert "drawn scenes only" not in whole.description + whole.model[0].description
