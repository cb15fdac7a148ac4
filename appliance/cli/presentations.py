"""Plays a clip as presentations to the rooms' own code: detection, cues and fusion, no identity."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import cv2
import numpy as np

from appliance.errors import SanmenError
from appliance.gate.access.presentation import (
    CueKind,
    Finding,
    PresentationJudgement,
    examine,
)
from appliance.gate.access.reasons import Reason
from appliance.gate.access.transaction import VisitTiming
from appliance.gate.faults import Faults
from appliance.gate.visits import Visits
from appliance.link import Link, pair
from appliance.messages import (
    FROM_VISION,
    CueEvidence,
    CuesSeen,
    FaceEvidence,
    Hint,
    VisitAbandoned,
)
from appliance.orders import FROM_GATE, SetMode
from appliance.vision.room import VisionRoom
from hardware.errors import EndOfFootageError
from hardware.ports import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from appliance.gate.access.presentation import CuePolicy
    from appliance.link import Said
    from appliance.vision.pipeline import FacePipeline

PIECE_S = 4.5
"""A long clip is cut into presentations of so many seconds: a visit and the way to it."""
LEAST_S = 2.5
"""What is left at a clip's end is a presentation of its own from so many seconds on."""
PICTURES_PER_S = 15.0
"""At most so many pictures of a clip's second are looked at, as many as a gate manages."""
LARGEST_SIDE = 1920

_REASONS = {
    PresentationJudgement.SUPPORTED: "supported",
    PresentationJudgement.CONTRADICTED: Reason.ATTACK_SUSPECTED.value,
    PresentationJudgement.NO_EVIDENCE: Reason.PRESENTATION_UNPROVEN.value,
}


class ClipError(SanmenError):
    """A clip cannot be played."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one presentation led to.

    Attributes:
        accepted: the cues prove a bona fide presentation.
        reason: "supported", a reason code, or "face-not-usable: hint".
        cue: the one that decided, if any.
        cues: what each cue said last.
        seconds: from the touch to the end of it.
        responded: there was a face that could be judged; otherwise a non-response.
        turned: False where nothing lacked but a turn, which nobody in a recording can be asked for;
            who turned far enough to be judged and showed no relief is refused like everybody.
        waited_for: the cue whose evidence came last before the presentation was accepted.

    """

    accepted: bool
    reason: str
    cue: str = ""
    cues: tuple[CueEvidence, ...] = ()
    seconds: float = 0.0
    responded: bool = True
    turned: bool = True
    waited_for: str = ""


class FootageClock:
    """The footage's own time, so that a figure does not hang on the machine's load."""

    def __init__(self) -> None:
        self.ns = 1_000_000_000

    def now_ns(self) -> int:
        """Return the time of the newest picture."""
        return self.ns

    def sleep_until_ns(self, at_ns: int) -> None:
        """Return; only pictures let time pass."""

    def wall(self) -> datetime:
        """Return the machine's civil time."""
        return datetime.now(UTC)

    def boot_ns(self) -> int:
        """Return CLOCK_BOOTTIME, which passes as `wall` does."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class PieceCamera:
    """Lends the pictures of one piece of a clip, each at its own time.

    Args:
        clip: opened, standing at the piece's first picture.
        clock: moved on by every picture.
        fps: of the clip.
        pictures: how many the piece has.

    """

    identity = "footage"
    origin = None

    def __init__(
        self, clip: cv2.VideoCapture, clock: FootageClock, fps: float, pictures: int
    ) -> None:
        self._clip = clip
        self._clock = clock
        self._period_ns = round(1e9 / fps)
        self._left = pictures
        self._step = max(1, round(fps / PICTURES_PER_S))
        self._sequence = 0

    @contextmanager
    def borrow(self, timeout_s: float = 1.0) -> Iterator[Frame]:  # noqa: ARG002 - the port's
        """Lend the next picture.

        Raises:
            EndOfFootageError: the piece is over.

        """
        pixels = None
        for _ in range(self._step):
            if self._left <= 0 or not self._clip.grab():
                raise EndOfFootageError(self.identity, f"end after {self._sequence}", "no more")
            self._left -= 1
            self._sequence += 1
            self._clock.ns += self._period_ns
        _, pixels = self._clip.retrieve()
        pixels = _fitting(np.asarray(pixels, np.uint8))
        yield Frame(pixels, self._clock.ns, self._sequence)
        pixels.fill(0)

    def close(self) -> None:
        """Pass over what is left of the piece, so that the next can follow."""
        while self._left > 0 and self._clip.grab():
            self._left -= 1


@dataclass
class Presentation:
    """One presentation: begins with a touch, ends with a decision or the footage.

    A touch is an act of intent (law 2), so that a clip in which nobody walks up is judged too.
    Nobody is asked for a turn or shown a light: a recording cannot answer.
    """

    pipeline: FacePipeline
    policy: tuple[CuePolicy, ...]
    clock: FootageClock = field(default_factory=FootageClock)
    outcome: Outcome | None = None
    hint: Hint = Hint.NONE
    cues: tuple[CueEvidence, ...] = ()
    lacking: str = ""

    def play(self, camera: PieceCamera) -> Outcome:
        """Return what the piece led to."""
        near, far = pair()
        link, timing = Link(far, FROM_GATE, self.clock), VisitTiming(rest_ns=0)
        visits = Visits(self.clock, timing, Faults(lambda _: None), lambda _: None, self.policy)
        visits.asks = False
        visits.meet(Link(near, FROM_VISION, self.clock))
        start_ns = self.clock.ns
        try:
            room = VisionRoom(camera, link, self.clock, self.pipeline)
            with suppress(EndOfFootageError):
                while self.outcome is None:
                    visits.tick(SetMode(face=True, qr=False))
                    visits.begin(self.clock.ns)
                    room.step()
                    visits.hear(lambda message: self._hear(message, visits))
        finally:
            visits.lose("the presentation is over")
            link.close()
            self.pipeline.forget()
        seconds = (self.clock.ns - start_ns) / 1e9
        return self._ended(self.outcome or self._unfinished(), seconds)

    def _hear(self, message: Said, visits: Visits) -> None:
        match message:
            case CuesSeen(cues=cues):
                self.cues = cues
                visits.weigh(message)
                judged = self._judged(cues)
                if judged.accepted:  # a fresh picture for the probe is no matter of the cues
                    self.outcome = judged
                else:
                    self.lacking = judged.cue
            case FaceEvidence():
                if visits.accept(message) is None:
                    self.cues = message.cues
                    self.outcome = self._judged(message.cues)
            case VisitAbandoned(hint=hint):
                self.hint = hint if hint is not Hint.NONE else self.hint
                visits.abandon(message)
            case _:
                pass

    def _unfinished(self) -> Outcome:
        """Return the outcome of footage that ended first: it was not supported at any moment."""
        if not self.cues:
            reason = f"{Reason.NO_USABLE_FACE.value}: {self.hint.value}"
            return Outcome(accepted=False, reason=reason, responded=False)
        return self._judged(self.cues)

    def _ended(self, one: Outcome, seconds: float) -> Outcome:
        return replace(one, cues=self.cues, seconds=seconds)

    def _judged(self, cues: tuple[CueEvidence, ...]) -> Outcome:
        finding = examine(cues, self.policy)
        accepted = finding.judgement is PresentationJudgement.SUPPORTED
        return Outcome(
            accepted,
            _REASONS[finding.judgement],
            finding.cue,
            turned=not _only_a_turn(finding, cues, self.policy),
            waited_for=self.lacking if accepted else "",
        )


def _only_a_turn(
    finding: Finding, cues: tuple[CueEvidence, ...], policy: tuple[CuePolicy, ...]
) -> bool:
    """Whether nothing lacks but relief, and no turn was far enough to look for it."""
    least = {one.name: one.min_frames for one in policy if one.kind is CueKind.PROOF_GEOMETRY}
    looked = any(one.frames >= least[one.cue] for one in cues if one.cue in least)
    return finding.lacks == {CueKind.PROOF_GEOMETRY} and not looked


def play(
    path: Path, pipeline: FacePipeline, policy: tuple[CuePolicy, ...]
) -> Iterator[tuple[str, Outcome]]:
    """Yield each presentation of a clip: its name, and what it led to.

    Raises:
        ClipError: the file is no clip.

    """
    clip = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    try:
        fps, total = clip.get(cv2.CAP_PROP_FPS), int(clip.get(cv2.CAP_PROP_FRAME_COUNT))
        if not clip.isOpened() or not 0 < fps <= 1000 or total <= 0:  # noqa: PLR2004 - any clip
            raise ClipError(f"clip {path}", "cannot be played", "a video file")
        sizes = pieces(total, fps)
        for number, size in enumerate(sizes):
            one = Presentation(pipeline, policy)
            camera = PieceCamera(clip, one.clock, fps, size)
            name = path.name if len(sizes) == 1 else f"{path.name}#{number + 1}"
            yield name, one.play(camera)
            camera.close()
    finally:
        clip.release()


def pieces(total: int, fps: float) -> list[int]:
    """Return how many pictures each presentation of a clip has."""
    size = round(PIECE_S * fps)
    whole, rest = divmod(total, size)
    if whole == 0:
        return [total]
    return [size] * whole + ([rest] if rest >= LEAST_S * fps else [])


def _fitting(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a picture no larger than a Full HD camera's."""
    scale = LARGEST_SIDE / max(pixels.shape[:2])
    if scale >= 1.0:
        return pixels
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)
