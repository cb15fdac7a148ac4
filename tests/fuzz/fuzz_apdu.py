"""Fuzzes all that takes bytes of a card: `python tests/fuzz/fuzz_apdu.py -max_total_time=600`.

Half of the inputs replace whole answers, half bend the answers of a true card, so that also the
steps after the proof of the key are reached. A conversation must end in an outcome, and only an
untouched one may be proven.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[2]))
with atheris.instrument_imports(include=["appliance.gate.credential"]):
    from appliance.gate.credential.apdu import Steps, UnexpectedError
    from appliance.gate.credential.card import Desfire
    from appliance.gate.credential.card_layout import CardFile, Site
    from appliance.gate.credential.card_personalise import personalise
    from appliance.gate.credential.scheme import CardKey, Finding
    from appliance.gate.credential.secure_messaging import MessagingError
from appliance.errors import CardError
from hardware.reader_pcsc import technology
from hardware.sim.card import SoftCard
from hardware.sim.card_memory import Memory

SITE = Site(bytes.fromhex("F5534D"), bytes(4))
UID = bytes.fromhex("04782E21801D80")
MASTER = b"an issuing key!!"
FILE = CardFile(SITE.community, bytes(range(16)), 1)
MOST = 40


def drive(steps: Steps[object], data: atheris.FuzzedDataProvider, card: SoftCard) -> None:
    for _ in range(MOST):
        if not steps.command:
            return
        steps.answer(bent(data, card.transmit(steps.command))[0])


def bent(data: atheris.FuzzedDataProvider, answer: bytes) -> tuple[bytes, bool]:
    """Return an answer as it is, bent, or made up; and whether it differs."""
    choice = data.ConsumeIntInRange(0, 7)
    if choice < 4:
        made = answer
    elif choice == 4 and answer:
        place = data.ConsumeIntInRange(0, len(answer) - 1)
        flip = data.ConsumeIntInRange(1, 255)
        made = answer[:place] + bytes([answer[place] ^ flip]) + answer[place + 1 :]
    elif choice == 5:
        made = answer[: data.ConsumeIntInRange(0, len(answer))]
    elif choice == 6:
        made = data.ConsumeBytes(data.ConsumeIntInRange(0, 40)) + answer[-2:]
    else:
        made = data.ConsumeBytes(data.ConsumeIntInRange(0, 300))
    return made, made != answer


def issued() -> SoftCard:
    card = SoftCard(Memory(UID))
    steps = Steps(personalise(UID, SITE, MASTER, FILE))
    while steps.command:
        steps.answer(card.transmit(steps.command))
    return card


def target(card: SoftCard, held: CardKey, content: bytes) -> None:
    data = atheris.FuzzedDataProvider(content)
    kind = data.ConsumeIntInRange(0, 4)
    if kind == 0:
        technology(data.ConsumeBytes(40))
    elif kind == 1:
        card.transmit(data.ConsumeBytes(300))  # no answer may break the software card either
        card.reset()
    elif kind == 2:
        blank = SoftCard(Memory(UID))
        try:
            drive(Steps(personalise(UID, SITE, MASTER, FILE)), data, blank)
        except (UnexpectedError, MessagingError, CardError):
            return
    else:
        card.reset()
        talk = Desfire(SITE).begin(UID, lambda _: held)
        early = {1, 2, 3}  # GetVersion is unprotected; its UID is proven later
        for count in range(MOST):
            if talk.outcome is not None:
                break
            answer, differs = bent(data, card.transmit(talk.command))
            talk.answer(answer)
            if differs and count not in early and count != 5:
                early = set()
                assert talk.outcome is None or talk.outcome.finding is not Finding.PROVEN
        assert talk.outcome is not None


def main() -> None:
    card = issued()
    held = CardKey(card.memory.applications[SITE.application].keys[1], FILE.card_id, 1)

    def one(content: bytes) -> None:
        target(card, held, content)

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
