"""What a gate was configured to hold, as the pure core takes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from appliance.gate.access.lockout import LockoutPolicy
from appliance.gate.access.policy import FaceSettings, PortalPolicy
from appliance.gate.access.portal import DoorTiming
from appliance.gate.access.presentation import CueKind, CuePolicy
from appliance.gate.access.reasons import Method
from appliance.gate.access.schedule import ALWAYS, MINUTES_PER_DAY, Period, Schedule, Weekday
from appliance.gate.access.transaction import VisitTiming
from appliance.pad_section import DEMANDS

if TYPE_CHECKING:
    from appliance.pad_section import PadSection
    from appliance.sections import Config, OpenPeriod

KINDS = {
    "texture": CueKind.PROOF_TEXTURE,
    "parallax": CueKind.PROOF_GEOMETRY,
    "screen_light": CueKind.PROOF_EMISSION,
    "infrared": CueKind.PROOF_EMISSION,
    "challenge": CueKind.WITNESS,
}
"""The cues that are no vetoes; every other cue is one."""
ALSO = {"infrared": CueKind.PROOF_GEOMETRY}
"""What a cue proves beside its kind: a pair of cameras measures relief, and nobody need turn."""
_DAYS = dict(zip(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), Weekday, strict=True))


@dataclass(frozen=True, slots=True)
class Rules:
    """What this gate was configured to hold.

    Attributes:
        policy: methods, hours and face settings.
        cues: the presentation attack cues that must agree.
        lockout: when face pauses.
        door: pulse and held-open time.
        visit: how old evidence may be and how long an outcome rests.
        asks: whether people are asked for a turn; footage cannot answer.
        simulation: no real gate, which nobody need sign off (S154).

    """

    policy: PortalPolicy
    cues: tuple[CuePolicy, ...]
    lockout: LockoutPolicy = field(default_factory=LockoutPolicy)
    door: DoorTiming = field(default_factory=DoorTiming)
    visit: VisitTiming = field(default_factory=VisitTiming)
    asks: bool = True
    simulation: bool = False


def build_rules(config: Config) -> Rules:
    """Return what a configuration asks the gate to hold.

    Raises:
        ValueError: it breaks a law of the product; `config.load` refuses such a file earlier.

    """
    chosen = config.methods
    methods = {Method.CARD: chosen.card, Method.QR: chosen.qr, Method.FACE: chosen.face}
    face = config.face
    second = 1_000_000_000
    return Rules(
        policy=PortalPolicy(
            methods=frozenset(method for method, on in methods.items() if on),
            schedule=_schedule(config),
            zone=ZoneInfo(config.site.timezone),
            face=FaceSettings(face.threshold, face.margin) if chosen.face else None,
            grace_ns=int(face.grace_h * 3600 * second),
        ),
        cues=cue_policies(config.pad),
        asks=config.camera.driver not in {"file", "sim"},
        simulation=config.site.simulation,
        lockout=LockoutPolicy(
            failures=face.attempts,
            pause_ns=int(face.pause_s * second),
            longest_pause_ns=int(16 * face.pause_s * second),
        ),
        door=DoorTiming(
            pulse_ns=int(config.door.pulse_s * second),
            held_open_ns=int(max(config.door.held_open_s, config.door.pulse_s) * second),
        ),
    )


def cue_policies(pad: PadSection) -> tuple[CuePolicy, ...]:
    """Return the policies of the cues that are switched on."""
    demanded = DEMANDS.get(pad.emission)
    return tuple(
        CuePolicy(
            name,
            KINDS.get(name, CueKind.VETO),
            one.supports,
            one.contradicts,
            one.frames,
            demanded=name == demanded,
            also=ALSO.get(name),
        )
        for name, one in pad.cues.items()
        if one.on
    )


def _schedule(config: Config) -> Schedule:
    if not config.schedule.periods:
        return ALWAYS
    return Schedule(
        _periods(config.schedule.periods),
        frozenset(config.schedule.holidays),
        _periods(config.schedule.holiday_periods),
    )


def _periods(open_periods: tuple[OpenPeriod, ...]) -> tuple[Period, ...]:
    return tuple(
        Period(
            frozenset(_DAYS[day] for day in one.days),
            _minute(one.opens) % MINUTES_PER_DAY,
            _minute(one.closes),
        )
        for one in open_periods
    )


def _minute(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)
