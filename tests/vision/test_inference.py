"""The seam to the models: missing, altered, garbage or misshapen ones are named and refused."""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tomli_w

from appliance.errors import ModelError
from appliance.vision.detection import Detector
from appliance.vision.inference import ModelShelf
from appliance.vision.process import open_pipeline

if TYPE_CHECKING:
    from pathlib import Path

    from appliance.vision.inference import OnnxModel, TfliteModel

MODELS = ("sface", "liveness", "mobilefacenet", "face_mesh")


@pytest.fixture
def folder(shelf: ModelShelf, tmp_path: Path) -> Path:
    copy = tmp_path / "models"
    shutil.copytree(shelf._folder, copy)
    return copy


def opened(shelf: ModelShelf, name: str) -> OnnxModel | TfliteModel:
    return shelf.onnx(name) if name in ("sface", "liveness") else shelf.tflite(name)


def reindexed(folder: Path, name: str, **change: object) -> ModelShelf:
    """Return the shelf with one entry changed, as a forged release would have it."""
    shelf = ModelShelf(folder)
    entries = {
        card.name: {
            "file": card.path.name,
            "sha256": card.sha256,
            "input_shape": list(card.input_shape),
            "output_shapes": [list(shape) for shape in card.output_shapes],
        }
        for card in shelf._cards.values()
    }
    entries[name].update(change)
    (folder / "models.toml").write_text(tomli_w.dumps({"model": entries}))
    return ModelShelf(folder)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_with_one_byte_changed_is_refused(folder: Path, name: str) -> None:
    shelf = ModelShelf(folder)
    path = shelf._cards[name].path
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match=f"model {name}: SHA-256"):
        opened(shelf, name)
    fault = open_pipeline(shelf)
    assert isinstance(fault, ModelError)
    assert name in str(fault)


@pytest.mark.parametrize("name", [*MODELS, "yunet"])
def test_a_missing_model_is_named(folder: Path, name: str) -> None:
    shelf = ModelShelf(folder)
    shelf._cards[name].path.unlink()
    with pytest.raises(ModelError, match=f"model {name}: .* cannot be read"):
        shelf.verified(name)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_of_another_input_shape_is_refused(folder: Path, name: str) -> None:
    shape = list(ModelShelf(folder)._cards[name].input_shape)
    shelf = reindexed(folder, name, input_shape=[*shape[:-1], shape[-1] + 1])
    with pytest.raises(ModelError, match=f"model {name}"):
        opened(shelf, name)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_of_another_output_shape_is_refused(folder: Path, name: str) -> None:
    shelf = reindexed(folder, name, output_shapes=[[1, 7]])
    with pytest.raises(ModelError, match=rf"model {name}: outputs .*7"):
        opened(shelf, name)


@pytest.mark.parametrize("name", [*MODELS, "yunet"])
def test_garbage_with_the_right_hash_is_refused(folder: Path, name: str) -> None:
    garbage = b"garbage" * 100
    (folder / "garbage").write_bytes(garbage)
    digest = hashlib.sha256(garbage).hexdigest()
    shelf = reindexed(folder, name, file="garbage", sha256=digest)
    with pytest.raises(ModelError, match=f"model {name}"):
        _ = Detector(shelf) if name == "yunet" else opened(shelf, name)


INDEXES = {
    "missing": None,
    "no TOML": b"[model",
    "no text": b"\xff\xfe",
    "no models": b"",
    "a number": b"model = 1",
    "an entry that is none": b"model = {a = 1}",
    "no hash": b'[model.a]\nfile = "a"',
}


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
def test_an_index_that_does_not_read_is_named(tmp_path: Path, index: bytes | None) -> None:
    if index is not None:
        (tmp_path / "models.toml").write_bytes(index)
    with pytest.raises(ModelError, match=r"models\.toml"):
        ModelShelf(tmp_path)


def test_an_unknown_name_is_told_with_the_known_ones(shelf: ModelShelf) -> None:
    with pytest.raises(ModelError, match=r"age_and_mood.*sface"):
        shelf.verified("age_and_mood")


@pytest.mark.parametrize("name", MODELS)
def test_a_wrong_input_is_refused_before_it_runs(shelf: ModelShelf, name: str) -> None:
    model = opened(shelf, name)
    with pytest.raises(ModelError, match=f"model {name}: input"):
        model.run(np.zeros((1, 3), np.float32))
    with pytest.raises(ModelError, match="float64"):
        model.run(np.zeros(shelf._cards[name].input_shape))


def test_what_a_model_gave_is_not_overwritten_by_its_next_run(shelf: ModelShelf) -> None:
    noise = np.random.default_rng(1)
    for name in MODELS:
        model = opened(shelf, name)
        shape = shelf._cards[name].input_shape
        first = model.run(noise.random(shape).astype(np.float32))[0]
        kept = first.copy()
        model.run(noise.random(shape).astype(np.float32))
        assert np.array_equal(first, kept)


def test_no_model_tells_attributes_of_people(shelf: ModelShelf) -> None:
    assert set(shelf) == {*MODELS, "yunet"}
