"""The people that presentations are made of: live clips, and portraits of whom no clip exists."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from appliance.errors import SanmenError
from appliance.vision.detection import Detector
from appliance.vision.inference import ModelShelf
from appliance.vision.landmarks import find_mesh
from appliance.vision.pose import head_pose
from hardware.sim.library import footage_path
from tests.attacks.camera import HEIGHT, WIDTH

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from tests.attacks.camera import Pixels

SECONDS: Final = 3.2
"""Length of one presentation."""
MOST_FRAMES: Final = 330
FASTEST: Final = 17.0
"""Pictures a second; faster clips give every second picture, as a busy gate would."""
LARGEST_FACE: Final = 150.0
"""Pixels between the eyes; larger pictures are shrunk on reading."""
ENLARGED: Final = 1.5
"""Most that footage of a living person may be enlarged; beyond, no camera would have taken it."""
SCAN: Final = 4
"""One of so many pictures is looked at for the head's pose."""
PORTRAITS: Final = (
    # People with several photos in which a mesh is found, no clip, looking at the camera in the
    # first (yaw below 9, pitch below 13 degrees); by name in the order of files.
    *("Abdullah_Gul", "Adrien_Brody", "Alejandro_Toledo"),
    *("Andre_Agassi", "Angelina_Jolie", "Carlos_Menem"),
    *("Catherine_Zeta-Jones", "Guillermo_Coria", "Hillary_Clinton"),
    *("Hu_Jintao", "Jackie_Chan", "Jennifer_Garner"),
    *("Junichiro_Koizumi", "Kim_Ryong-sung", "Kofi_Annan"),
    *("Laura_Bush", "Lleyton_Hewitt", "Megawati_Sukarnoputri"),
)


class Lazy:
    """Pictures made when somebody looks at them, and then kept."""

    def __init__(self, count: int, make: Callable[[int], Pixels]) -> None:
        self._count, self._make = count, make
        self._made: dict[int, Pixels] = {}

    def __len__(self) -> int:
        """Return how many there are."""
        return self._count

    def __getitem__(self, index: int) -> Pixels:
        """Return one."""
        if not 0 <= index < self._count:
            raise IndexError(index)
        if index not in self._made:
            self._made[index] = self._make(index)
        return self._made[index]


class FaceFinder:
    """The product's own detector and mesh, as a well-equipped attacker would have them too."""

    def __init__(self) -> None:
        shelf = ModelShelf()
        self._detector = Detector(shelf)
        self._mesh = shelf.tflite("face_mesh")

    def mesh(self, pixels: Pixels) -> NDArray[np.float32] | None:
        """Return (468, 3) pixels of the largest face, or None."""
        try:
            faces = self._detector.detect(pixels)
            if not faces:
                return None
            return find_mesh(pixels, faces[0].landmarks, self._mesh).points
        except SanmenError:
            return None


@dataclass(slots=True, eq=False)
class Source:
    """One person, filmed or photographed.

    Attributes:
        person: who; clips of one person share it.
        frames: BGR pictures; one for a portrait.
        fps: of the frames; 0 for a portrait.
        finder: finds the face.

    """

    person: str
    frames: Sequence[Pixels] | Lazy
    fps: float
    finder: FaceFinder
    _meshes: dict[int, NDArray[np.float32] | None] = field(default_factory=dict)

    @property
    def filmed(self) -> bool:
        """Whether the person moves."""
        return len(self.frames) > 1

    @property
    def coarse(self) -> bool:
        """Whether the footage is too coarse to show somebody near: the gate asks to come closer."""
        return least_scale(self, eye_distance(self.mesh(0))) > ENLARGED

    def mesh(self, index: int) -> NDArray[np.float32]:
        """Return (468, 3) pixels of the face in picture `index`, or in the nearest that has one."""
        for apart in range(len(self.frames)):
            for near in {index - apart, index + apart}:
                if 0 <= near < len(self.frames):
                    found = self._look(near)
                    if found is not None:
                        return found
        raise LookupError(self.person)

    def _look(self, index: int) -> NDArray[np.float32] | None:
        if index not in self._meshes:
            self._meshes[index] = self.finder.mesh(self.frames[index])
        return self._meshes[index]

    def poses(self) -> list[tuple[int, float, float]]:
        """Return picture, yaw and pitch of every fourth picture that has a face."""
        found = []
        for index in range(0, len(self.frames), SCAN):
            mesh = self._look(index)
            if mesh is not None:
                pose = head_pose(mesh)
                found.append((index, pose.yaw, pose.pitch))
        return found

    def portrait(self, rng: np.random.Generator) -> tuple[Pixels, NDArray[np.float32]]:
        """Return one of the most frontal pictures, and its mesh."""
        frontal = sorted(self.poses(), key=lambda pose: abs(pose[1]) + 0.5 * abs(pose[2] + 4))
        index = frontal[int(rng.integers(0, min(4, len(frontal))))][0]
        return self.frames[index], self.mesh(index)

    def window(self, rng: np.random.Generator, least_turn: float = 0.0) -> range:
        """Return the pictures of a visit that begins facing the camera.

        With `least_turn`, one of those in which the head turns most.
        """
        length = min(len(self.frames), round(SECONDS * self.fps))
        poses = [one for one in self.poses() if one[0] + length <= len(self.frames)]
        facing = [one for one in poses if abs(one[1]) < 12 and abs(one[2]) < 18] or poses
        if least_turn:
            facing.sort(key=lambda one: -self._turn(one[0], length))
            facing = facing[: max(3, len(facing) // 8)]
        start = facing[int(rng.integers(0, len(facing)))][0]
        return range(start, start + length)

    def _turn(self, start: int, length: int) -> float:
        yaws = [yaw for index, yaw, _ in self.poses() if start <= index < start + length]
        return min(max(yaws) - min(yaws), 30.0)


def eye_distance(mesh: NDArray[np.float32]) -> float:
    """Return pixels between the middles of the eyes of a mesh."""
    right, left = mesh[[33, 133], :2].mean(axis=0), mesh[[263, 362], :2].mean(axis=0)
    return float(np.hypot(*(right - left)))


def load_clip(path: Path, person: str, finder: FaceFinder) -> Source:
    """Read a clip at up to 17 pictures a second, black bars cut off."""
    capture = cv2.VideoCapture(str(path))
    rate = capture.get(cv2.CAP_PROP_FPS)
    step = max(1, round(rate / FASTEST + 0.2))
    frames: list[Pixels] = []
    number = 0
    scale, inside = 1.0, (slice(None), slice(None))
    while len(frames) < MOST_FRAMES:
        read, pixels = capture.read()
        if not read:
            break
        if number == 0:
            inside = without_bars(pixels)
            mesh = finder.mesh(pixels[inside])
            scale = min(1.0, LARGEST_FACE / eye_distance(mesh)) if mesh is not None else 1.0
        if number % step == 0:
            part = np.ascontiguousarray(pixels[inside])
            frames.append(
                cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
                if scale < 1
                else part
            )
        number += 1
    capture.release()
    return Source(person, frames, rate / step, finder)


def without_bars(pixels: Pixels) -> tuple[slice, slice]:
    """Return rows and columns of `pixels` without black bars and two pixels more."""
    parts = []
    for axis in (1, 0):
        lit = np.flatnonzero(np.percentile(pixels.max(axis=2), 97, axis=axis) > 40)
        parts.append(slice(int(lit[0]) + 2, int(lit[-1]) - 1))
    return parts[0], parts[1]


def find_sources(data: Path) -> list[Source]:
    """Return everyone there is: the clips of `data`, the shipped footage, a few portraits."""
    finder = FaceFinder()
    found = [
        load_clip(path, path.stem, finder) for path in sorted((data / "clips" / "live").iterdir())
    ]
    found.append(load_clip(footage_path("WolfgangLanger_Pexels.mp4"), "langer", finder))
    stills = {"astronaut": footage_path("astronaut.png")}
    for person in PORTRAITS:
        photos = sorted((data / "faces" / person).glob("*.jpg"))
        if photos:
            stills[person] = photos[0]
    for person, path in stills.items():
        pixels = np.asarray(cv2.imread(str(path)), dtype=np.uint8)
        if finder.mesh(pixels) is not None:
            found.append(Source(person, [pixels], 0.0, finder))
    return found


def least_scale(source: Source, eyes: float) -> float:
    """Return by how much a source is enlarged at least to fill the picture with a near face.

    Args:
        source: whose pictures.
        eyes: pixels between them there.

    """
    rows, columns = source.frames[0].shape[:2]
    return max(0.66 * WIDTH / columns, HEIGHT / rows, 72 / eyes)


def canvas(source: Source, window: range, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the 2x3 map from the source's pixels to a 640x480 picture with a near face.

    A picture too narrow for the camera leaves its sides open, never its head or its foot.
    """
    meshes = [source.mesh(index) for index in window[:: max(1, len(window) // 6)]]
    eyes = float(np.median([eye_distance(mesh) for mesh in meshes]))
    points = np.concatenate([mesh[:, :2] for mesh in meshes])
    low, high = points.min(axis=0), points.max(axis=0)
    rows, columns = source.frames[window[0]].shape[:2]
    scale = min(rng.uniform(88, 125) / eyes, 1.5)
    scale = max(scale, least_scale(source, eyes))
    middle = scale * (low + high) / 2
    left = WIDTH / 2 + rng.uniform(-25, 25) - middle[0]
    top = 0.52 * HEIGHT + rng.uniform(-10, 15) - middle[1]
    if columns * scale >= WIDTH:
        left = float(np.clip(left, WIDTH - columns * scale, 0))
    top = float(np.clip(top, HEIGHT - rows * scale, 0.0))
    return np.array([[scale, 0, left], [0, scale, top]])


class Stage:
    """Shows the pictures of a window in the camera's format; the wall goes on at their sides.

    The wall is mirrored at the picture's border and soon gives way to its own blur, which stands
    still: nobody has a sharp twin at the border.
    """

    def __init__(self, source: Source, window: range, rng: np.random.Generator) -> None:
        self._source = source
        self._map = canvas(source, window, rng)
        some = [self._placed(index) for index in window[:: max(1, len(window) // 7)]]
        middle = np.median(some, axis=0).astype(np.float32)
        self._wall = cv2.GaussianBlur(middle, (0, 0), 25)
        columns = source.frames[window[0]].shape[1]
        x = np.arange(WIDTH, dtype=np.float32)
        left, right = self._map[0, 2], self._map[0, 2] + self._map[0, 0] * columns
        beyond = np.maximum(left - x, x - right)
        self._share = np.clip(beyond / 16, 0, 1).astype(np.float32)[None, :, None]
        self._open = bool(self._share.any())

    def show(self, index: int) -> Pixels:
        """Return picture `index` of the source, (480, 640, 3)."""
        picture = self._placed(index)
        if not self._open:
            return picture
        mixed = picture + (self._wall - picture) * self._share
        return np.asarray(mixed + 0.5, dtype=np.uint8)

    def mesh(self, index: int) -> NDArray[np.float32]:
        """Return (468, 3) pixels of the face in what `show` returns."""
        mesh = self._source.mesh(index) * np.float32(self._map[0, 0])
        mesh[:, :2] += self._map[:, 2].astype(np.float32)
        return mesh

    def _placed(self, index: int) -> Pixels:
        pixels, to_canvas = self._source.frames[index], self._map
        scale = float(to_canvas[0, 0])
        if scale < 0.8:
            pixels = np.asarray(
                cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
            )
            to_canvas = np.column_stack([np.eye(2), to_canvas[:, 2]])
        shown = cv2.warpAffine(
            pixels,
            to_canvas,
            (WIDTH, HEIGHT),
            flags=cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REFLECT_101,
        )
        return np.asarray(shown, dtype=np.uint8)
