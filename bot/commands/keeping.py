"""Commands that look after what is kept: people, the database, the state of things."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.ground import Json, PersonOption, bar, fail, note, out, person_of, settings_of, store_of

db = typer.Typer(help="The database.", no_args_is_help=True)
keys = typer.Typer(help="The key that opens the logbooks.", no_args_is_help=True)


def people(as_json: Json = False) -> None:
    """Who has a logbook here: ids and counts, no words of theirs."""
    with store_of(settings_of()) as store:
        for person in store.people():
            addresses = sorted(platform for platform, _ in store.addresses(person.id))
            entries = len(store.entries(person.id))
            if as_json:
                out({"person": person.id, "platforms": addresses, "entries": entries})
            else:
                sys.stdout.write(f"{person.id}  {', '.join(addresses)}  {entries} entries\n")


def forget(person: PersonOption, yes: Annotated[bool, typer.Option("--yes", help="Really.")] = False) -> None:
    """Erase a person everywhere, with the key that opens their words; prints a receipt."""
    with store_of(settings_of()) as store:
        known = person_of(store, person)
        if not yes:
            sys.stderr.write("brokercoach: this cannot be undone; say --yes if it is meant\n")
            raise SystemExit(2)
        out({"forgotten": person, "rows": store.forget(known)})


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the database to this version of the program; every start does the same."""
    settings = settings_of()
    with store_of(settings):
        sys.stderr.write("the database is up to date\n")


@db.command("backup")
def db_backup(path: Annotated[Path, typer.Argument(metavar="PATH")]) -> None:
    """Copy the database to a file, while others go on writing. The key is not in it: keep a copy of that elsewhere."""
    from storage.backup import back_up

    settings = settings_of()
    back_up(settings.database_url, path)
    note(f"the database is in {path}; without the key in {settings.key_path} nobody can read it, so keep a copy of that in another place")


@db.command("restore")
def db_restore(path: Annotated[Path, typer.Argument(metavar="PATH")]) -> None:
    """Put a backup back. The database that is there now is kept aside; whoever was forgotten since stays forgotten."""
    from bot.parts import now
    from storage.backup import restore

    settings = settings_of()
    aside = restore(settings.database_url, settings.key_path, path, now())
    note(f"{path} is in place" + (f"; what was there before is in {aside}, delete it once it is not needed" if aside else ""))


@keys.command("rotate")
def keys_rotate() -> None:
    """Take a new key; what people wrote stays as it is. May run while the coach does, and be repeated when it was interrupted."""
    settings = settings_of()
    with store_of(settings) as store, bar("Wrapping the data keys") as progress:
        changed = store.rotate_keys(progress)
    note(
        f"{changed} data keys are wrapped with the new key in {settings.key_path}; copy it to where you keep the other copy, "
        "and keep the key before for as long as you keep backups from before"
    )


@db.command("check")
def db_check() -> None:
    """Check the database and the key that opens it."""
    with store_of(settings_of()) as store:
        faults = store.check()
    sys.stderr.writelines(f"{fault}\n" for fault in faults)
    if faults:
        raise SystemExit(1)
    sys.stderr.write("all is well\n")


def doctor(as_json: Json = False) -> None:
    """Look at everything the coach needs, and name what is wrong with its remedy."""
    from bot.doctor import examine

    settings = settings_of()
    with bar() as progress:
        findings = examine(settings, progress)
    for finding in findings:
        if as_json:
            out({"part": finding.part, "ok": finding.ok, "says": finding.says})
        else:
            sys.stdout.write(f"{'ok ' if finding.ok else 'BAD'}  {finding.part}: {finding.says}\n")
    if not all(finding.ok for finding in findings):
        raise SystemExit(1)


def version() -> None:
    """Print the version."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        sys.stdout.write(f"brokercoach {installed('brokercoach')}\n")
    except PackageNotFoundError:
        fail("runs from a folder and is not installed, so it has no version; install it with: pip install --no-deps -e .")
