"""Gathers the good pictures of one visit into one probe and its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.messages import FaceEvidence, Gathered, Hint, Purpose, Turn, VisitAbandoned
from appliance.vision.features import RECIPE, joined
from appliance.vision.pad import texture
from appliance.vision.samples import brief
from appliance.vision.turn import awry

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from appliance.messages import StartVisit


@dataclass(frozen=True, slots=True)
class AcquisitionSettings:
    """How much is gathered.

    Attributes:
        identify_pictures: joined into a probe.
        enrol_pictures: joined into a reference.
        turned_pictures: the same of a part for which the head is turned.
        enrol_spacing_ns: time between two pictures of an enrolment, so that they differ.
        patience_ns: without a usable picture for so long a visit ends and the person is told
            why; face work does not linger over somebody who has turned away.

    """

    identify_pictures: int = 4
    enrol_pictures: int = 10
    turned_pictures: int = 4
    enrol_spacing_ns: int = 150_000_000
    patience_ns: int = 700_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """What one picture gave.

    Attributes:
        vector: (320,) float32 unit feature vector.
        quality: unified quality score, 0 to 100.
        log_odds: the texture cue's.
        taken_ns: exposure.
        yaw: how the head is turned, degrees; see `Pose`.

    """

    vector: NDArray[np.float32]
    quality: int
    log_odds: float
    taken_ns: int
    yaw: float = 0.0


class Acquisition:
    """One visit's gathering; forgotten whole when the visit ends."""

    def __init__(self, start: StartVisit, intent_ns: int, settings: AcquisitionSettings) -> None:
        self._start = start
        self._intent_ns = intent_ns
        self._settings = settings
        self._samples: list[Sample] = []
        self._hint = Hint.NONE
        self._used_ns = intent_ns
        self._told = 0.0

    @property
    def visit(self) -> bytes:
        """The visit gathered for."""
        return self._start.visit

    @property
    def enrols(self) -> bool:
        """Whether the vectors are for a reference."""
        return self._start.purpose is Purpose.ENROL

    @property
    def hint(self) -> Hint:
        """What stood in the way last."""
        return self._hint

    @property
    def share(self) -> float:
        """How much of what is wanted is there, 0 to 1."""
        return len(self._samples) / self._wanted

    def progress(self) -> Gathered | None:
        """Return how far an enrolment is, if that has changed since the last call."""
        if not self.enrols or self.share == self._told:
            return None
        self._told = self.share
        return Gathered(self._start.visit, self._told)

    def wants(self, taken_ns: int) -> bool:
        """Whether a picture taken now would be used."""
        if not self.enrols or not self._samples:
            return True
        return taken_ns - self._samples[-1].taken_ns >= self._settings.enrol_spacing_ns

    def refuse(self, hint: Hint) -> None:
        """Take note of a picture that could not be used."""
        self._hint = hint

    def restart(self, hint: Hint) -> None:
        """Forget all: another person stands there now, so nothing gathered may be joined."""
        self.wipe()
        self._hint = hint

    def wipe(self) -> None:
        """Overwrite the vectors gathered; nothing of a visit outlives it (law 3)."""
        for sample in self._samples:
            sample.vector.fill(0.0)
        self._samples.clear()

    def add(self, sample: Sample) -> FaceEvidence | None:
        """Take one picture's sample; return the evidence when it was the last one wanted.

        Of an enrolment, a head held otherwise than asked gives a hint and is not kept.
        """
        turn = self._start.turn if self.enrols else None
        hint = Hint.NONE if turn is None else awry(sample.yaw, turn)
        if hint is not Hint.NONE:
            sample.vector.fill(0.0)
            self._hint = hint
            return None
        self._samples.append(sample)
        self._hint = Hint.NONE
        self._used_ns = sample.taken_ns
        if len(self._samples) < self._wanted:
            return None
        with brief(joined([one.vector for one in self._samples])) as whole:
            probe = whole.astype("<f4", copy=False).tobytes()
        return FaceEvidence(
            visit=self._start.visit,
            intent_ns=self._intent_ns,
            taken_ns=sample.taken_ns,
            features=RECIPE,
            probe=probe,
            quality=max(one.quality for one in self._samples),
            frames=len(self._samples),
            cues=(texture.evidence([one.log_odds for one in self._samples]),),
        )

    def over(self, at_ns: int) -> VisitAbandoned | None:
        """Return the visit's end if its deadline passed or the person has left."""
        left = not self.enrols and at_ns - self._used_ns >= self._settings.patience_ns
        if at_ns < self._start.deadline_ns and not left:
            return None
        return VisitAbandoned(visit=self._start.visit, at_ns=at_ns, hint=self._hint)

    @property
    def _wanted(self) -> int:
        settings = self._settings
        if not self.enrols:
            return settings.identify_pictures
        turned = self._start.turn in {Turn.LEFT, Turn.RIGHT}
        return settings.turned_pictures if turned else settings.enrol_pictures
