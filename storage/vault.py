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


class Vault:
    """The key of the key file, and what hangs on it: people's data keys and the blind index."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._blinding = _derived(key, b"brokercoach blind index", _KEY)
        self._id = _derived(key, b"brokercoach key id", _KEY_ID)
        self._unwrapped = lru_cache(_KEYS_AT_HAND)(self._unwrap)

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
            return cls(_make(path))
        except OSError as error:
            raise VaultLocked(f"the key file {path} cannot be read ({error.strerror}); make it readable for this user") from None
        key = _parsed(text)
        if key is None:
            remedy = "delete it, nothing was sealed with it yet" if create else "restore it from your backup"
            raise VaultLocked(f"the key file {path} holds no valid key; {remedy}")
        return cls(key)

    def new_key(self, person: str) -> tuple[bytes, DataKey]:
        """A fresh data key, wrapped for keeping and ready for use."""
        key = AESGCM.generate_key(_KEY * 8)
        return self._id + _encrypt(self._cipher, key, _key_place(person)), DataKey(key)

    def unwrap(self, person: str, wrapped: bytes) -> DataKey:
        return self._unwrapped(person, wrapped)

    def drop_keys(self) -> None:
        """Lets go of every unwrapped key in memory."""
        self._unwrapped.cache_clear()

    def blind(self, text: str) -> bytes:
        """Equal for equal texts, and tells nothing else to whoever lacks the key: for exact look-up of what is sealed."""
        mac = HMAC(self._blinding, SHA256())
        mac.update(text.encode("utf-8", "replace"))
        return mac.finalize()

    def _unwrap(self, person: str, wrapped: bytes) -> DataKey:
        key_id, sealed = wrapped[:_KEY_ID], wrapped[_KEY_ID:]
        if key_id != self._id:
            raise VaultLocked(
                f"the key file holds key {self._id.hex()}, the logbook was written with key {key_id.hex()}; "
                "restore that key file from your backup"
            )
        try:
            return DataKey(_decrypt(self._cipher, sealed, _key_place(person)))
        except InvalidTag:
            raise Unreadable(f"the key of person {person} cannot be opened: it was altered; restore the database from a backup") from None


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


# --- the key file: one line of mark, key id (derived from the key, so a typing error shows) and the key in base64


def _read(path: Path) -> str:
    with path.open("rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise VaultLocked(f"the key file {path} is open to other users; run: chmod 600 {path}")
        return file.read(1024).decode("ascii", "replace")


def _parsed(text: str) -> bytes | None:
    match text.split():
        case [mark, key_id, encoded] if mark == _FILE_MARK:
            try:
                key = base64.b64decode(encoded, validate=True)
            except (binascii.Error, ValueError):
                return None
            genuine = len(key) == _KEY and constant_time.bytes_eq(
                _derived(key, b"brokercoach key id", _KEY_ID).hex().encode(), key_id.encode()
            )
            return key if genuine else None
    return None


def _make(path: Path) -> bytes:
    key = AESGCM.generate_key(_KEY * 8)
    line = f"{_FILE_MARK} {_derived(key, b'brokercoach key id', _KEY_ID).hex()} {base64.b64encode(key).decode()}\n"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            os.write(file, line.encode())
            os.fsync(file)
        finally:
            os.close(file)
        if os.name == "posix":  # the file's name must survive a power loss too; elsewhere a folder cannot be opened
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
    except OSError as error:
        raise VaultLocked(f"the key file {path} cannot be made ({error.strerror}); choose a folder that can be written to") from None
    return key
