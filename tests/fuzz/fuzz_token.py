"""Fuzzes what strangers can show the gate: `python tests/fuzz/fuzz_token.py -max_total_time=600`.

Nothing may come out but a refusal, and nothing but a known signature may be believed. Inputs are
tried as text, as CBOR behind a true base45, as a payload truly signed by a resident, and as a
grant inside a visitor's true code; the last two get past what forgers do not.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

import atheris
import cbor2

with atheris.instrument_imports():
    from cwt import COSE

    from appliance.gate.credential import wire
    from appliance.gate.credential.findings import Refused
    from appliance.gate.credential.grant import VisitorRules
    from appliance.gate.credential.pass_token import PassVerifier, PhoneKey

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
PHONE, GUEST = PhoneKey.create(), PhoneKey.create()
GATE = PassVerifier({PHONE.key_id: PHONE.public_key}.get, VisitorRules(static=True))
DOMAINS = sorted(set(wire.DOMAINS.values()))


def one_input(content: bytes) -> None:
    """Show one input in one of the ways."""
    way, rest = content[:1], content[1:]
    trusted = False
    if way < b"\x40":
        text = rest.decode("latin-1")
    elif way < b"\x80":
        text = wire.write(rest)
    elif way < b"\xc0":
        trusted = True
        domain = DOMAINS[way[0] % len(DOMAINS)]
        signed = COSE.new().encode_and_sign(
            rest,
            PHONE._cose,
            protected={1: wire.ES256},
            unprotected={wire.KEY_ID: PHONE.key_id},
            external_aad=domain,
        )
        text = wire.write(signed)
    else:
        text = GUEST.sign(NOON, rest)
    found = GATE.verify(text, NOON)
    if not trusted and not isinstance(found, Refused):
        raise AssertionError(f"believed: {content!r}")


def seeds() -> list[bytes]:
    """Return good codes of each kind to start from."""
    grant = PHONE.grant(GUEST.public_key, NOON, NOON + timedelta(hours=1))
    texts = [PHONE.static(NOON, NOON + timedelta(hours=1)), PHONE.withdraw(grant, NOON)]
    texts += [PHONE.sign(NOON), PHONE.enrolment(NOON), GUEST.sign(NOON, grant)]
    stale = [PHONE.sign(NOON - timedelta(hours=1)), GUEST.sign(NOON - timedelta(hours=1), grant)]
    made = [b"\x00" + text.encode() for text in stale]
    made += [b"\x40" + wire.read(text).content for text in stale]
    for text in texts:
        payload = cbor2.loads(wire.read(text).content).value[2]
        made += [bytes([0x80 + n]) + payload for n in range(len(DOMAINS))]
    return made


def main() -> None:
    """Write the seeds into the corpus folder, if one is given, and fuzz."""
    folders = [one for one in sys.argv[1:] if not one.startswith("-")]
    if folders:
        from pathlib import Path  # noqa: PLC0415 - only here

        folder = Path(folders[0])
        folder.mkdir(exist_ok=True, parents=True)
        for number, seed in enumerate(seeds()):
            (folder / f"seed-{number}").write_bytes(seed)
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
