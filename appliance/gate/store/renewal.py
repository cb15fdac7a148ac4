"""Renewal: one command turns every reference anew and gives everybody a new key, nobody enrols.

What an old copy of the store holds then fits nothing in the new one: not its keys, not its
references. People are done in batches while others read; each reference says by which rotation it
was turned, so that a gallery in the middle of it is whole, and a power cut leaves nobody between.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from appliance.errors import SealBrokenError
from appliance.gate.store.keyring import KEY_COLUMNS
from appliance.gate.store.keys import expand
from appliance.gate.store.reference import Reference
from appliance.gate.store.rotation import Rotation
from appliance.gate.store.rows import credential_column

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from appliance.gate.store.rows import PersonKey
    from appliance.gate.store.schema import Store

META = "renewal"
BATCH = 100
NUMBER_BYTES = 8


class Rotations:
    """The rotations of one gate's references, one for each renewal and dimension."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._drawn: dict[tuple[int, int], Rotation] = {}

    @property
    def current(self) -> int:
        """Number of the rotation in force: how often the gate was renewed."""
        return _state(self._store)[0]

    def turn(self, vector: NDArray[np.float32], number: int) -> NDArray[np.float32]:
        """Return a vector turned by one rotation."""
        return self._rotation(number, vector.shape[0]).turn(vector)

    def bring(self, reference: Reference, number: int) -> Reference:
        """Return a reference turned by rotation `number`; if another did before, that is wiped."""
        if reference.turned_by == number:
            return reference
        plain = self._rotation(reference.turned_by, reference.vector.shape[0]).turn_back(
            reference.vector
        )
        turned = self.turn(plain, number)
        plain.fill(0.0)
        reference.vector.fill(0.0)
        return replace(reference, vector=turned, turned_by=number)

    def _rotation(self, number: int, dimension: int) -> Rotation:
        # Drawing the matrix takes tens of milliseconds: once per recipe, not once per visit.
        if (number, dimension) not in self._drawn:
            key = self._store.rotation_key
            if number:
                key = expand(key, f"sanmen/1/renewal/{number}")
            self._drawn[number, dimension] = Rotation(key, dimension)
        return self._drawn[number, dimension]


def renew(store: Store) -> int:
    """Put a new rotation and new keys in place of the old ones, while others read and write.

    Stopped in the middle, it leaves everybody readable and comparable; the next opening of the
    store, or the next call, goes on.

    Returns:
        How often this gate was renewed.

    Raises:
        StoreError: somebody's row does not open, or the disk refuses.

    """
    finish(store)
    with store.transaction():
        number = _state(store)[0] + 1
        since = store.keyring.draw()
        state = number.to_bytes(NUMBER_BYTES, "big") + since.to_bytes(NUMBER_BYTES, "big")
        store.set_meta(META, store.seal_own("meta", b"", META, 1, state))
    finish(store)
    return number


def unfinished(store: Store) -> bool:
    """Say whether a power cut stopped a renewal or a rotation of keys."""
    since = _state(store)[1]
    return bool(
        store.rows("SELECT 1 FROM kek LIMIT 1 OFFSET 1")
        or store.rows("SELECT 1 FROM person WHERE born < ? LIMIT 1", (since,))
    )


def finish(store: Store) -> None:
    """Do what is left of a renewal, batch by batch, and destroy the older keys."""
    number, since = _state(store)
    rotations = Rotations(store)
    while _renew_some(store, rotations, number, since):
        pass
    store.keyring.finish()


def _renew_some(store: Store, rotations: Rotations, number: int, since: int) -> bool:
    with store.transaction():
        some = store.rows(
            f"""SELECT {KEY_COLUMNS}, revision, record FROM person
            WHERE born < ? LIMIT {BATCH}""",  # noqa: S608 - our own words
            (since,),
        )
        for *columns, revision, record in some:
            old = store.keyring.open(tuple(columns))
            new, wrapped = store.keyring.new_person(old.pseudonym)
            content = old.open(record, "person", "record", revision)
            store.execute(
                "UPDATE person SET kek = ?, born = ?, dek = ?, record = ? WHERE pseudonym = ?",
                (
                    new.born,
                    new.born,
                    wrapped,
                    new.seal(content, "person", "record", revision),
                    old.pseudonym,
                ),
            )
            _reseal(store, old, new)
            _turn(store, rotations, number, old, new)
    return bool(some)


def _reseal(store: Store, old: PersonKey, new: PersonKey) -> None:
    name = old.pseudonym
    for lookup, revision, sealed in store.rows(
        "SELECT lookup, revision, sealed FROM credential WHERE pseudonym = ?", (name,)
    ):
        field = ("credential", credential_column(lookup), revision)
        store.execute(
            "UPDATE credential SET sealed = ? WHERE lookup = ?",
            (new.seal(old.open(sealed, *field), *field), lookup),
        )
    for revision, sealed in store.rows(
        "SELECT revision, sealed FROM consent WHERE pseudonym = ?", (name,)
    ):
        field = ("consent", "sealed", revision)
        store.execute(
            "UPDATE consent SET sealed = ? WHERE pseudonym = ?",
            (new.seal(old.open(sealed, *field), *field), name),
        )


def _turn(store: Store, rotations: Rotations, number: int, old: PersonKey, new: PersonKey) -> None:
    name = old.pseudonym
    for revision, sealed in store.rows(
        "SELECT revision, sealed FROM reference WHERE pseudonym = ?", (name,)
    ):
        with old.reference(revision, sealed) as content:
            reference = rotations.bring(Reference.decode(name, content), number)
        turned = reference.encode()
        reference.vector.fill(0.0)
        store.execute(
            "UPDATE reference SET sealed = ? WHERE pseudonym = ?",
            (new.seal(turned, "reference", "sealed", revision), name),
        )


def _state(store: Store) -> tuple[int, int]:
    """Return how often the gate was renewed, and the first KEK of the last renewal."""
    sealed = store.meta(META)
    if sealed is None:
        return 0, 0
    content = store.open_own("meta", b"", META, 1, sealed)
    if len(content) != 2 * NUMBER_BYTES:
        raise SealBrokenError("renewal", f"{len(content)} bytes", f"{2 * NUMBER_BYTES} bytes")
    return (
        int.from_bytes(content[:NUMBER_BYTES], "big"),
        int.from_bytes(content[NUMBER_BYTES:], "big"),
    )
