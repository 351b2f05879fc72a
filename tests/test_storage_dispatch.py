"""Letters are marked before the platform is asked; what may come once is not risked twice; a claim is one process's alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from postgres import Server, serving

from bot.model import Conversation, Inbound, Message, MessageKind, Person, PersonId, Remind, Say, Turn
from storage.store import Store, StoreDown

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/coach.db" if request.param == "sqlite" else request.getfixturevalue("server").database()


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[Store]:
    store = Store.open(url, tmp_path / "key")
    yield store
    store.close()


def person(store: Store, name: str = "ben") -> PersonId:
    return store.enrol("telegram", name, Person(PersonId(name)))


def posted(store: Store, who: PersonId, *kinds: MessageKind) -> list[str]:
    """Keys of new letters."""
    before = {waiting.key for waiting in store.waiting("telegram")}
    _, version = store.conversation(who)
    assert store.save(who, Turn(Conversation(), tuple(Say(Message(kind, "words")) for kind in kinds)), version, NOON)
    return [waiting.key for waiting in store.waiting("telegram") if waiting.key not in before]


def test_letters_wait_in_order_and_can_be_read_on_from_a_row(store: Store) -> None:
    keys = posted(store, person(store), "reply", "question")
    first, second = store.waiting("telegram")
    assert [first.key, second.key] == keys
    assert store.waiting("telegram", after=first.seq) == [second]
    assert store.waiting("telegram", limit=1) == [first]
    assert store.waiting("slack") == []


def test_a_letter_that_was_sent_is_never_handed_out_again(store: Store) -> None:
    (key,) = posted(store, person(store), "reply")
    letter = store.dispatch(key)
    assert letter is not None
    assert (letter.address, letter.message.text, letter.uncertain) == ("ben", "words", False)
    store.sent(key, NOON)
    assert store.dispatch(key) is None
    assert not store.put_back(key, NOON)
    assert store.waiting("telegram") == []


def test_what_did_not_arrive_waits_until_its_moment_unmarked(store: Store) -> None:
    (key,) = posted(store, person(store), "reminder")
    store.dispatch(key)
    assert store.put_back(key, NOON + timedelta(minutes=1))
    (waiting,) = store.waiting("telegram")
    assert (waiting.not_before, waiting.tries) == (NOON + timedelta(minutes=1), 1)
    letter = store.dispatch(key)
    assert letter is not None
    assert not letter.uncertain


@pytest.mark.parametrize(("kind", "waits"), [("reply", True), ("question", True), ("safety", True), ("nudge", False), ("reminder", False)])
def test_of_what_may_have_arrived_only_answers_go_out_again(store: Store, kind: MessageKind, waits: bool) -> None:
    (key,) = posted(store, person(store), kind)
    store.dispatch(key)
    assert store.put_back(key, NOON, uncertain=True) is waits
    letter = store.dispatch(key)
    assert letter is None if not waits else letter is not None and letter.uncertain


@pytest.mark.parametrize(("kind", "waits"), [("reply", True), ("nudge", False)])
def test_what_a_crash_left_in_sending_is_treated_alike(store: Store, kind: MessageKind, waits: bool) -> None:
    crashed, other = posted(store, person(store), kind, "reply")
    store.dispatch(crashed)
    store.take_up("slack")
    store.take_up("telegram")
    assert [waiting.key for waiting in store.waiting("telegram")] == ([crashed, other] if waits else [other])
    assert store.standing().uncertain == 1


def test_an_address_where_nobody_is_holds_letters_and_reminders_until_somebody_writes(store: Store) -> None:
    who = person(store)
    _, version = store.conversation(who)
    store.save(who, Turn(Conversation(), (Remind("reminder", NOON),)), version, NOON)
    posted(store, who, "reply", "question")
    assert store.unreachable("telegram", "ben", NOON) == 2
    assert store.unreachable("telegram", "nobody", NOON) == 0
    assert store.waiting("telegram") == []
    assert (store.due(NOON), store.next_due()) == ([], None)
    assert len(store.due_of(who)) == 1
    assert store.standing().unreachable == 1

    store.accept(Inbound(key="1", platform="telegram", address="ben", at=NOON, text="I am back"))

    assert len(store.due(NOON)) == 1
    assert store.next_due() == NOON
    assert store.standing().unreachable == 0


def test_somebody_who_is_reached_elsewhere_is_written_to_there(store: Store) -> None:
    who = person(store)
    store.enrol("slack", "U1", Person(who))
    store.accept(Inbound(key="1", platform="telegram", address="ben", at=NOON + timedelta(days=999), text="hello"))
    store.unreachable("telegram", "ben", NOON)
    posted(store, who, "reply")
    assert [letter.address for letter in store.unsent("slack")] == ["U1"]


def test_standing_counts_and_names_nobody(store: Store) -> None:
    who = person(store)
    store.accept(Inbound(key="1", platform="telegram", address="ben", at=NOON, text="hello"))
    store.accept(Inbound(key="2", platform="telegram", address="ben", at=NOON, text="hello"))
    store.set_aside("telegram|2")
    posted(store, who, "reply")
    stands = store.standing()
    assert (stands.undone, stands.oldest, stands.set_aside, stands.unsent) == (1, NOON, 1, 1)
    assert store.oldest_undone() == NOON
    assert store.waited_for() == [who]
    assert store.pending(who, 1) == [("telegram|1", who)]
    assert who not in repr(stands)


def test_a_claim_is_one_processs_and_ends_with_it(url: str, tmp_path: Path, store: Store) -> None:
    another = Store.open(url, tmp_path / "key")
    ours, theirs = store.claim("sending"), another.claim("sending")
    assert ours.take()
    assert ours.take()
    assert ours.held()
    assert not theirs.take()
    assert another.claim("clock").take()
    ours.drop()
    assert not ours.held()
    assert theirs.take()
    theirs.drop()
    another.close()


def test_a_claim_can_be_shared_and_then_nobody_has_it_alone(server: Server, tmp_path: Path) -> None:
    store = Store.open(server.database(), tmp_path / "key")
    first, second, alone = (store.claim("serving") for _ in range(3))
    assert first.share()
    assert second.share()
    assert not alone.take()
    first.drop()
    second.drop()
    assert alone.take()
    assert not first.share()
    alone.drop()
    store.close()


def test_row_33_after_the_server_was_killed_the_next_question_is_answered_and_a_full_pool_says_so_in_seconds(tmp_path: Path) -> None:
    """A server of its own, for it does not live through this."""
    with serving() as server, closing(Store.open(server.database(), tmp_path / "key")) as store:
        theirs = store.enrol("telegram", "4711", Person(PersonId("")))
        server.kill()
        with pytest.raises(StoreDown, match="does not answer"):
            store.people()
        server.start()
        assert [person.id for person in store.people()] == [theirs]

        with ExitStack() as held:
            for _ in range(15):  # all that are kept
                held.enter_context(store._database.engine.connect())
            begun = time.monotonic()
            with pytest.raises(StoreDown, match="does not answer"):
                store.people()
            assert time.monotonic() - begun < 20
        assert store.people()
