"""Commands about what somebody shows their mentor. Whoever runs them acts for the person, who sees in the chat that they did."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.ground import Json, PersonOption, fail, note, person_of, row_out, settings_of, store_of

if TYPE_CHECKING:
    from bot.model import Alias, Effect, PersonId
    from bot.settings import Settings
    from storage.store import Store

mentor = typer.Typer(help="What somebody shows their mentor, entry by entry.", no_args_is_help=True)


@mentor.command("set")
def set_(person: PersonOption, mentor: Annotated[str, typer.Option("--mentor", help="The mentor's id.")]) -> None:
    """Make somebody the mentor of a person, who is told; nothing is shown by it."""
    if person == mentor:
        note("nobody is their own mentor")
        raise SystemExit(2)
    with store_of(settings_of()) as store:
        store.set_mentor(person_of(store, person), person_of(store, mentor))


@mentor.command("end")
def end(person: PersonOption) -> None:
    """The person has no mentor any more, and what was shown is closed."""
    from bot.model import Part

    with store_of(settings_of()) as store:
        _done(store, person_of(store, person), Part("mentor"))


@mentor.command("list")
def list_(person: PersonOption, as_json: Json = False) -> None:
    """What a person shows their mentor: ids and days, no words."""
    with store_of(settings_of()) as store:
        theirs = store.gather(person_of(store, person)).mentor
    for each in theirs.shared if theirs else ():
        row = {"share": each.id, "entry": each.entry, "date": each.day.isoformat(), "shared": each.at.isoformat()}
        row_out(row | {"opened": each.read and each.read.isoformat()}, f"{each.id}  entry {each.entry} of {each.day.isoformat()}", as_json)


@mentor.command("share")
def share(
    person: PersonOption,
    entry: Annotated[str, typer.Option("--entry", help="The entry's id, as `find --json` and `export --format json` have it.")],
    names: Annotated[bool, typer.Option("--names", help="With the names of people and organisations, instead of others.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Show it. Without, it is only printed as the mentor would see it.")] = False,
) -> None:
    """Print an entry as the mentor would see it; with --yes, show it to them."""
    from bot.model import Share

    settings = settings_of()
    with store_of(settings) as store:
        who = person_of(store, person)
        page, effects, granted = _page(settings, store, who, entry, names)
        sys.stdout.write(f"{page}\n")
        if not yes:
            note("nothing was shown; say --yes if this is what the mentor shall see")
        elif not granted:
            fail("they have not agreed to showing entries to a mentor; that is theirs to say, in the chat, when they first show one")
        else:
            _done(store, who, *effects, Share(entry, page))
            store.looked(who, "shared-for-you")


@mentor.command("take-back")
def take_back(
    person: PersonOption, share: Annotated[str | None, typer.Option("--share", help="One of `mentor list`; without, all of them.")] = None
) -> None:
    """Close what was shown."""
    from bot.model import TakeBack

    with store_of(settings_of()) as store:
        who = person_of(store, person)
        theirs = store.gather(who).mentor
        if not any(share in (None, each.id) for each in (theirs.shared if theirs else ())):
            fail("nothing of that kind is shown; `brokercoach mentor list` has what is")
        _done(store, who, TakeBack(share))


def _page(settings: Settings, store: Store, who: PersonId, entry: str, names: bool) -> tuple[str, tuple[Alias, ...], bool]:
    """What the mentor would see, what is called what for it, and whether the person has agreed to showing anything."""
    from bot.model import Context
    from bot.parts import Vocabulary, now
    from bot.sharing import seen_by_mentor
    from prompts.book import load_book
    from prompts.own import load_with_own

    gathered, library = store.gather(who), load_with_own(settings.guides_path)
    context = Context(gathered.person, gathered.conversation, book=tuple(store.entries(who)), mentor=gathered.mentor)
    if gathered.mentor is None:
        fail("they have no mentor here; `brokercoach mentor set` makes somebody that")
    found = seen_by_mentor(library, context, entry, Vocabulary(library, load_book()).names_in, now(), names=names)
    if found is None:
        fail(f"they have no entry {entry}; `brokercoach find --json` has the ids")
    return (*found, "mentor" in gathered.granted)


def _done(store: Store, who: PersonId, *effects: Effect) -> None:
    from bot.model import Turn
    from bot.parts import now

    gathered = store.gather(who)
    if store.save(who, Turn(gathered.conversation, effects), gathered.version, now()) is None:
        fail("the person wrote something just now; nothing was changed, so try again")
