"""Keys and encryption.

Every field a person wrote is sealed with AES-256-GCM under that person's own data key, so that forgetting the key
forgets them in every copy of the database. Data keys are wrapped by the one key in the key file, which is kept apart
from the database. The place of a field (person, table, row, field) is bound in as associated data: a sealed field that
was moved elsewhere does not open.

This module knows bytes and names; it knows no table and no database.
"""

from __future__ import annotations

import base64
import binascii
import os
import stat
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import constant_time
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from storage.faults import Unreadable, VaultLocked

_FORMAT = b"\x01"  # leads every sealed field and wrapped key, so that another cipher can follow one day
_NONCE = 12  # bytes; NIST SP 800-38D: random 96-bit nonces are safe for 2**32 uses of a key, far above one person's fields
_KEY = 32
_KEY_ID = 4
_FILE_MARK = "brokercoach-key-1"
_BLIND_MARK = "brokercoach-blind-1"
_OLD_MARK = "brokercoach-old-1"
_KEYS_AT_HAND = 10_000  # unwrapped data keys held in memory, about 1 kB each


class DataKey:
    """One person's key."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, *, person: str, table: str, row: str, field: str, text: str) -> bytes:
        # "replace": a lone surrogate is legal in JSON and in str, but has no bytes; the edges clean it, this never crashes on it
        return _encrypt(self._cipher, text.encode("utf-8", "replace"), _place(person, table, row, field))

    def open(self, *, person: str, table: str, row: str, field: str, sealed: bytes) -> str:
        try:
            return _decrypt(self._cipher, sealed, _place(person, table, row, field)).decode("utf-8")
        except InvalidTag:
            raise Unreadable(
                f"{field} of {table} {row} cannot be read: altered, or sealed for another place; restore the database from a backup"
            ) from None


class Ring(NamedTuple):
    """What a key file holds: the key in use, what addresses are blinded with, and older keys while a rotation goes on.

    The blinding stays when the key is changed: what was forgotten or is looked for while both keys are about must read the same.
    """

    key: bytes
    blinding: bytes
    older: tuple[bytes, ...] = ()

    def __repr__(self) -> str:
        return f"<the ring of key {_key_id(self.key).hex()}>"


class Vault:
    """The keys of the key file, and what hangs on them: people's data keys and the blind index.

    With a `path`, the file is read again as soon as it has changed: another process may be rotating the key.
    """

    def __init__(self, key: bytes | Ring, path: Path | None = None) -> None:
        self._path = path
        self._seen = _stamp(path)
        self._use(key if isinstance(key, Ring) else Ring(key, _derived(key, b"brokercoach blind index", _KEY)))
        self._unwrapped = lru_cache(_KEYS_AT_HAND)(self._unwrap)

    def _use(self, ring: Ring) -> None:
        self._ring = ring
        self._ciphers = {_key_id(key): AESGCM(key) for key in (*ring.older, ring.key)}

    @property
    def id(self) -> bytes:
        """Names the key in use."""
        self._refresh()
        return _key_id(self._ring.key)

    @classmethod
    def open(cls, path: Path, create: bool) -> Vault:
        """The vault of a key file. `create` says that there is nothing yet that an older key would have to open."""
        try:
            text = _read(path)
        except FileNotFoundError:
            if not create:
                raise VaultLocked(
                    f"the key file {path} is missing; restore it from your backup; without it the logbook cannot be read"
                ) from None
            return cls(_make(path), path)
        except OSError as error:
            raise VaultLocked(f"the key file {path} cannot be read ({error.strerror}); make it readable for this user") from None
        ring = _parsed(text)
        if ring is None:
            remedy = "delete it, nothing was sealed with it yet" if create else "restore it from your backup"
            raise VaultLocked(f"the key file {path} holds no valid key; {remedy}")
        return cls(ring, path)

    def new_key(self, person: str) -> tuple[bytes, DataKey]:
        """A fresh data key, wrapped for keeping and ready for use."""
        key = AESGCM.generate_key(_KEY * 8)
        return self._wrap(person, key), DataKey(key)

    def unwrap(self, person: str, wrapped: bytes) -> DataKey:
        return self._unwrapped(person, wrapped)

    def drop_keys(self) -> None:
        """Lets go of every unwrapped key in memory."""
        self._unwrapped.cache_clear()

    def blind(self, text: str) -> bytes:
        """Equal for equal texts, and tells nothing else to whoever lacks the key: for exact look-up of what is sealed."""
        mac = HMAC(self._ring.blinding, SHA256())
        mac.update(text.encode("utf-8", "replace"))
        return mac.finalize()

    # --- another key

    def begin_rotation(self) -> None:
        """A new key is in use from here on; the one before stays in the file until `end_rotation`. One that is going on is gone on with."""
        self._refresh()
        if not self._ring.older:
            key = AESGCM.generate_key(_KEY * 8)
            self._write(Ring(key, self._ring.blinding, (self._ring.key,)))

    def rewrap(self, person: str, wrapped: bytes) -> bytes | None:
        """The same data key under the key in use; None when it is so already."""
        if wrapped[:_KEY_ID] == self.id:
            return None
        return self._wrap(person, self._opened(person, wrapped))

    def holds(self, wrapped: bytes) -> bool:
        """Whether this was wrapped with a key that the file still holds."""
        self._refresh()
        return wrapped[:_KEY_ID] in self._ciphers

    def end_rotation(self) -> None:
        """Lets go of the older keys. To be called when nothing is wrapped with them any more."""
        self._write(self._ring._replace(older=()))

    def _wrap(self, person: str, key: bytes) -> bytes:
        return self.id + _encrypt(self._ciphers[_key_id(self._ring.key)], key, _key_place(person))

    def _unwrap(self, person: str, wrapped: bytes) -> DataKey:
        return DataKey(self._opened(person, wrapped))

    def _opened(self, person: str, wrapped: bytes) -> bytes:
        key_id, sealed = wrapped[:_KEY_ID], wrapped[_KEY_ID:]
        if key_id not in self._ciphers:
            self._refresh()
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise VaultLocked(
                f"the key file holds key {_key_id(self._ring.key).hex()}, the logbook was written with key {key_id.hex()}; "
                "restore that key file from your backup"
            )
        try:
            return _decrypt(cipher, sealed, _key_place(person))
        except InvalidTag:
            raise Unreadable(f"the key of person {person} cannot be opened: it was altered; restore the database from a backup") from None

    def _refresh(self) -> None:
        """Takes up a key file that was changed under us; one that cannot be read just now changes nothing."""
        if self._path is None or (stamp := _stamp(self._path)) == self._seen:
            return
        try:
            ring = _parsed(_read(self._path))
        except (OSError, VaultLocked):
            return
        if ring is not None:
            self._use(ring)
            self._seen = stamp

    def _write(self, ring: Ring) -> None:
        if self._path is None:
            raise VaultLocked("a key that stands in no file cannot be changed")
        _replace(self._path, ring)
        self._use(ring)
        self._seen = _stamp(self._path)


def _place(person: str, table: str, row: str, field: str) -> bytes:
    if "|" in person or "|" in table or "|" in field:  # only a row may hold one: so no two places read the same
        raise ValueError("a person, table or field with | in its name")
    return f"{person}|{table}|{row}|{field}".encode("utf-8", "replace")


def _key_place(person: str) -> bytes:
    return f"person|{person}|key".encode("utf-8", "replace")


def _encrypt(cipher: AESGCM, plain: bytes, place: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return _FORMAT + nonce + cipher.encrypt(nonce, plain, place)


def _decrypt(cipher: AESGCM, sealed: bytes, place: bytes) -> bytes:
    start = len(_FORMAT) + _NONCE
    if not sealed.startswith(_FORMAT) or len(sealed) < start:
        raise InvalidTag
    return cipher.decrypt(sealed[len(_FORMAT) : start], sealed[start:], place)


def _derived(key: bytes, purpose: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=purpose).derive(key)


def _key_id(key: bytes) -> bytes:
    return _derived(key, b"brokercoach key id", _KEY_ID)


# --- the key file: a line of mark, key id (derived from the key, so a typing error shows) and the key in base64. After a first rotation
# a line with the blinding follows, and while one goes on, a line for the key before.


def _stamp(path: Path | None) -> tuple[int, int, int] | None:
    try:
        found = path.stat() if path else None
    except OSError:
        return None
    return found and (found.st_mtime_ns, found.st_ino, found.st_size)


def _read(path: Path) -> str:
    with path.open("rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise VaultLocked(f"the key file {path} is open to other users; run: chmod 600 {path}")
        return file.read(4096).decode("ascii", "replace")


def _parsed(text: str) -> Ring | None:
    found: dict[str, list[bytes]] = {_FILE_MARK: [], _BLIND_MARK: [], _OLD_MARK: []}
    for line in text.splitlines():
        match line.split():
            case []:
                continue
            case [mark, key_id, encoded] if mark in found:
                key = _decoded(encoded)
                if key is None or not constant_time.bytes_eq(_key_id(key).hex().encode(), key_id.encode()):
                    return None
                found[mark].append(key)
            case _:
                return None
    if len(found[_FILE_MARK]) != 1 or len(found[_BLIND_MARK]) > 1:
        return None
    [key] = found[_FILE_MARK]
    blinding = found[_BLIND_MARK][0] if found[_BLIND_MARK] else _derived(key, b"brokercoach blind index", _KEY)
    return Ring(key, blinding, tuple(found[_OLD_MARK]))


def _decoded(encoded: str) -> bytes | None:
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if len(key) == _KEY else None


def _line(mark: str, key: bytes) -> str:
    return f"{mark} {_key_id(key).hex()} {base64.b64encode(key).decode()}\n"


def _make(path: Path) -> bytes:
    key = AESGCM.generate_key(_KEY * 8)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _put(path, _line(_FILE_MARK, key))
        _sync_folder(path.parent)
    except OSError as error:
        raise VaultLocked(f"the key file {path} cannot be made ({error.strerror}); choose a folder that can be written to") from None
    return key


def _replace(path: Path, ring: Ring) -> None:
    """All at once: a crash leaves the file before or the file after."""
    new = path.with_name(f"{path.name}.new")
    lines = [_line(_FILE_MARK, ring.key), _line(_BLIND_MARK, ring.blinding), *(_line(_OLD_MARK, key) for key in ring.older)]
    try:
        new.unlink(missing_ok=True)
        _put(new, "".join(lines))
        new.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise VaultLocked(f"the key file {path} cannot be changed ({error.strerror}); make its folder writable for this user") from None


def _put(path: Path, text: str) -> None:
    file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        os.write(file, text.encode())
        os.fsync(file)
    finally:
        os.close(file)


def _sync_folder(folder: Path) -> None:
    """A file's name must survive a power loss too; other systems than POSIX do not open folders."""
    if os.name != "posix":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
