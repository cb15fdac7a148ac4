"""Says whether a head is turned as a part of an enrolment asks, or which way it should go."""

from __future__ import annotations

from typing import Final

from appliance.messages import Hint, Turn

MOST_FRONT: Final = 15.0
"""Degrees of yaw up to which a face counts as frontal in an enrolment."""
LEAST_TURNED: Final = 8.0
MOST_TURNED: Final = 22.0
"""Slightly turned, degrees; beyond it features get lost and quality refuses at 25."""


def awry(yaw: float, turn: Turn) -> Hint:
    """Return what to do about a head's yaw, or NONE if it is held as asked.

    Args:
        yaw: degrees, positive when the nose points to the picture's right, which is the person's
            own left, as the picture is not mirrored.
        turn: what was asked.

    """
    if turn is Turn.FRONT:
        # Written as "good", so that a yaw that is no number is refused too.
        return Hint.NONE if abs(yaw) <= MOST_FRONT else Hint.LOOK_AHEAD
    toward = yaw if turn is Turn.LEFT else -yaw
    if LEAST_TURNED <= toward <= MOST_TURNED:
        return Hint.NONE
    if toward > MOST_TURNED:
        return Hint.LOOK_AHEAD
    return Hint.TURN_LEFT if turn is Turn.LEFT else Hint.TURN_RIGHT
