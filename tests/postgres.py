"""A PostgreSQL of the tests' own, on a unix socket, from the binaries of the system."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text

SUPERUSER, ORDINARY = "keeper", "coach"


def seeing_all(url: str) -> str:
    """The same database for a look past every wall."""
    return url.replace(f"://{ORDINARY}@", f"://{SUPERUSER}@")


class NotRun(Exception):
    """One of PostgreSQL's own programs failed; the text is what it said."""


@dataclass
class Server:
    folder: Path
    binaries: Path

    def start(self) -> None:
        self._run("pg_ctl", "start", "-w", "-l", str(self.folder / "log"), "-o", f"-k {self.folder} -c listen_addresses= -c fsync=off")

    def kill(self) -> None:
        """Ends it as a power loss would."""
        number = int((self.folder / "data" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(number, signal.SIGQUIT)
        while True:
            with suppress(ProcessLookupError):
                os.kill(number, 0)
                time.sleep(0.01)
                continue
            return

    def stop(self) -> None:
        with suppress(NotRun):  # killed already
            self._run("pg_ctl", "stop", "-m", "immediate")

    def url(self, name: str = "postgres", role: str = ORDINARY) -> str:
        return f"postgresql+psycopg://{role}@/{name}?host={self.folder}"

    def database(self) -> str:
        """The address of a database that is new and empty, and belongs to an ordinary role, for which row-level security holds."""
        name = f"coach_{uuid4().hex}"
        engine = create_engine(self.url(role=SUPERUSER), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            # somebody else's server could be listening; nothing is made on it
            assert connection.scalar(text("SHOW data_directory")) == f"{self.folder}/data"
            if not connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": ORDINARY}):
                connection.execute(text(f"CREATE ROLE {ORDINARY} LOGIN"))
            connection.execute(text(f"CREATE DATABASE {name} OWNER {ORDINARY}"))
        engine.dispose()
        return self.url(name)

    def _run(self, program: str, *options: str) -> None:
        done = subprocess.run(
            [self.binaries / program, "-D", self.folder / "data", *options],
            user=_user() if os.geteuid() == 0 else None,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )
        if done.returncode:
            raise NotRun(f"{program} does not work here: {done.stderr.decode(errors='replace')}")


def _user() -> str:
    return "postgres" if os.geteuid() == 0 else getpass.getuser()  # initdb refuses root


@contextmanager
def serving() -> Iterator[Server]:
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not binaries:
        pytest.skip("no PostgreSQL below /usr/lib/postgresql")
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    server = Server(folder, binaries[-1])
    try:
        shutil.chown(folder, _user())
        try:
            server._run("initdb", "-A", "trust", "-U", SUPERUSER, "-E", "UTF8", "--no-sync")
            server.start()
        except NotRun as error:
            pytest.skip(str(error))
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)
