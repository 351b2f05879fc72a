"""What comes in beside the talk: a message taken back, a button of a home page, a note; and what a home page shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from passages import CONVERSATION, Chat, said, text_of

from bot.dialogue import step
from bot.model import Deleted, Entry, Intention, Keep, Noted, Partnership, Person, PersonId, TakeOut, Turn, Wished
from bot.overview import ACTIONS, overview
from bot.wishes import WISHES
from prompts.library import load_library

LIBRARY = load_library()
STORY = "Anna and the mayor both came late to the pump meeting, and then they blamed each other for it."
FEW = settings(max_examples=25)


def wish(chat: Chat, what: str) -> Turn:
    return chat.take(Wished(chat.key(), chat.at, what))


def note(chat: Chat, text: str) -> Turn:
    return chat.take(Noted(chat.key(), chat.at, text))


def reflecting(language: str = "en") -> tuple[Chat, str]:
    """Somebody who has told one moment of their day, and the key of the message it came in."""
    chat = Chat(LIBRARY)
    chat.say("reflect")
    chat.say("ok")
    chat.say(STORY)
    key = f"m{chat.turns}"
    assert any(text == STORY for entry in chat.entries for _, text in entry.answers)
    if language != "en":
        chat.person = Person(chat.person.id, language=language, zone=chat.person.zone, welcomed=True, onboarded=True)
    return chat, key


@pytest.mark.parametrize("language", sorted(LIBRARY.words))
def test_a_message_that_is_taken_back_is_asked_about_and_its_answer_goes_only_on_a_yes(language):
    chat, key = reflecting(language)
    words = LIBRARY.words[language]
    asked = chat.take(Deleted(chat.key(), chat.at, key))
    assert text_of(asked) == words.variants("deleted.ask")[0]
    assert not [effect for effect in asked.effects if isinstance(effect, TakeOut)]
    gone = chat.press(words.variants("choice.take-out")[0])
    assert [effect.step for effect in gone.effects if isinstance(effect, TakeOut)] == ["moment"]
    assert chat.conversation.place is not None
    assert said(gone)[0].text.rstrip().endswith("?")
    again = chat.take(Deleted(chat.key(), chat.at, key))
    assert not again.effects


def test_an_answer_that_stays_after_its_message_went_is_still_there_and_the_guide_goes_on():
    chat, key = reflecting()
    chat.take(Deleted(chat.key(), chat.at, key))
    kept = chat.press(LIBRARY.words["en"].variants("choice.keep-it")[0])
    assert not [effect for effect in kept.effects if isinstance(effect, TakeOut)]
    assert chat.conversation.place is not None


def test_of_a_message_that_was_never_kept_nothing_is_said_and_what_was_offered_stays_on_the_table():
    chat = Chat(LIBRARY)
    chat.say("hello")
    offered = chat.conversation.choices
    assert not chat.take(Deleted(chat.key(), chat.at, "m1")).effects
    assert chat.conversation.choices == offered


@pytest.mark.parametrize("what", ACTIONS)
def test_a_button_of_the_home_page_does_what_it_says_and_in_a_guide_the_place_is_kept(what):
    assert what in WISHES
    chat, _ = reflecting()
    place = chat.conversation.place
    assert said(wish(chat, what))
    assert (chat.conversation.place or chat.conversation.held).answers == place.answers


def test_a_stranger_who_presses_a_button_is_welcomed_first():
    chat = Chat(LIBRARY, person=Person(PersonId("p1")))
    wish(chat, "logbook")
    assert chat.person.welcomed


@FEW
@given(st.text(max_size=30), st.booleans())
def test_no_wish_however_odd_breaks_a_turn(what, guided):
    chat = reflecting()[0] if guided else Chat(LIBRARY)
    turn = wish(chat, what)
    assert said(turn)
    assert CONVERSATION.validate_json(CONVERSATION.dump_json(turn.conversation)) == turn.conversation


@FEW
@given(st.text(max_size=300), st.booleans())
def test_a_note_is_kept_as_it_was_written_and_moves_nothing(text, guided):
    chat = reflecting()[0] if guided else Chat(LIBRARY)
    place = chat.conversation.place
    turn = note(chat, text)
    kept = [effect for effect in turn.effects if isinstance(effect, Keep)]
    assert all((effect.guide, effect.step, effect.text) == ("note", "note", text) for effect in kept)
    assert chat.conversation.place == place
    assert said(turn)


def test_a_note_in_which_somebody_is_in_danger_is_kept_and_answered_as_danger():
    chat = Chat(LIBRARY)
    turn = note(chat, "I want to die")
    assert [effect for effect in turn.effects if isinstance(effect, Keep)]
    assert said(turn)[-1].kind == "safety"


@pytest.mark.parametrize("language", sorted(LIBRARY.words))
def test_a_home_page_speaks_the_persons_language_and_leaves_no_slot_open(language):
    person = Person(
        PersonId("p1"), language=language, name="Aisha", zone="Africa/Nairobi", broker="internal", welcomed=True,
        partnerships=(Partnership("Water", ("managing-maintaining",)), Partnership("Roads")),
    )  # fmt: skip
    chat = Chat(LIBRARY, person=person)
    note(chat, STORY)
    day = chat.at.date()
    aims = Entry("a1", "aims", day, chat.at, (("aim", "the mayor opens the meeting"), ("strategy", "ask her deputy")))
    before = replace(aims, id="a0", event_date=day - timedelta(days=7), answers=(("aim", "an older one"),))
    chat.entries = (aims, before, *chat.entries)
    plan = Intention("i1", "If he bristles, then I ask", made=chat.at, due=(chat.at + timedelta(days=3)).date())
    chat.intentions = (plan,)
    shown = overview(LIBRARY, chat.context(), chat.at)
    rows = [shown.greeting, *(row for section in shown.sections for row in (section.title, *section.rows))]
    whole = "\n".join(rows)
    assert "$" not in whole
    assert all(word in whole for word in ("Aisha", "Water", "Roads", "If he bristles", "Anna", "ask her deputy"))
    week = next(section for section in shown.sections if section.title == LIBRARY.words[language].guides["aims"].title)
    assert [row.lstrip("· ") for row in week.rows] == ["the mayor opens the meeting", "ask her deputy"]
    assert [choice.id for choice in shown.actions] == [f"wish:{what}" for what in ACTIONS]
    assert "Anna" not in repr(shown)
    assert "Aisha" not in repr(shown)


def test_a_turn_that_is_decided_twice_is_the_same():
    chat, key = reflecting()
    event = Deleted(chat.key(), chat.at, key)
    context = chat.context()
    assert step(LIBRARY, context, event) == step(LIBRARY, context, event)
