"""What vision says to gate, in frozen, bounded dataclasses, and the words all rooms share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Annotated

from msgspec import Meta

PROTOCOL = 2
"""Version of this vocabulary; rooms of different versions do not talk."""

VisitId = Annotated[bytes, Meta(min_length=16, max_length=16)]
"""Names one visit; drawn by gate, good for one decision."""
Nanoseconds = Annotated[int, Meta(ge=0)]
"""CLOCK_MONOTONIC, which the rooms of one machine share."""
Score = Annotated[float, Meta(ge=0.0, le=1.0)]
Quality = Annotated[int, Meta(ge=0, le=100)]
Count = Annotated[int, Meta(ge=0)]
ShortText = Annotated[str, Meta(max_length=400)]


class Purpose(Enum):
    """Why a visit looks at a face."""

    IDENTIFY = "identify"
    ENROL = "enrol"


class Turn(Enum):
    """How the head is held for one part of an enrolment; left and right are the person's own."""

    FRONT = "front"
    LEFT = "left"
    RIGHT = "right"


class Trigger(Enum):
    """The act of intent that began a visit (law 2)."""

    DWELL = "dwell"
    TOUCH = "touch"


class Hint(Enum):
    """One thing a person can do, the only words vision has for people."""

    NONE = "none"
    COME_CLOSER = "come_closer"
    STEP_BACK = "step_back"
    ONE_PERSON = "one_person"
    CENTRE_FACE = "centre_face"
    LOOK_AHEAD = "look_ahead"
    HOLD_STILL = "hold_still"
    MORE_LIGHT = "more_light"
    LESS_LIGHT = "less_light"
    UNCOVER_EYES = "uncover_eyes"
    UNCOVER_MOUTH = "uncover_mouth"
    TURN_SLIGHTLY = "turn_slightly"
    NOD_SLIGHTLY = "nod_slightly"
    BLINK = "blink"
    WATCH_LIGHT = "watch_light"
    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"


class Tint(Enum):
    """A colour of the screen's light sequence: equally bright, no saturated red (WCAG 2.3.1)."""

    NEUTRAL = "neutral"
    WARM = "warm"
    COOL = "cool"


@dataclass(frozen=True, slots=True)
class Ready:
    """Vision has opened camera and models.

    Attributes:
        features: names the models and arithmetic of its feature vectors; references made by
            another recipe cannot be compared with its probes.
        camera: the camera's identity, for the log.
        face_fault: why face does not work, or empty.
        origin: the device behind the camera, as the system tells; empty where there is none.

    """

    features: ShortText
    camera: ShortText
    face_fault: ShortText = ""
    origin: ShortText = ""


@dataclass(frozen=True, slots=True)
class Health:
    """Vision lives; sent at least once a second.

    Attributes:
        at_ns: when.
        frames: pictures looked at since start.
        camera_fault: what is wrong with the camera, or empty.
        face_fault: why face does not work, or empty.

    """

    at_ns: Nanoseconds
    frames: Count
    camera_fault: ShortText = ""
    face_fault: ShortText = ""


@dataclass(frozen=True, slots=True)
class IntentSeen:
    """Somebody stands close, still and frontal, or was announced by a touch; asks for a visit."""

    at_ns: Nanoseconds
    trigger: Trigger = Trigger.DWELL


@dataclass(frozen=True, slots=True)
class Guidance:
    """What the person before the camera can do now; without a visit it holds for all in view."""

    at_ns: Nanoseconds
    hint: Hint


@dataclass(frozen=True, slots=True)
class CueEvidence:
    """What one presentation attack cue saw: evidence, never a decision.

    Attributes:
        cue: its name.
        score: 0 = attack, 1 = bona fide.
        frames: how many pictures it looked at; 0 = no evidence.
        version: of its arithmetic and weights (S136).

    """

    cue: ShortText
    score: Score
    frames: Count
    version: ShortText = ""


@dataclass(frozen=True, slots=True)
class CuesSeen:
    """What the cues of an open visit say so far; a probe is ready and waits for `Conclude`.

    Attributes:
        visit: the visit.
        at_ns: exposure of the newest picture.
        cues: as in `FaceEvidence`.

    """

    visit: VisitId
    at_ns: Nanoseconds
    cues: Annotated[tuple[CueEvidence, ...], Meta(max_length=16)]


@dataclass(frozen=True, slots=True)
class FaceEvidence:
    """The outcome of a visit's face work: one probe and what was seen around it.

    Attributes:
        visit: the visit it answers.
        intent_ns: when the person showed intent.
        taken_ns: exposure of the newest picture used.
        features: the recipe of the vector, as in `Ready`.
        probe: unit feature vector, float32 little-endian, joined over `frames` pictures.
        quality: unified quality score of the best picture.
        frames: pictures joined.
        cues: one entry per presentation attack cue that is switched on.

    """

    visit: VisitId
    intent_ns: Nanoseconds
    taken_ns: Nanoseconds
    features: ShortText
    probe: Annotated[bytes, Meta(min_length=4, max_length=4096)]
    quality: Quality
    frames: Annotated[int, Meta(ge=1, le=64)]
    cues: Annotated[tuple[CueEvidence, ...], Meta(max_length=16)]


@dataclass(frozen=True, slots=True)
class VisitAbandoned:
    """A visit ended without a probe: the person left, or no picture was good enough in time.

    Attributes:
        visit: the visit it answers.
        at_ns: when.
        hint: what stood in the way last.

    """

    visit: VisitId
    at_ns: Nanoseconds
    hint: Hint


@dataclass(frozen=True, slots=True)
class Gathered:
    """How far an enrolment's part is; sent when it changes, also when it begins anew.

    Attributes:
        visit: the visit.
        share: of the pictures wanted.

    """

    visit: VisitId
    share: Score


@dataclass(frozen=True, slots=True)
class QrRead:
    """A QR code was held to the camera.

    Attributes:
        at_ns: exposure of its picture.
        text: its text.

    """

    at_ns: Nanoseconds
    text: Annotated[str, Meta(min_length=1, max_length=2048)]


FROM_VISION = (
    *(Ready, Health, IntentSeen, Guidance, CuesSeen, FaceEvidence, VisitAbandoned, QrRead),
    Gathered,
)

Message = (
    Ready
    | Health
    | IntentSeen
    | Guidance
    | CuesSeen
    | FaceEvidence
    | VisitAbandoned
    | QrRead
    | Gathered
)
