"""A long logbook: how long it takes to be looked through, and to be printed in each form.

The logbook is invented: 400 entries of four answers each over eighteen months, in three partnerships, with names, themes, later thoughts,
other wordings, something taken back, and the aims of every week. Times are the process's own (processor time), which other programs on
the machine change little. What is looked up is asked in plain words; with a home that has an index, by meaning too:

    PYTHONPATH=. python benchmarks/book.py [HOME]
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.finding import asked_in, common
from bot.model import ANYWHERE, Add, Effect, Form, Keep, Partnership, Person, PersonId, Plan, Theme, Turn
from bot.printing import as_json, binder_of, forms_here, printed
from bot.recall import quote_around, ranked, stems, text_of
from prompts.library import load_library
from storage.store import Store

ENTRIES = 400
ROUNDS = 20
ASKED = (
    "what did I write about the mayor in spring?",
    "what did I write about meters and farmers?",
    "when did I last mention Ana?",
    "my entries about Lake Water since June",
    "what did I write about trust?",
)
TODAY = date(2026, 11, 22)
PARTNERSHIPS = (
    Partnership("Lake Water", ("managing-maintaining",)),
    Partnership("School meals", ("scoping-building",)),
    Partnership("Night clinic", ("reviewing-revising", "sustaining-outcomes")),
)
WHO = ("The mayor", "Ana", "The engineer of the utility", "The farmers' chair", "Our director", "Tomas", "The donor", "Sister Agnes")
DID = (
    "came an hour late and everybody waited without a word",
    "asked who would pay for the meters, and looked at the table",
    "said in front of all that the agreement was never read by those who signed it",
    "took the minutes home and sent them back with three lines crossed out",
    "offered the barn for the next meeting, which surprised even the accountant",
    "left before the vote and rang me from the car to say why",
    "listened to the whole story of the pump and then asked a question nobody had asked",
    "wants the logo on every tap before the rains come",
)
SAID = (
    "I noticed that I held my breath, and that I was the only one who did not know what to write down.",
    "What I took for indifference may have been shame, because the figures were theirs.",
    "It was the first time in months that two of them spoke to each other and not to me.",
    "I said nothing for a long while, and the silence did more than my agenda.",
    "Afterwards I wrote to both and found that I had written two different stories.",
)
LEARNT = (
    "Next time I would ask for their figures before I show ours, and let somebody else hold the pen.",
    "I want to find out what the farmers gain when the meeting is short.",
    "I would name the quarrel in the first five minutes instead of hoping that coffee helps.",
    "Let the chair rotate, even if it goes badly once.",
)
TOPICS = (
    "principle-challenge-constructively",
    "role-reviewing-revising-changes",
    "way-underlying-interests",
    "challenge-within-too-hands-on",
    "reflection-headings-seven",
)


def fill(store: Store, person: PersonId, entries: int = ENTRIES, last: date = date(2026, 11, 20)) -> None:
    """Entries on the working days before `last`, with everything that may hang on one."""
    draw = random.Random(7)  # noqa: S311 - the same logbook each time
    days = [day for n in range(entries * 2) if (day := last - timedelta(days=n)).weekday() < 5][:entries]
    for n, day in enumerate(reversed(days)):
        at = datetime(day.year, day.month, day.day, 15, tzinfo=UTC)
        where, moment = PARTNERSHIPS[n % 3], f"{draw.choice(WHO)} {draw.choice(DID)}"
        kept = Keep(f"e{n}", "crossing", "moment", f"{moment}. {draw.choice(SAID)}", event_date=day)
        kept = replace(kept, energy=draw.choice(("low", "ok", "good")), partnership=where.name, phases=where.phases)
        themes = (Theme(draw.choice(TOPICS), "card", " ".join(moment.split()[:8]), draw.choice((None, "for", "against"))),)
        effects: list[Effect] = [replace(kept, people=tuple({who for who in ("Ana", "Tomas", "mayor") if who in moment}), themes=themes)]
        for step, told in (("meaning", SAID), ("onlooker", SAID), ("try", LEARNT)):
            effects.append(Keep(f"e{n}", "crossing", step, f"{draw.choice(told)} {draw.choice(told)}", event_date=day))
        if day.weekday() == 0:
            effects.append(Keep(f"a{n}", "aims", "aim", f"Find out why {draw.choice(WHO)} {draw.choice(DID)}", event_date=day))
        if n % 17 == 3:
            effects.append(Add(f"e{n - 3}", "thought", draw.choice(SAID)))
        if n % 29 == 5:
            effects.append(Keep(f"e{n}", "crossing", "moment", f"{moment}, as I see it now.", event_date=day))
        if n % 97 == 11:
            effects.append(Add(f"e{n}", "retraction"))
        if n % 40 == 1:
            effects.append(Plan(f"p{n}", "If nobody offers to chair, then I wait for ten seconds", due=day + timedelta(days=5)))
        conversation, version = store.conversation(person)
        assert store.save(person, Turn(conversation, tuple(effects)), version, at)


def milliseconds(action: Callable[[], Any], rounds: int = ROUNDS) -> float:
    samples = []
    for _ in range(rounds):
        begun = time.process_time()
        action()
        samples.append(time.process_time() - begun)
    return round(statistics.median(samples) * 1000, 1)


def measure(near: Callable[..., Any] | None = None) -> dict[str, Any]:
    """Medians. `near` is the knowledge's own, for looking up by meaning too, in a logbook that has been read for it once."""
    library = load_library()
    words = library.words["en"]
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(f"sqlite:///{folder}/brokercoach.db", Path(folder) / "key")
        she = Person(PersonId("she"), zone="Africa/Nairobi", name="Aisha", partnerships=PARTNERSHIPS)
        person = store.enrol("terminal", "she", she)
        fill(store, person)

        def look_up(asked: str) -> None:
            entries = store.entries(person)
            told = asked_in(asked, words, "en", she, TODAY)
            assert told, asked
            found = ranked(entries, told.sought, "en", common(words), dict(near(told.sought.words, read(entries)) if near else ()))
            wanted = stems(told.sought.words, "en", common(words))
            for entry in found[:4]:
                quote_around(text_of(entry), wanted, "en")

        def read(entries: Any) -> list[tuple[str, str]]:
            return [(entry.id, text_of(entry)) for entry in entries]

        entries = store.entries(person)
        first = milliseconds(lambda: look_up(ASKED[0]), 1)
        begun = time.process_time()
        if near:
            near(ASKED[0], read(entries), whole=True)
        whole = round(time.process_time() - begun, 1)
        found: dict[str, Any] = {
            "entries": len(entries),
            "words": sum(len(text_of(entry).split()) for entry in entries),
            "search_first_ms": first,
            "read_whole_s": whole,
            "search_ms": round(statistics.mean(milliseconds(lambda asked=asked: look_up(asked)) for asked in ASKED), 1),  # type: ignore[misc]
            "open_ms": milliseconds(lambda: store.entries(person)),
        }
        made = binder_of(store, library, person, datetime(2026, 11, 22, tzinfo=UTC))
        from bot.book import bind

        book = bind(made)
        forms: tuple[Form, ...] = tuple(form for form in forms_here() if form != "json")
        for form in (*forms, *(each for each in ANYWHERE if each not in forms and each != "json")):
            begun = time.process_time()
            data, _ = printed(book, form)
            found[f"{form}_s"] = round(time.process_time() - begun, 2)
            found[f"{form}_kb"] = round(len(data) / 1024)
        begun = time.process_time()
        as_json(store, person, datetime(2026, 11, 22, tzinfo=UTC))
        found["json_s"] = round(time.process_time() - begun, 2)
        store.close()
    return found


if __name__ == "__main__":
    near = None
    if sys.argv[1:]:
        from knowledge.search import Finder

        near = Finder.open(Path(sys.argv[1])).near
    for name, value in (measure(near) | {"load": os.getloadavg()[0]}).items():
        sys.stdout.write(f"{name:>16}  {value}\n")
