"""One person, two doors: a code made at one door and typed at the other, once and soon. A code may also make a mentor of whoever types it.

A code is a name of four letters and a secret of six digits, BCDF-123456. The name finds the row; of the secret only a salted hash
is kept, and five wrong ones burn the code. Ten minutes and five tries leave one chance in 200,000 to whoever has learnt the name.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, delete, func, select, update

from bot.model import Claimed, Inbound, PersonId, Platform
from storage import erasing, people, sharing
from storage.database import put
from storage.tables import addresses, entries, inbox, intentions, link_codes, partnerships
from storage.values import INBOUND, Sealer
from storage.vault import Vault

VALID = timedelta(minutes=10)
TRIES = 5
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels: no word can come of it
Makes = Literal["door", "mentor"]  # of whoever types the code: the same person at another door, or their mentor
_CODE = re.compile(rf"([{LETTERS}]{{4}})(\d{{6}})")


def offer(connection: Connection, sealer: Sealer, at: datetime, makes: Makes = "door") -> str:
    """A fresh code, which takes the place of an open one."""
    name = "".join(secrets.choice(LETTERS) for _ in range(4))
    secret = f"{secrets.randbelow(10**6):06}"
    salt = secrets.token_bytes(16)
    connection.execute(delete(link_codes).where((link_codes.c.until < at) | (link_codes.c.name == name)))
    row = {"person_id": sealer.person, "name": name, "salt": salt, "digest": _digest(salt, secret), "until": at + VALID, "tries": 0}
    put(connection, link_codes, row | {"makes": makes}, changes=("name", "salt", "digest", "until", "tries", "makes"))
    return f"{name}-{secret}"


def claim(connection: Connection, person_id: PersonId, code: str, at: datetime) -> tuple[Claimed, PersonId | None]:
    """What a typed code comes to, and whose it is when it is good. A wrong one is counted."""
    found = _CODE.fullmatch(re.sub(r"[\s-]", "", code).upper())
    row = None
    if found:
        row = connection.execute(select(link_codes).where(link_codes.c.name == found[1], link_codes.c.until > at)).one_or_none()
    if row is None or found is None:
        return "over", None
    if row.tries >= TRIES:
        return "burnt", None
    if not hmac.compare_digest(row.digest, _digest(row.salt, found[2])):
        connection.execute(update(link_codes).where(link_codes.c.name == row.name).values(tries=link_codes.c.tries + 1))
        return ("burnt" if row.tries + 1 >= TRIES else "wrong"), None
    if row.person_id == person_id:
        return "own", None
    if row.makes == "mentor":
        return "mentor", row.person_id
    return ("taken", None) if _has_something(connection, person_id) else ("good", row.person_id)


def join(connection: Connection, vault: Vault, newcomer: Sealer, code: str, platform: Platform, at: datetime) -> Sealer | None:
    """The newcomer's doors go over to whoever made the code, who is returned, and the newcomer is no more.

    None when the code is not good any more.
    """
    claimed, owner = claim(connection, newcomer.person, code, at)
    address = people.door_of(connection, newcomer, platform)
    if claimed != "good" or owner is None or address is None:
        return None
    connection.execute(delete(link_codes).where(link_codes.c.person_id == owner))
    theirs = people.sealer(connection, vault, owner)
    doors = people.addresses_of(connection, newcomer)
    _carry_messages(connection, newcomer, theirs)
    erasing.erase(connection, newcomer.person, at)
    for place, each in doors:
        people.link(connection, vault, theirs, place, each, at)
    people.used(connection, vault, platform, address, at)
    people.note(connection, owner, "linked", at, platform)
    return theirs


def accompany(connection: Connection, mentor: PersonId, code: str, at: datetime) -> bool:
    """Whoever typed the code is the mentor of whoever made it. False when the code is not good any more."""
    claimed, owner = claim(connection, mentor, code, at)
    if claimed != "mentor" or owner is None:
        return False
    connection.execute(delete(link_codes).where(link_codes.c.person_id == owner))
    sharing.set_mentor(connection, owner, mentor, at, "mentor")
    return True


def leave(connection: Connection, vault: Vault, sealer: Sealer, platform: Platform, at: datetime) -> bool:
    """The door that was written from last on a platform is closed. False for the only one."""
    address = people.door_of(connection, sealer, platform)
    doors = connection.scalar(select(func.count()).select_from(addresses).where(addresses.c.person_id == sealer.person)) or 0
    if address is None or doors < 2:
        return False
    people.close_door(connection, vault, platform, address)
    people.note(connection, sealer.person, "unlinked", at, platform)
    return True


def _has_something(connection: Connection, person_id: PersonId) -> bool:
    return sharing.is_mentor(connection, person_id) or any(
        connection.scalar(select(func.count()).select_from(table).where(table.c.person_id == person_id))
        for table in (entries, intentions, partnerships)
    )


def _carry_messages(connection: Connection, newcomer: Sealer, theirs: Sealer) -> None:
    """Messages go over with the door: those still to be read, and the keys of those that were."""
    for row in connection.execute(select(inbox).where(inbox.c.person_id == newcomer.person)).all():
        body = None
        if row.body is not None:
            inbound: Inbound = INBOUND.value(newcomer.open(inbox.c.body, row.body, row.key))
            body = theirs.seal(inbox.c.body, INBOUND.text(inbound), row.key)
        connection.execute(update(inbox).where(inbox.c.key == row.key).values(person_id=theirs.person, body=body))


def _digest(salt: bytes, secret: str) -> bytes:
    return hashlib.scrypt(secret.encode(), salt=salt, n=2**12, r=8, p=1)
