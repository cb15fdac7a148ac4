"""The whole life of a resident on the real screen of the real program, from arrival to erasure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from appliance.clock import SystemClock
from appliance.gate.credential.pass_token import PhoneKey
from appliance.gate.enrolment.receipt import CONSENT, ERASURE, check
from tests.scenarios.life import Finger, Gate, Street

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

PIN = "482915"
HOUSEHOLD = "3-1-1201"
FRONT, LEFT, RIGHT, TURNING = 9.6, 14.8, 5.9, 0.3
"""Seconds of the clip: she looks ahead, to her left, to her right, and turns."""
RUNNING = "document.querySelector('.parts .is-running span')?.textContent.trim() ?? '正面'"
"""The part that is looked at; the trial at the end is one from the front."""
TRIES = 8
"""People try again; on a machine with other work too few pictures may be looked at in time."""


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    one = Gate(tmp_path)
    yield one
    one.close()
    print(*one.lines, sep="")  # noqa: T201 - shown if the test fails


class Life:
    """What happens to one resident, chapter after chapter."""

    def __init__(self, gate: Gate, chromium: Browser) -> None:
        self.gate = gate
        self.street = Street(gate.folder)
        self.clock = SystemClock()
        self.phone = PhoneKey.create()
        self.receipts: list[str] = []
        for card in ("manager", "hers", "stranger"):
            self.street.blank(card)
        self.finger = Finger(chromium, gate.until("screen: http").split()[-1])
        gate.until("vision: ready")

    def first_manager(self) -> None:
        finger = self.finger
        finger.sees("idle")
        finger.touch("staff")
        finger.sees("staff.card")
        finger.touch("first")
        finger.sees("first.name")
        finger.spell("wang", "王")
        finger.touch("next")
        finger.sees("first.card")
        self.street.hold("manager")
        finger.sees("first.pin")
        self.street.take()
        finger.keys(PIN)
        finger.touch("next")
        finger.sees("first.pin-again")
        finger.keys(PIN)
        finger.touch("next")
        finger.sees("manager.home")
        finger.touch("lock")
        finger.sees("idle")

    def manager_comes(self) -> None:
        finger = self.finger
        finger.touch("staff")
        finger.sees("staff.card")
        self.street.hold("manager")
        finger.sees("staff.pin")
        self.street.take()
        finger.keys(PIN)
        finger.touch("next")
        finger.sees("manager.home")

    def enrolled_with_card_and_phone(self) -> None:
        finger = self.finger
        finger.touch("enrol")
        finger.sees("enrol.household")
        finger.keys(HOUSEHOLD)
        finger.touch("next")
        finger.tells("enrol.person", HOUSEHOLD, "住户1")
        finger.touch("identity")
        finger.touch("adult")
        finger.touch("next")
        finger.sees("enrol.methods")
        finger.touch("phone")
        finger.touch("next")
        finger.sees("enrol.card")
        self.street.hold("hers")
        finger.sees("enrol.phone")
        self.street.take()
        self.street.show(self.phone.enrolment(self.clock.wall()))
        finger.sees("enrol.saved")
        self.street.nobody()
        finger.touch("no-finish")
        finger.sees("manager.home")
        finger.touch("lock")
        finger.sees("idle")

    def passes_with_card(self) -> None:
        self.street.hold("hers")
        self.finger.sees("granted")
        self.street.take()
        self.gate.until("card: ENTER")
        self.finger.sees("idle")

    def passes_with_code(self) -> None:
        self.finger.touch("code")
        self.finger.sees("code")
        self.street.show(self.phone.sign(self.clock.wall()))
        self.finger.sees("granted")
        self.street.nobody()
        self.gate.until("qr: ENTER")
        self.finger.sees("idle")

    def opened_by_the_manager(self) -> None:
        finger = self.finger
        finger.touch("find")
        finger.sees("find.household")
        finger.keys(HOUSEHOLD)
        finger.touch("next")
        finger.tells("find.list", HOUSEHOLD)
        finger.touch("open")
        finger.sees("person.show")

    def face_is_added(self) -> None:
        finger, street = self.finger, self.street
        finger.touch("add-face")
        finger.sees("person.age")
        finger.touch("adult")
        finger.sees("enrol.notice")
        self._reads_the_notice()
        finger.sees("enrol.consent")
        finger.touch("consent-yes")
        finger.sees("enrol.confirm")
        street.hold("stranger")  # nobody's card is a consent but her own
        finger.tells("enrol.confirm", "这张卡未登记")
        street.take()
        street.hold("hers")
        finger.sees("enrol.glasses")
        street.take()
        street.stand(FRONT)
        finger.touch("glasses-no")
        self._is_looked_at()
        finger.tells("enrol.done", "使用中")
        self.receipts.append(finger.code())
        street.nobody()
        finger.touch("done")
        finger.sees("manager.home")
        finger.touch("lock")
        finger.sees("idle")

    def _reads_the_notice(self) -> None:
        """Turn leaf after leaf: consent is asked only of who has seen all."""
        finger = self.finger
        for _ in range(30):
            onward = finger.page.locator('footer button[value="read"]:not([disabled])')
            if onward.count():
                break
            shown = finger.page.locator("dl.notice").inner_text()
            finger.tap("[data-after]")
            finger.when(
                lambda shown=shown: finger.page.locator("dl.notice").inner_text() != shown,
                "the next leaf of the notice",
            )
        finger.touch("read")

    def _is_looked_at(self) -> None:
        """Turn the head as the screen asks, and begin a part again that was not taken."""
        finger, street = self.finger, self.street
        parts = {"正面": FRONT, "稍向左": LEFT, "稍向右": RIGHT}
        asked = "正面"
        while True:
            screen = finger.first_of("enrol.done", "enrol.trial", "enrol.capture")
            if screen == "enrol.done":
                return
            if finger.page.locator('button[value="again"]').count():
                finger.touch("again")
            now = finger.page.evaluate(RUNNING)
            if now != asked and now in parts:
                asked = now
                street.stand(parts[now])
            finger.page.wait_for_timeout(50)

    def passes_with_face(self) -> None:
        finger, street = self.finger, self.street
        for _ in range(TRIES):
            street.stand(TURNING)
            finger.first_of("face", "granted")
            screen = finger.first_of("granted", "refused", "idle")
            street.nobody()
            if screen == "granted":
                break
            finger.sees("idle")
        self.gate.until("face: ENTER")
        finger.sees("idle")

    def opens_own_data(self) -> None:
        finger, street = self.finger, self.street
        finger.touch("my-data")
        finger.sees("my.open")
        street.hold("hers")
        finger.sees("my.home")
        street.take()

    def freezes_thaws_and_withdraws(self) -> None:
        finger = self.finger
        finger.tells("my.home", "使用中")
        finger.touch("freeze")
        finger.sees("my.frozen")
        finger.touch("done")
        finger.tells("my.home", "已暂停")
        finger.touch("thaw")
        finger.tells("my.home", "使用中")
        finger.touch("withdraw")
        finger.sees("my.withdraw")
        finger.touch("withdraw-yes")
        finger.tells("my.receipt", "人脸特征", "读回未发现")
        self.receipts.append(finger.code())
        finger.touch("done")
        finger.tells("my.home", "已撤回")
        finger.touch("leave")
        finger.sees("idle")

    def is_erased(self) -> None:
        finger = self.finger
        finger.touch("erase")
        finger.sees("erase.what")
        finger.touch("erase-all")
        finger.sees("erase.household")
        finger.keys("3-1-1202")
        finger.touch("next")
        finger.tells("erase.household", "没有这一户")
        finger.keys(HOUSEHOLD)
        finger.touch("next")
        finger.tells("erase.receipt", "全部资料", "读回未发现")
        self.receipts.append(finger.code())
        finger.touch("done")
        finger.sees("manager.home")
        finger.touch("lock")
        finger.sees("idle")

    def is_nobody_any_more(self) -> None:
        self.street.hold("hers")
        self.finger.sees("refused")
        self.street.take()
        self.gate.until("card: refused")
        self.finger.sees("idle")

    def receipts_are_true(self) -> None:
        """Check them as anybody can who has the gate's public key."""
        self.finger.close()
        assert self.gate.stop() == 0
        key = self.gate.public_key()
        consent, withdrawal, erasure = self.receipts
        for receipt in self.receipts:
            told = self.gate.say("receipt", "verify", receipt, "--key", key)
            assert "the signature is this gate's" in told
        kinds = [check(one, bytes.fromhex(key)).kind for one in (consent, withdrawal, erasure)]
        assert kinds == [CONSENT, ERASURE, ERASURE]


def test_a_resident_arrives_passes_adds_a_face_withdraws_it_and_is_erased(
    gate: Gate, chromium: Browser
) -> None:
    life = Life(gate, chromium)
    life.first_manager()
    life.manager_comes()
    life.enrolled_with_card_and_phone()
    life.passes_with_card()
    life.passes_with_code()
    life.manager_comes()
    life.opened_by_the_manager()
    life.face_is_added()
    life.passes_with_face()
    life.opens_own_data()
    life.freezes_thaws_and_withdraws()
    life.manager_comes()
    life.opened_by_the_manager()
    life.is_erased()
    life.is_nobody_any_more()
    life.receipts_are_true()
