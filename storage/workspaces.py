"""The Slack workspaces that have installed the coach, each with its token sealed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select

from storage.database import put
from storage.tables import workspaces
from storage.vault import Vault


def install(connection: Connection, vault: Vault, team: str, token: str, at: datetime) -> None:
    """A workspace that installs again gets a fresh key, and its new token."""
    owner = owner_of(team)
    wrapped, key = vault.new_key(owner)
    sealed = key.seal(person=owner, table=workspaces.name, row=team, field="token", text=token)
    row = {"team": team, "wrapped_key": wrapped, "token": sealed, "installed_at": at}
    put(connection, workspaces, row, changes=("wrapped_key", "token", "installed_at"))


def token_of(connection: Connection, vault: Vault, team: str) -> str | None:
    row = connection.execute(select(workspaces).where(workspaces.c.team == team)).one_or_none()
    if row is None:
        return None
    owner = owner_of(team)
    return vault.unwrap(owner, row.wrapped_key).open(person=owner, table=workspaces.name, row=team, field="token", sealed=row.token)


def teams(connection: Connection) -> list[str]:
    """Those that are installed, the latest last."""
    return list(connection.scalars(select(workspaces.c.team).order_by(workspaces.c.installed_at, workspaces.c.team)))


def uninstall(connection: Connection, team: str, at: datetime) -> None:
    """Only what was installed until `at`: word of an uninstallation may come late and twice."""
    connection.execute(delete(workspaces).where(workspaces.c.team == team, workspaces.c.installed_at <= at))


def owner_of(team: str) -> str:
    return f"workspace {team}"
