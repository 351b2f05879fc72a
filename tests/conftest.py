"""What the tests share: the real library, store and knowledge, and a guard that lets nobody out of this machine."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.manager import Finder
from prompts.library import Library, load_library


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Connections leave for loopback and unix sockets only."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and str(address[0]) not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test reached for the network: {address!r}")
        connect(self, address)

    socket.socket.connect = guarded  # type: ignore[method-assign]
    yield
    socket.socket.connect = connect  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def library() -> Library:
    return load_library()


@pytest.fixture(scope="session")
def knowledge_home(request: pytest.FixtureRequest) -> Path:
    """A home whose index is built once and kept in pytest's cache; it is built anew when the cards change."""
    return Path(request.config.cache.mkdir("knowledge"))


@pytest.fixture(scope="session")
def finder(knowledge_home: Path) -> Finder:
    from knowledge.search import Finder as Search

    return Search.open(knowledge_home)


@pytest.fixture(scope="session")
def found(finder: Finder) -> Callable[[], Finder]:
    """The finder as the manager takes it: a call that gives it."""
    return lambda: finder
