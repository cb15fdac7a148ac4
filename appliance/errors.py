"""The one error tree of the appliance: what was wrong, with which value, and what was expected."""

from __future__ import annotations


class SanmenError(Exception):
    """Root of all errors this product raises on purpose.

    Attributes:
        thing: what is wrong: a key, file, message or part.
        found: the value or state met.
        expected: what would have been right, or what to do.

    """

    def __init__(self, thing: str, found: object, expected: str) -> None:
        super().__init__(f"{thing}: {found}; expected {expected}")
        self.thing = thing
        self.found = found
        self.expected = expected


class ConfigError(SanmenError, ValueError):
    """A configuration key is unknown, missing or out of range."""


class ModelError(SanmenError):
    """A model is missing, altered or of the wrong shape; face stops, card and QR go on."""


class CameraError(SanmenError):
    """A camera is missing or not the one configured; face stops, card and QR go on."""


class PictureError(SanmenError, ValueError):
    """A picture has a shape or type the pipeline does not take."""


class LinkError(SanmenError):
    """A message between the rooms is malformed, stale, replayed, too large or from a stranger."""


class LinkClosedError(LinkError):
    """The other room is gone."""


class StoreError(SanmenError):
    """The store cannot be opened, read or written."""


class KeyMissingError(StoreError):
    """The store's key is missing or is not the one it was sealed with."""


class SealBrokenError(StoreError):
    """A sealed field was altered, moved or cut."""


class AuditError(StoreError):
    """The log cannot be written; no credential opens the door until it can (law 5)."""


class EnrolmentError(SanmenError):
    """A person cannot be enrolled: no consent, no other door, no usable face, or a look-alike."""


class CardError(SanmenError):
    """A card cannot be read or personalised: wrong kind, wrong owner, or pulled away."""


class RosterError(SanmenError):
    """A person or credential is unknown, or already there."""


class OperatorError(SanmenError):
    """An operator is unknown, has another role, is paused, or chose an unfit name or PIN."""


class ComparisonError(SanmenError, ValueError):
    """A probe or reference cannot be compared: wrong shape, no number, or not of unit length."""


class PassError(SanmenError, ValueError):
    """A code is malformed; it opens nothing, and nothing of it is shown."""
