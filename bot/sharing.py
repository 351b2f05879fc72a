"""Shows a mentor what a broker chose to show: one entry at a time, seen beforehand exactly as the mentor will see it. Pure.

1. Nothing is shown but by the owner's own press or yes under a preview; no model, no mentor and no text can bring it about.
2. People and organisations go under other names, the same ones each time, unless the owner asks for the names as written.
3. The yes holds for what was seen: if the entry reads differently by then, it is shown to its owner anew instead.
4. What speaks of danger, wrongdoing or harassment, or was kept out of a model's reach, is not offered; named by its owner, it is shown to
   them with a word about it, and the choice is theirs.
5. Taking back asks nothing and takes effect at once.

What the mentor does with it is mentoring.py's business; that it is there no longer than its owner wants, the store's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from bot.alarms import alarm_in
from bot.aliases import Pseudonyms, proposed
from bot.book import Binder, Sheaf
from bot.draft import Draft
from bot.finding import Asked, asked_in, common, day_of
from bot.leaving import hold_place
from bot.model import Alias, Choice, Consent, Context, Entry, Event, Mentor, OfferCode, Opened, Part, Pressed, Said, Share, Shared, TakeBack
from bot.naming import people_in
from bot.recall import ranked, text_of
from bot.rhythm import today
from bot.tongue import held_in
from prompts.library import Library, Words

VERSION = 1  # of what is agreed to, as share.consent tells it; a change in what a mentor sees is a new version
OFFERED = 4  # entries offered at once, the latest
ASKED = frozenset({"share", "share-which"})  # what may be asked of the logbook that is met here
_REACHED = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+|\+\d[\d ()./-]{6,}\d")  # addresses and numbers by which somebody is reached


def in_question(library: Library, context: Context, event: Event) -> Entry | None:
    """The entry that this event is about to show its owner as a mentor would see it."""
    if context.mentor is None:
        return None
    if isinstance(event, Pressed):
        kind, _, what = event.choice.partition(":")
        return _entry(context, what.partition(":")[0]) if kind in ("share", "share-open") else None
    if not isinstance(event, Said):
        return None
    language = held_in(library, context, event)
    words = library.in_language(language)
    asked = asked_in(event.text, words, language, context.person, today(event.at, context.person.zone))
    meant = _meant(context, asked, words, language) if asked else ()
    return meant[0] if len(meant) == 1 else None


def seen_by_mentor(
    library: Library, context: Context, entry: str, find: Callable[[str, str, Sequence[str]], Sequence[str]], at: datetime, *, names: bool
) -> tuple[str, tuple[Alias, ...]] | None:
    """What a mentor would see of an entry, outside a talk, and the other names that come with it; None where there is no such entry."""
    shown, mentor = _entry(context, entry), context.mentor
    if shown is None or mentor is None:
        return None
    language = context.person.language
    context = replace(context, named=tuple(find(text_of(shown), language, known_names(context))))
    draft = Draft(library, context, Opened("", at))
    aliases = _names(draft, mentor, shown)
    return _page(draft, shown, None if names else aliases), _new(mentor, aliases)


def known_names(context: Context) -> list[str]:
    """Everybody and everything that is known to have a name."""
    people = [name for entry in context.book for name in entry.people if name[:1].isupper()]
    own = [context.person.name] if context.person.name else []
    return [*own, *(partnership.name for partnership in context.person.partnerships), *dict.fromkeys(people)]


def _entry(context: Context, entry: str) -> Entry | None:
    return next((each for each in context.book or context.entries if each.id == entry and each.retracted is None), None)


def _meant(context: Context, asked: Asked, words: Words, language: str) -> tuple[Entry, ...]:
    """The entries of the time that was named, or that its words fit; with neither, the latest."""
    if asked.kind != "share":
        return ()
    standing = [entry for entry in context.book or context.entries if entry.retracted is None and entry.answers]
    if asked.period:
        return tuple(entry for entry in standing if asked.period.first <= entry.event_date <= asked.period.last)
    if asked.sought.words or asked.sought.partnership:
        return tuple(ranked(standing, asked.sought, language, common(words), dict(context.near)))[:OFFERED]
    return tuple(sorted(standing, key=lambda entry: (entry.written, entry.event_date))[-1:])


# --- choosing


def asked(draft: Draft, asked: Asked) -> None:
    """Somebody wants to show their mentor an entry."""
    hold_place(draft)
    if draft.context.mentor is None:
        draft.say(draft.line("mentor.none"), "reply", [draft.choice("mentor-code"), draft.choice("later")])
        return
    meant = _meant(draft.context, asked, draft.words, draft.language)
    light = [entry for entry in meant or draft.book if not _heavy(draft, entry)]
    if len(meant) == 1:
        _preview(draft, draft.context.mentor, meant[0])
    elif meant and asked.period:
        _offer(draft, meant)
    else:
        _offer(draft, light, draft.line("share.none") if asked.kind == "share" and not meant else "")


def _offer(draft: Draft, entries: Sequence[Entry], lead: str = "") -> None:
    there = [entry for entry in entries if entry.retracted is None and entry.answers][:OFFERED]
    if not there:
        draft.say(draft.line("amend.none"), "reply", [draft.choice("reflect"), draft.choice("later")])
        return
    choices = [Choice(f"share:{entry.id}", f"{draft.day(entry.event_date)}: {_binder(draft).guide(entry.guide)}") for entry in there]
    text = draft.line("share.which")
    draft.say(f"{lead} {text}" if lead else text, "question", [*choices, draft.choice("as-it-is")])


def _heavy(draft: Draft, entry: Entry) -> str | None:
    """Why an entry is not offered, if it is not."""
    if entry.id in draft.kept_out:
        return "share.kept-out"
    safeties = draft.library.safeties(draft.language)
    return "share.heavy" if any(alarm_in(text, safeties) for _, text in entry.answers) else None


# --- seeing what the mentor would see


def _preview(draft: Draft, mentor: Mentor, entry: Entry, *, named: bool = False, lead: str = "") -> None:
    names = _names(draft, mentor, entry)
    for aliases in _new(mentor, names):
        draft.do(aliases)
    page = _page(draft, entry, None if named else names)
    heavy = _heavy(draft, entry)
    notes = [
        *([draft.line(heavy)] if heavy else []),
        draft.line("share.named" if named else "share.aliased"),
        *([draft.line("share.consent")] if "mentor" not in draft.context.granted else []),
    ]
    text = draft.line("share.preview", who=_who(draft, mentor), page=page, notes=" ".join(notes))
    other = Choice(f"share:{entry.id}:share-aliases", draft.line("choice.share-aliases"))
    if not named:
        other = Choice(f"share-open:{entry.id}:share-names", draft.line("choice.share-names"))
    sure = Choice(f"share!:{_digest(page)}:{entry.id}:share-it", draft.line("choice.share-it"))
    draft.say(f"{lead}\n\n{text}" if lead else text, "question", [sure, other, draft.choice("as-it-is")])


def _who(draft: Draft, mentor: Mentor) -> str:
    return mentor.name or draft.line("mentor.unnamed")


def _digest(page: str) -> str:
    return sha256(page.encode("utf-8", "replace")).hexdigest()[:8]


def _binder(draft: Draft, entries: Sequence[Entry] = ()) -> Binder:
    sheaf = Sheaf(draft.person, tuple(entries), (), (), held=True, length=0, last="", made=draft.at)
    return Binder(sheaf, draft.words, draft.language, {})


def _page(draft: Draft, entry: Entry, names: Pseudonyms | None) -> str:
    """The day, the answers with what was asked, and later thoughts. No marks, no energy, no partnership that is not named in the words."""
    binder = _binder(draft)
    rows = [draft.line("share.title", day=day_of(draft, entry), title=binder.guide(entry.guide))]
    for step, text in entry.answers:
        question = binder.question(entry.guide, step)
        rows.append(draft.line("share.answer", question=question, text=text) if question else text)
    rows += [draft.line("share.thought", day=draft.day(today(each.at, draft.person.zone)), text=each.text) for each in entry.thoughts]
    page = "\n\n".join(rows)
    return names.hidden(page) if names else page


def _names(draft: Draft, mentor: Mentor, entry: Entry) -> Pseudonyms:
    """What is called what before the mentor; those once given stay, so that a later entry is read with the same ones."""
    known = Pseudonyms(people=dict(mentor.aliases.people), organisations=dict(mentor.aliases.organisations))
    found = draft.context.named or people_in(text_of(entry), draft.words.hear, frozenset(known.people), draft.language)
    entries = [replace(each, people=(*each.people, *found)) if each.id == entry.id else each for each in draft.book]
    binder = _binder(draft, entries)
    names = proposed(binder.sheaf, binder, known)
    named = {name.casefold(): alias for name, alias in (names.organisations | names.people).items()}
    for word in found:  # a known name in lower case
        if word not in names.people | names.organisations and word.casefold() in named:
            names.people[word] = named[word.casefold()]
    for reached in _REACHED.finditer(text_of(entry)):
        names.people.setdefault(reached[0].rstrip(".,;:!?)"), draft.line("share.contact"))
    return names


def _new(mentor: Mentor, names: Pseudonyms) -> tuple[Alias, ...]:
    """To be kept, where it is not yet."""
    aliases = Alias(tuple(names.people.items()), tuple(names.organisations.items()))
    return () if aliases == mentor.aliases else (aliases,)


def _picked(draft: Draft, what: str, *, named: bool = False) -> None:
    entry = _entry(draft.context, what.partition(":")[0])
    if entry is None or draft.context.mentor is None:
        draft.say(draft.line("share.gone"), "reply", [draft.choice("later")])
        return
    _preview(draft, draft.context.mentor, entry, named=named)


# --- showing it


def _share(draft: Draft, what: str) -> None:
    seen, entry_id, _ = what.split(":", 2)
    entry, mentor = _entry(draft.context, entry_id), draft.context.mentor
    if entry is None or mentor is None:
        draft.say(draft.line("share.gone"), "reply", [draft.choice("later")])
        return
    pages = [_page(draft, entry, names) for names in (_names(draft, mentor, entry), None)]
    page = next((page for page in pages if _digest(page) == seen), None)
    if page is None:
        _preview(draft, mentor, entry, lead=draft.line("share.changed"))
        return
    if "mentor" not in draft.context.granted:
        draft.do(Consent("mentor", VERSION, granted=True))
    draft.do(Share(entry.id, page))
    draft.say(draft.line("share.done", who=_who(draft, mentor)), "reply", [draft.choice("resume")] if draft.held else [])


# --- taking it back


def _unshare(draft: Draft) -> None:
    hold_place(draft)
    shared = draft.context.mentor.shared if draft.context.mentor else ()
    if len(shared) < 2:
        _unshared(draft, shared[0].id if shared else "")
        return
    choices = [Choice(f"unshare:{each.id}", _day(draft, each)) for each in shared[:OFFERED]]
    everything = Choice("unshare:all", draft.line("choice.unshare-all"))
    draft.say(draft.line("unshare.which"), "question", [*choices, everything, draft.choice("as-it-is")])


def _unshared(draft: Draft, what: str) -> None:
    shared = draft.context.mentor.shared if draft.context.mentor else ()
    there = [each for each in shared if what in ("all", each.id)]
    if there:
        draft.do(TakeBack(None if what == "all" else what))
    key = "unshare.none" if not there else "unshare.read" if any(each.read for each in there) else "unshare.unread"
    draft.say(draft.line(key), "reply", [draft.choice("resume")] if draft.held else [])


def _day(draft: Draft, shared: Shared) -> str:
    return draft.day(shared.day)


def _list(draft: Draft) -> None:
    """What the mentor is shown, and whether they have read it."""
    hold_place(draft)
    mentor = draft.context.mentor
    if mentor is None or not mentor.shared:
        draft.say(draft.line("shared.none"), "reply", [draft.choice("resume")] if draft.held else [])
        return
    rows = [draft.line("shared.row.read" if each.read else "shared.row", day=_day(draft, each)) for each in mentor.shared]
    head = draft.line("shared.head", who=_who(draft, mentor))
    draft.say("\n".join([head, *rows, draft.line("shared.foot")]), "reply", [draft.choice("unshare"), draft.choice("as-it-is")])


# --- whose mentor


def _mentor(draft: Draft) -> None:
    hold_place(draft)
    mentor = draft.context.mentor
    if mentor is None:
        draft.say(draft.line("mentor.ask"), "question", [draft.choice("mentor-code"), draft.choice("later")])
        return
    day = draft.day(today(mentor.since, draft.person.zone))
    draft.say(draft.line("mentor.have", who=_who(draft, mentor), day=day, count=str(len(mentor.shared))), "reply", [draft.choice("shared")])


def _code(draft: Draft) -> None:
    hold_place(draft)
    draft.say(draft.line("mentor.code", code="$code"), "reply")
    draft.recast(lambda letter: OfferCode(letter, "mentor"))


def _end(draft: Draft) -> None:
    """At once, and all that was shown with it."""
    hold_place(draft)
    if draft.context.mentor is None:
        draft.say(draft.line("mentor.none"), "reply", [draft.choice("mentor-code"), draft.choice("later")])
        return
    if "mentor" in draft.context.granted:
        draft.do(Consent("mentor", VERSION, granted=False))
    draft.do(Part("mentor"))
    draft.say(draft.line("mentor.ended"), "reply", [draft.choice("resume")] if draft.held else [])


WISHES: dict[str, Callable[[Draft], None]] = {
    "mentor": _mentor,
    "mentor-code": _code,
    "mentor-end": _end,
    "shared": _list,
    "unshare": _unshare,
}

# by the first part of a choice's id
PICKED: dict[str, Callable[[Draft, str], None]] = {
    "share": _picked,
    "share-open": lambda draft, what: _picked(draft, what, named=True),
    "share!": _share,
    "unshare": _unshared,
}
