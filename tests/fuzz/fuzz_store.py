"""Fuzzes everything that reads stored bytes: `python tests/fuzz/fuzz_store.py -max_total_time=600`.

Nothing may come out but one of our own errors, and what was read must come back as the same bytes
or the same thing. Most of these bytes lie under a seal, so an attacker never gets so far; a program
of another version does.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import atheris
import numpy as np

with atheris.instrument_imports():
    from appliance.errors import SanmenError
    from appliance.gate import backup_format
    from appliance.gate.access.schedule import ALWAYS, Period, Schedule, Weekday
    from appliance.gate.enrolment import receipt
    from appliance.gate.enrolment.consent import Consent, GivenBy
    from appliance.gate.enrolment.traces import Traces
    from appliance.gate.store.audit_chain import Checkpoint, Head, Origin
    from appliance.gate.store.audit_event import AuditEvent
    from appliance.gate.store.hours import hours, schedule_text
    from appliance.gate.store.manifest import COVERED, HERE, Manifest, Tally
    from appliance.gate.store.operator_record import Record
    from appliance.gate.store.pins import PinHash
    from appliance.gate.store.records import Credential, CredentialKind, Profile, Resident
    from appliance.gate.store.reference import Reference
    from appliance.gate.store.sealed import Place, Sealer
    from appliance.gate.store.signing import Signer, verified

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "0123456789abcdef"
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
WORKDAYS = Schedule((Period(frozenset({Weekday.MONDAY}), 420, 1320),))
SEALER = Sealer(bytes(32))


class _Root:
    identity = "fuzz"

    def key(self) -> bytes:
        return bytes(32)


SIGNER = Signer(_Root())


def _same(one: object, other: object) -> None:
    if one != other:
        raise AssertionError(f"{one!r} came back as {other!r}")


def _resident(content: bytes) -> None:
    found = Resident.decode(NAME, content)
    _same(found, Resident.decode(NAME, found.encode()))


def _credential(content: bytes) -> None:
    found = Credential.decode(content)
    _same(found, Credential.decode(found.encode()))


def _consent(content: bytes) -> None:
    found = Consent.decode(content)
    _same(found, Consent.decode(found.encode()))


def _reference(content: bytes) -> None:
    found = Reference.decode(NAME, content)
    _same(found.vector.tobytes(), Reference.decode(NAME, found.encode()).vector.tobytes())


def _event(content: bytes) -> None:
    _same(AuditEvent.parse(content).canonical().encode(), content)


def _claims(content: bytes) -> None:
    try:
        claims = json.loads(content)
    except (ValueError, RecursionError):
        return
    if isinstance(claims, dict):
        Checkpoint.parse(claims)


def _marks(content: bytes) -> None:
    Head.parse(content[:32], content[32:])
    raise AssertionError("a mark without its HMAC was taken")


def _origin(content: bytes) -> None:
    Origin.parse(content[:32], content[32:])
    raise AssertionError("a mark without its HMAC was taken")


def _manifest(content: bytes) -> None:
    found = Manifest.open(SEALER, SEALER.seal(content, HERE))
    _same(found, Manifest.open(SEALER, found.seal(SEALER)))


def _sealed(content: bytes) -> None:
    SEALER.open(content, Place("person", NAME, "record", 1, 1))
    raise AssertionError("a field nobody sealed was opened")


def _operator(content: bytes) -> None:
    found = Record.decode(content)
    _same(found, Record.decode(found.encode()))


def _hours(content: bytes) -> None:
    found = hours(content.decode("utf-8", "replace"))
    _same(found, hours(schedule_text(found)))


def _traces(content: bytes) -> None:
    found = Traces.decode(content)
    _same(len(found), len(Traces.decode(found.encode())))


def _header(content: bytes) -> None:
    backup_format.read_header(content)


def _receipt(content: bytes) -> None:
    receipt.check(content.decode("latin-1"), SIGNER.public_key)


def _token(content: bytes) -> None:
    verified(SIGNER.public_key, "checkpoint", content.decode("latin-1"))


TARGETS: tuple[Callable[[bytes], None], ...] = (
    _resident,
    _credential,
    _consent,
    _reference,
    _event,
    _claims,
    _marks,
    _origin,
    _manifest,
    _sealed,
    _operator,
    _hours,
    _traces,
    _header,
    _receipt,
    _token,
)


def one_input(content: bytes) -> None:
    """Read one input by the parser its first byte names.

    From 0x80 on the rest is no text but a plan: which fields of a good one get which values.
    Without that, most inputs die as no JSON.
    """
    if not content:
        return
    target = content[0] % len(TARGETS)
    rest = content[1:]
    if content[0] >= 0x80:
        rest = _planned(target, rest)
    try:
        TARGETS[target](rest)
    except SanmenError:
        return


def _planned(target: int, plan: bytes) -> bytes:
    good = GOOD[target]
    length = b""
    tail = b""
    if TARGETS[target] is _reference:
        end = 4 + int.from_bytes(good[:4], "big")
        good, tail = good[4:end], good[end:]
    try:
        fields = json.loads(good)
    except ValueError:
        return plan
    data = atheris.FuzzedDataProvider(plan)
    for _ in range(data.ConsumeIntInRange(1, 3)):
        _spoil(fields, data)
    made = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
    if TARGETS[target] is _reference:
        length = len(made).to_bytes(4, "big")
    return length + made + tail


def _spoil(fields: Any, data: atheris.FuzzedDataProvider) -> None:  # noqa: ANN401 - JSON
    """Put a value into one place, however deep."""
    while True:
        places = sorted(fields) if isinstance(fields, dict) else list(range(len(fields)))
        if not places:
            return
        place = places[data.ConsumeIntInRange(0, len(places) - 1)]
        inside = fields[place]
        if isinstance(inside, dict | list) and inside and data.ConsumeBool():
            fields = inside
            continue
        fields[place] = _value(data)
        return


def _value(data: atheris.FuzzedDataProvider) -> Any:  # noqa: ANN401 - JSON
    kind = data.ConsumeIntInRange(0, 9)
    if kind < len(VALUES):
        return VALUES[kind]
    if kind == len(VALUES):
        return data.ConsumeUnicode(40)
    if kind == len(VALUES) + 1:
        return data.ConsumeInt(9)
    if kind == len(VALUES) + 2:
        return data.ConsumeFloat()
    return [_value(data)] if data.ConsumeBool() else {data.ConsumeUnicode(9): _value(data)}


VALUES = (None, True, "", "9999-12-31T23:59:59-23:59", "00" * 16, float("inf"))


def seeds() -> list[bytes]:
    """Return what each parser takes, to start from."""
    profile = Profile(
        "1-101", "Li 李", frozenset({"card", "face"}), NOON, None, schedule_text(ALWAYS)
    )
    consent = Consent("v1", "entry", GivenBy.SELF, NOON, NOON + timedelta(days=365), "signed")
    vector = np.zeros(8, np.float32)
    vector[0] = 1.0
    event = AuditEvent("entry.granted", NOON, "gate 1", "card", "granted", NAME, {"n": "1"})
    claims = {"gate": "00", "sequence": 1, "chain": "00" * 32, "at": NOON.isoformat()}
    header = backup_format.Header("0" * 32, "0" * 32, SIGNER.public_key.hex(), "0" * 64, 1)
    tallies = dict.fromkeys(COVERED, Tally(1, 2))
    place = Place("person", NAME, "record", 1, 1)
    return [
        bytes([number]) + content
        for number, content in enumerate(
            (
                Resident(NAME, profile, look_alikes=frozenset({NAME})).encode(),
                Credential(CredentialKind.CARD, bytes(16), key=bytes(16), uid=bytes(7)).encode(),
                replace(consent, earlier=(consent,)).encode(),
                Reference(vector, "recipe", 80, NOON.isoformat(), 1).encode(),
                event.canonical().encode(),
                json.dumps({**claims, "witness": 1, "previous": None}).encode(),
                bytes(32) + Head(1, bytes(32), 1, 1, 0).pack(b"\1" * 32),
                bytes(32) + b"\0" * 72,
                SEALER.open(Manifest(1, tallies).seal(SEALER), HERE),
                Sealer(b"\1" * 32).seal(b"record", place),
                json.dumps(
                    {
                        "name": "li",
                        "role": "manager",
                        "pin": PinHash.make("482913").encode(),
                        "failures": 0,
                        "paused_until": NOON.isoformat(),
                    }
                ).encode(),
                schedule_text(WORKDAYS).encode(),
                Traces.of([b"x" * 64]).encode(),
                backup_format.seal_file(header, b"content", SIGNER, b"\x09" + bytes(31)),
                receipt.issue(SIGNER, receipt.KINDS[0], {"a": 1}).token.encode(),
                SIGNER.sign("checkpoint", claims).encode(),
            )
        )
    ]


GOOD = [seed[1:] for seed in seeds()]


def main() -> None:
    """Write the seeds into the corpus folder, if one is given, and fuzz."""
    folders = [one for one in sys.argv[1:] if not one.startswith("-")]
    if folders:
        from pathlib import Path  # noqa: PLC0415 - only here

        folder = Path(folders[0])
        folder.mkdir(exist_ok=True, parents=True)
        planned = [bytes([0x80 + n]) + bytes(range(64)) for n in range(len(TARGETS))]
        for number, seed in enumerate([*seeds(), *planned]):
            (folder / f"seed-{number}").write_bytes(seed)
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
