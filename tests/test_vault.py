"""The key file, people's keys, and what they seal."""

from __future__ import annotations

import base64
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.faults import Unreadable, VaultLocked
from storage.vault import DataKey, Vault

PLACE = {"person": "p1", "table": "revisions", "row": "e1/1", "field": "body"}


@pytest.fixture(scope="module")
def key() -> DataKey:
    return Vault(os.urandom(32)).new_key("p1")[1]


@given(text=st.text())
def test_any_text_comes_back_as_it_was(key: DataKey, text: str) -> None:
    assert key.open(**PLACE, sealed=key.seal(**PLACE, text=text)) == text


def test_a_lone_surrogate_is_replaced(key: DataKey) -> None:
    assert key.open(**PLACE, sealed=key.seal(**PLACE, text="half \ud83d of it")) == "half ? of it"


def test_the_same_text_never_seals_alike(key: DataKey) -> None:
    assert key.seal(**PLACE, text="again") != key.seal(**PLACE, text="again")


@pytest.mark.parametrize("part", PLACE)
def test_what_was_moved_does_not_open(key: DataKey, part: str) -> None:
    sealed = key.seal(**PLACE, text="canary")

    with pytest.raises(Unreadable) as caught:
        key.open(**{**PLACE, part: "elsewhere"}, sealed=sealed)

    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("at", [0, 1, 13, -1])
def test_what_was_altered_does_not_open(key: DataKey, at: int) -> None:
    sealed = bytearray(key.seal(**PLACE, text="as it was"))
    sealed[at] ^= 1

    with pytest.raises(Unreadable):
        key.open(**PLACE, sealed=bytes(sealed))


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01" + bytes(12), b"\x02" + bytes(40)])
def test_what_was_never_sealed_does_not_open(key: DataKey, sealed: bytes) -> None:
    with pytest.raises(Unreadable):
        key.open(**PLACE, sealed=sealed)


def test_places_cannot_be_made_to_read_alike(key: DataKey) -> None:
    with pytest.raises(ValueError, match=r"\|"):
        key.seal(person="p1|revisions", table="e1", row="1", field="body", text="")


def test_a_key_opens_for_its_person_only() -> None:
    vault = Vault(os.urandom(32))
    wrapped, key = vault.new_key("p1")

    assert vault.unwrap("p1", wrapped).open(**PLACE, sealed=key.seal(**PLACE, text="mine")) == "mine"
    with pytest.raises(Unreadable):
        vault.unwrap("p2", wrapped)


def test_another_vault_says_which_key_is_missing() -> None:
    wrapped, _ = Vault(os.urandom(32)).new_key("p1")

    with pytest.raises(VaultLocked, match=wrapped[:4].hex()):
        Vault(os.urandom(32)).unwrap("p1", wrapped)


def test_the_blind_index_is_the_same_for_the_same_key_and_text_only() -> None:
    kek = os.urandom(32)

    assert Vault(kek).blind("telegram|1") == Vault(kek).blind("telegram|1")
    assert Vault(kek).blind("telegram|1") != Vault(kek).blind("telegram|2")
    assert Vault(kek).blind("telegram|1") != Vault(os.urandom(32)).blind("telegram|1")


def test_a_key_file_is_made_private_and_opens_again(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "key"
    wrapped, _ = Vault.open(path, create=True).new_key("p1")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    Vault.open(path, create=False).unwrap("p1", wrapped)
    Vault.open(path, create=True).unwrap("p1", wrapped)


def test_a_missing_key_file_is_not_made_up(tmp_path: Path) -> None:
    with pytest.raises(VaultLocked, match="is missing; restore it from your backup; without it the logbook cannot be read"):
        Vault.open(tmp_path / "key", create=False)

    assert not (tmp_path / "key").exists()


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o604])
def test_a_key_file_that_others_can_open_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key"
    Vault.open(path, create=True)
    path.chmod(mode)

    with pytest.raises(VaultLocked, match=f"chmod 600 {path}"):
        Vault.open(path, create=False)


def _lines() -> dict[str, bytes]:
    short = base64.b64encode(bytes(16))
    return {
        "empty": b"",
        "binary": os.urandom(64),
        "no key": b"brokercoach-key-1 00000000\n",
        "not base64": b"brokercoach-key-1 00000000 !!!!\n",
        "short": b"brokercoach-key-1 00000000 " + short,
        "id of another key": b"brokercoach-key-1 00000000 " + base64.b64encode(bytes(32)),
        "another mark": b"brokercoach-key-9 00000000 " + base64.b64encode(bytes(32)),
    }


@pytest.mark.parametrize("kind", _lines())
def test_a_spoilt_key_file_is_refused_and_left_as_it_is(tmp_path: Path, kind: str) -> None:
    path, line = tmp_path / "key", _lines()[kind]
    path.write_bytes(line)
    path.chmod(0o600)

    with pytest.raises(VaultLocked, match="holds no valid key") as caught:
        Vault.open(path, create=False)

    assert path.read_bytes() == line
    assert base64.b64encode(bytes(16)).decode()[:12] not in str(caught.value)


def test_a_key_file_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "keys").symlink_to(tmp_path / "nowhere")

    with pytest.raises(VaultLocked, match="choose a folder"):
        Vault.open(tmp_path / "keys" / "key", create=True)


def test_no_key_shows_in_what_prints(tmp_path: Path) -> None:
    path = tmp_path / "key"
    vault = Vault.open(path, create=True)
    encoded = path.read_text().split()[2]
    raw = base64.b64decode(encoded)

    for shown in (repr(vault), str(vars(vault)), repr(vault.new_key("p1")[1])):
        assert encoded not in shown
        assert raw.hex() not in shown
        assert repr(raw)[2:-1] not in shown
