"""Gathers the good pictures of one visit into one probe and its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.messages import FaceEvidence, Gathered, Hint, Purpose, Turn, VisitAbandoned
from appliance.vision.features import RECIPE, joined
from appliance.vision.samples import brief
from appliance.vision.turn import awry

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from appliance.messages import CueEvidence
    from appliance.orders import StartVisit


@dataclass(frozen=True, slots=True)
class AcquisitionSettings:
    """How much is gathered.

    Attributes:
        identify_pictures: joined into a probe.
        enrol_pictures: joined into a reference.
        turned_pictures: the same of a part for which the head is turned.
        enrol_spacing_ns: time between two pictures of an enrolment, so that they differ.
        patience_ns: without a usable picture for so long a visit ends and the person is told
            why; face work does not linger over somebody who has turned away. While the cues
            still gather, seeing the face is enough: who turns the head has not left.
        renew_ns: while the cues still gather, a picture newer than so long stays in the probe: it
            is of who stands there at the end, not only of who came.
        finish_ns: so long before the deadline what there is is given; then the answer is no, but
            a decided one.
        fresh_ns: once gate has seen enough, what is given ends with a picture no older than so
            long: a head still turned away at that moment is waited for.
        same_person: least cosine of a picture's vector with each one before it; below, another
            face was brought before the camera in the middle of a visit.

    """

    identify_pictures: int = 4
    enrol_pictures: int = 10
    turned_pictures: int = 4
    enrol_spacing_ns: int = 150_000_000
    patience_ns: int = 700_000_000
    renew_ns: int = 400_000_000
    finish_ns: int = 300_000_000
    fresh_ns: int = 600_000_000
    same_person: float = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """What one picture gave.

    Attributes:
        vector: (320,) float32 unit feature vector.
        quality: unified quality score, 0 to 100.
        taken_ns: exposure.
        yaw: how the head is turned, degrees; see `Pose`.

    """

    vector: NDArray[np.float32]
    quality: int
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
        self._asked = False
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

    @property
    def complete(self) -> bool:
        """Whether there is a probe; the cues may still need more."""
        return len(self._samples) >= self._wanted

    def progress(self) -> Gathered | None:
        """Return how far an enrolment is, if that has changed since the last call."""
        if not self.enrols or self.share == self._told:
            return None
        self._told = self.share
        return Gathered(self._start.visit, self._told)

    def wants(self, taken_ns: int) -> bool:
        """Whether a picture taken now would be used."""
        if not self._samples:
            return True
        since_ns = taken_ns - self._samples[-1].taken_ns
        if self.complete:
            return since_ns >= self._settings.renew_ns
        return not self.enrols or since_ns >= self._settings.enrol_spacing_ns

    def refuse(self, hint: Hint, taken_ns: int | None = None) -> None:
        """Take note of a picture that could not be used, but in which the person was seen."""
        if not self.complete:
            self._hint = hint
        elif taken_ns is not None:
            self._used_ns = taken_ns

    def restart(self, hint: Hint) -> None:
        """Forget all: another person stands there now, so nothing gathered may be joined."""
        self.wipe()
        self._hint = hint

    def wipe(self) -> None:
        """Overwrite the vectors gathered; nothing of a visit outlives it (law 3)."""
        for sample in self._samples:
            sample.vector.fill(0.0)
        self._samples.clear()

    def add(self, sample: Sample) -> bool:
        """Take one picture's sample; False if it shows somebody else, and nothing is left.

        Of an enrolment, a head held otherwise than asked gives a hint and is not kept.
        """
        for one in self._samples:
            if not float(one.vector @ sample.vector) >= self._settings.same_person:
                sample.vector.fill(0.0)
                self.restart(Hint.NONE)
                return False
        turn = self._start.turn if self.enrols else None
        hint = Hint.NONE if turn is None else awry(sample.yaw, turn)
        if hint is not Hint.NONE:
            sample.vector.fill(0.0)
            self._hint = hint
            return True
        self._samples.append(sample)
        if len(self._samples) > self._wanted:
            self._samples.pop(0).vector.fill(0.0)
        self._hint = Hint.NONE
        self._used_ns = sample.taken_ns
        return True

    def conclude(self) -> None:
        """Take note that gate has seen enough."""
        self._asked = True

    def due(self, at_ns: int) -> bool:
        """Whether the evidence is to be given now: gate asked for it, or time is up."""
        if not self.complete:
            return False
        fresh = at_ns - self._samples[-1].taken_ns <= self._settings.fresh_ns
        return self.enrols or (self._asked and fresh) or at_ns >= self._finish_ns

    def evidence(self, cues: tuple[CueEvidence, ...]) -> FaceEvidence:
        """Return the probe, joined, and what was seen around it."""
        with brief(joined([one.vector for one in self._samples])) as whole:
            probe = whole.astype("<f4", copy=False).tobytes()
        return FaceEvidence(
            visit=self._start.visit,
            intent_ns=self._intent_ns,
            taken_ns=self._samples[-1].taken_ns,
            features=RECIPE,
            probe=probe,
            quality=max(one.quality for one in self._samples),
            frames=len(self._samples),
            cues=cues,
        )

    def over(self, at_ns: int) -> VisitAbandoned | None:
        """Return the visit's end if its deadline passed or the person has left."""
        left = not self.enrols and at_ns - self._used_ns >= self._settings.patience_ns
        if at_ns < self._start.deadline_ns and not left:
            return None
        return VisitAbandoned(visit=self._start.visit, at_ns=at_ns, hint=self._hint)

    @property
    def _finish_ns(self) -> int:
        return self._start.deadline_ns - self._settings.finish_ns

    @property
    def _wanted(self) -> int:
        settings = self._settings
        if not self.enrols:
            return settings.identify_pictures
        turned = self._start.turn in {Turn.LEFT, Turn.RIGHT}
        return settings.turned_pictures if turned else settings.enrol_pictures
