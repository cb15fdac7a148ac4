"""The one seam to the models: opens a file whose hash stands in models.toml, and runs it."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import cv2
import numpy as np

from appliance.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Tensor = np.ndarray[Any, np.dtype[np.float32]]
_Model = TypeVar("_Model", "OnnxModel", "TfliteModel")


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One entry of models.toml.

    Attributes:
        name: its key.
        path: where its file lies.
        sha256: the file's hash, hexadecimal.
        input_shape: what it takes, batch first.
        output_shapes: what it gives, in order.

    """

    name: str
    path: Path
    sha256: str
    input_shape: tuple[int, ...]
    output_shapes: tuple[tuple[int, ...], ...]


class ModelShelf:
    """The models of this release, by name.

    Args:
        folder: holds models.toml and the files; the packaged one if None.

    Raises:
        ModelError: models.toml is missing or does not read.

    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or Path(str(resources.files("appliance") / "models"))
        index = self._folder / "models.toml"
        try:
            entries = tomllib.loads(index.read_text(encoding="utf-8"))["model"]
            self._cards = {
                name: ModelCard(
                    name=name,
                    path=self._folder / entry["file"],
                    sha256=entry["sha256"],
                    input_shape=tuple(entry["input_shape"]),
                    output_shapes=tuple(tuple(shape) for shape in entry["output_shapes"]),
                )
                for name, entry in entries.items()
            }
        except (OSError, KeyError, TypeError, AttributeError, ValueError) as fault:
            raise ModelError(str(index), repr(fault), "the models.toml of this release") from fault

    def __iter__(self) -> Any:  # noqa: ANN401
        """Iterate over the names."""
        return iter(self._cards)

    def verified(self, name: str) -> tuple[ModelCard, bytes]:
        """Return a model's card and its bytes, read once so that what was hashed is what runs.

        Raises:
            ModelError: unknown name, missing file or wrong hash.

        """
        if name not in self._cards:
            raise ModelError("model", name, f"one of {', '.join(self._cards)}")
        card = self._cards[name]
        try:
            content = card.path.read_bytes()
        except OSError as fault:
            raise ModelError(f"model {name}", f"{card.path} cannot be read", "the file") from fault
        found = hashlib.sha256(content).hexdigest()
        if found != card.sha256:
            raise ModelError(f"model {name}", f"SHA-256 {found}", card.sha256)
        return card, content

    def onnx(self, name: str) -> OnnxModel:
        """Open an .onnx model and run it once.

        Raises:
            ModelError: as `verified`, or OpenCV cannot read it, or its shapes differ.

        """
        card, content = self.verified(name)
        try:
            network = cv2.dnn.readNetFromONNX(np.frombuffer(content, dtype=np.uint8))
        except cv2.error as fault:
            raise ModelError(f"model {name}", str(fault).strip(), "a readable network") from fault
        return _proven(OnnxModel(card, network), card)

    def tflite(self, name: str) -> TfliteModel:
        """Open a .tflite model and run it once.

        Raises:
            ModelError: as `verified`, or TFLite cannot read it, or its shapes differ.

        """
        card, content = self.verified(name)
        return _proven(TfliteModel(card, content), card)


class OnnxModel:
    """An .onnx network run by OpenCV's dnn module."""

    def __init__(self, card: ModelCard, network: cv2.dnn.Net) -> None:
        self._card = card
        self._network = network

    def run(self, data: Tensor) -> tuple[Tensor, ...]:
        """Run the network on (batch, channels, height, width) float32.

        Raises:
            ModelError: wrong input shape, or the network failed.

        """
        _check_input(self._card, data)
        try:
            self._network.setInput(data)
            return (np.array(self._network.forward(), dtype=np.float32),)
        except cv2.error as fault:
            raise ModelError(f"model {self._card.name}", str(fault).strip(), "a result") from fault

    def rinse(self) -> None:
        """Run on zeros, which overwrite input, layers and output of the last run (law 3)."""
        self.run(np.zeros(self._card.input_shape, np.float32))


class TfliteModel:
    """A .tflite network run by tflite-runtime, one thread."""

    def __init__(self, card: ModelCard, content: bytes) -> None:
        # Imported here: the driver of one model family, as a device library in its driver.
        from tflite_runtime.interpreter import Interpreter  # noqa: PLC0415

        self._card = card
        try:
            self._interpreter = Interpreter(model_content=content, num_threads=1)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as fault:
            raise ModelError(f"model {card.name}", str(fault), "a readable network") from fault
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._outputs = [one["index"] for one in self._interpreter.get_output_details()]

    def run(self, data: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        """Run the network on (batch, height, width, channels) float32.

        Raises:
            ModelError: wrong input shape, or the network failed.

        """
        _check_input(self._card, data)
        try:
            self._interpreter.set_tensor(self._input, data)
            self._interpreter.invoke()
            return tuple(
                cast("Tensor", self._interpreter.get_tensor(index)) for index in self._outputs
            )
        except (ValueError, RuntimeError) as fault:
            raise ModelError(f"model {self._card.name}", str(fault), "a result") from fault

    def rinse(self) -> None:
        """Run on zeros, which overwrite input, layers and output of the last run (law 3)."""
        self.run(np.zeros(self._card.input_shape, np.float32))


def _check_input(card: ModelCard, data: NDArray[np.float32]) -> None:
    if data.shape != card.input_shape or data.dtype != np.float32:
        raise ModelError(
            f"model {card.name}", f"input {data.shape} {data.dtype}", f"{card.input_shape} float32"
        )


def _proven(model: _Model, card: ModelCard) -> _Model:
    """Return `model` after one run on zeros gave the shapes that its card promises."""
    shapes = tuple(one.shape for one in model.run(np.zeros(card.input_shape, np.float32)))
    if shapes != card.output_shapes:
        raise ModelError(f"model {card.name}", f"outputs {shapes}", f"{card.output_shapes}")
    return model
