"""Two people do anything in any order, by two doors each, and never see a byte of each other but what was chosen for their eyes.

Each has words that only they ever write: one that they keep to themselves, and one that stands only in what they may show as a broker to
the other as their mentor.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from postgres import seeing_all
from sqlalchemy import create_engine, text
from test_privacy import World
from test_storage_store import blank, postgres  # noqa: F401 - fixtures

from bot.model import Inbound, Message, PersonId, Platform
from storage.store import Store

WHO, DOOR = st.integers(0, 1), st.booleans()
ENDS = ["take it back from my mentor", "no more mentor", "no longer a mentor", "take back my consent"]


class TwoPeople(RuleBasedStateMachine):
    """What either of them is shown holds nothing of the other's but pages that were seen and said yes to."""

    # address, the word that is nobody else's business, the word of what may be shown
    PEOPLE = (("A", "anemone", "aster"), ("B", "baobab", "begonia"))
    open: ClassVar[Callable[[ExitStack], Store]]

    def __init__(self) -> None:
        super().__init__()
        self.closing = ExitStack()
        self.world = World(type(self).open(self.closing))
        self.codes: dict[str, str] = {}

    @initialize()
    def settle(self) -> None:
        for address, word, _ in self.PEOPLE:
            self.world.settled(address, entry=f"the {word} came up")

    def _door(self, who: int, second: bool) -> tuple[Platform, str, str]:
        address, word, _ = self.PEOPLE[who]
        return ("slack" if second else "telegram"), address, word

    def _says(self, who: int, second: bool, *texts: str) -> str:
        platform, address, _ = self._door(who, second)
        return "\n".join(self.world.say(address, text, platform) for text in texts)

    def _last(self, who: int, second: bool) -> Message | None:
        platform, address, _ = self._door(who, second)
        return next(iter(self.world.seen.get((platform, address), [])[-1:]), None)

    def _presses(self, who: int, second: bool, kind: str) -> None:
        """A choice of the last message that begins so."""
        platform, address, _ = self._door(who, second)
        last = self._last(who, second)
        for choice in [choice for choice in (last.choices if last else ()) if choice.id.startswith(kind)][:1]:
            self.world.pressed(address, choice.id, platform)

    # --- what anybody does

    @rule(who=WHO, second=DOOR, what=st.sampled_from(["reflect", "ok", "my logbook", "what do you know about me", "who looked at my data"]))
    def talk(self, who: int, second: bool, what: str) -> None:
        self._says(who, second, what)

    @rule(who=WHO, second=DOOR)
    def write(self, who: int, second: bool) -> None:
        self._says(who, second, f"The {self.PEOPLE[who][1]} was at the table again today, and nobody said so")

    @rule(who=WHO, n=st.integers(1, 40))
    def edit(self, who: int, n: int) -> None:
        address, word, _ = self.PEOPLE[who]
        self.world.now += timedelta(seconds=1)
        self.world.keys += 1
        edited = Inbound(
            key=f"e{self.world.keys}", platform="telegram", address=address, at=self.world.now, edits=f"m{n}", text=f"the {word}, rather"
        )
        asyncio.run(self.world._handled(edited))

    @rule(who=WHO, second=DOOR)
    def ask_for_a_code(self, who: int, second: bool) -> None:
        told = self._says(who, second, "link another door").splitlines()
        if told and len(told[-1]) == 11:
            self.codes[self.PEOPLE[who][0]] = told[-1]

    @rule(who=WHO, second=DOOR)
    def type_their_own_code(self, who: int, second: bool) -> None:
        self._says(who, second, self.codes.get(self.PEOPLE[who][0], "BCDF-000000"))

    @rule(who=WHO, second=DOOR, sure=st.booleans())
    def unlink(self, who: int, second: bool, sure: bool) -> None:
        self._says(who, second, "unlink this door", "yes" if sure else "no")

    @rule(who=WHO, second=DOOR, sure=st.booleans())
    def forget(self, who: int, second: bool, sure: bool) -> None:
        self._says(who, second, "forget everything", "yes" if sure else "no")

    @rule(who=WHO, n=st.integers(0, 5))
    def press_anything_of_the_other(self, who: int, n: int) -> None:
        other = self._last(1 - who, False)
        for choice in (other.choices if other else ())[n : n + 1]:
            if not choice.id.startswith("do:"):
                self.world.pressed(self.PEOPLE[who][0], choice.id)

    @rule(hours=st.integers(1, 90))
    def wait(self, hours: int) -> None:
        self.world.wait(timedelta(hours=hours))

    # --- what a broker and their mentor do

    @rule(who=WHO)
    def become_broker_and_mentor(self, who: int) -> None:
        ids = [self.world.at(self.PEOPLE[each][0]) for each in (who, 1 - who)]
        if all(ids):
            self.world.store.set_mentor(*map(PersonId, ids))
            self.world.wait(timedelta(seconds=1))

    @rule(who=WHO, second=DOOR)
    def become_so_by_a_code(self, who: int, second: bool) -> None:
        told = self._says(who, second, "I'd like a mentor", "make a code").splitlines()
        if told and len(told[-1]) == 11:
            self._says(1 - who, False, told[-1])

    @rule(who=WHO, named=st.booleans(), sure=st.booleans())
    def show_the_latest_entry_if_nothing_in_it_is_private(self, who: int, named: bool, sure: bool) -> None:
        address, word, shown = self.PEOPLE[who]
        person = self.world.at(address)
        if person is None:
            return
        self.world.pressed(address, "do:leave")
        self.world.now += timedelta(seconds=1)
        self.world.keys += 1
        note = Inbound(key=f"n{self.world.keys}", platform="telegram", address=address, at=self.world.now, text=f"the {shown}", entry=True)
        asyncio.run(self.world._handled(note))
        seen = self._says(who, False, "share my last entry with my mentor")
        if "———" not in seen:
            return
        if named:
            self._presses(who, False, "share-open:")
        page = self._last(who, False).text
        if sure and word not in page and shown in page:
            self._presses(who, False, "share!:")

    @rule(who=WHO, second=DOOR, what=st.sampled_from(["shown to me", "what can my mentor see", "my mentor"]))
    def ask_what_is_shown(self, who: int, second: bool, what: str) -> None:
        self._says(who, second, what)

    @rule(who=WHO, second=DOOR)
    def read_it(self, who: int, second: bool) -> None:
        self._says(who, second, "shown to me")
        self._presses(who, second, "shown:")

    @rule(who=WHO, second=DOOR)
    def comment(self, who: int, second: bool) -> None:
        self._presses(who, second, "comment:")
        self._says(who, second, f"and what of your {self.PEOPLE[who][2]}?")

    @rule(
        who=WHO,
        second=DOOR,
        what=st.sampled_from(["take it back from my mentor", "no more mentor", "no longer a mentor", "take back my consent"]),
    )
    def end_it(self, who: int, second: bool, what: str) -> None:
        self._says(who, second, what)

    # --- what never is

    @invariant()
    def nobody_sees_a_byte_of_the_other(self) -> None:
        for who, (address, _, _) in enumerate(self.PEOPLE):
            _, foreign, theirs = self.PEOPLE[1 - who]
            for platform in ("telegram", "slack"):
                assert not any(foreign in repr((m.text, m.choices)) for m in self.world.seen.get((platform, address), []))
                person = self.world.store.person_at(platform, address)
                if person is not None:
                    gathered = self.world.store.gather(person.id)
                    own = repr([(e.answers, e.partnership, e.thoughts) for e in gathered.entries])
                    assert foreign not in own
                    assert theirs not in own
                    assert set(self.world.store.addresses(person.id)) <= {("telegram", address), ("slack", address)}

    @invariant()
    def what_is_shown_is_what_its_owner_has_on_their_list(self) -> None:
        people = {person.id: self.world.store.gather(person.id) for person in self.world.store.people()}
        listed = {shared.id for gathered in people.values() if gathered.mentor for shared in gathered.mentor.shared}
        assert {shown.id for gathered in people.values() for shown in gathered.shown} <= listed
        assert all("mentor" in gathered.granted for gathered in people.values() if gathered.mentor and gathered.mentor.shared)

    def teardown(self) -> None:
        assert self.world.store.check() == []
        self.closing.close()


@pytest.mark.parametrize("where", ["sqlite", "postgres"])
def test_row_36_two_people_who_do_anything_in_any_order_never_see_a_byte_of_each_other(
    where: str,
    tmp_path: Path,
    blank: Path,  # noqa: F811
    request: pytest.FixtureRequest,
) -> None:
    """BROKERCOACH_LONG=1 lets each of them do a thousand things."""

    def on_sqlite(closing: ExitStack) -> Store:
        folder = tmp_path / f"{random.getrandbits(64):x}"
        shutil.copytree(blank, folder)
        closing.callback(shutil.rmtree, folder)
        store = Store.open(f"sqlite:///{folder}/coach.db", folder / "key")
        closing.callback(store.close)
        return store

    def on_postgres(closing: ExitStack) -> Store:
        url = request.getfixturevalue("postgres")
        closing.callback(_emptied, url)
        store = Store.open(url, blank / "key")
        closing.callback(store.close)
        return store

    class Here(TwoPeople):
        open = staticmethod(on_sqlite if where == "sqlite" else on_postgres)

    runs, steps = (40, 50) if os.environ.get("BROKERCOACH_LONG") else (3, 20)
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=runs,
            stateful_step_count=steps,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
            database=None,
        ),
    )


def _emptied(url: str) -> None:
    engine = create_engine(seeing_all(url))
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE persons, erasures RESTART IDENTITY CASCADE"))
    engine.dispose()
