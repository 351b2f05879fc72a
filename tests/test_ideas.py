"""Where no card is sure, the coach offers two ideas of its own: for the matter that was told, after what was told, each to be picked."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from passages import Chat, chat_in, said, text_of

from bot.model import Choice, Message
from bot.spelling import any_in, in_line
from prompts.library import Idea, load_library
from prompts.signals import load_signals

LIBRARY = load_library()
LANGUAGES = tuple(LIBRARY.ideas)
SIGNALS = load_signals()
LETTERS = "abc twelve staff 12 “noted” 'ok now' I signed the lists"
LONGEST = 900  # characters (coaching.md section 2, C9)

# What is told over a few messages, a plea, the kind of matter it is, and what of it is told back.
TALKS = {
    "en": (
        [
            "we found out that there are two sets of minutes of every meeting",
            "the secretary writes 'it was resolved' and the fishers write something else",
            "I signed hers",
        ],
        "what do others do?",
        "records",
        ["two sets of minutes", "it was resolved", "you signed hers"],
    ),
    "fr": (
        ["la mairie dit la semaine prochaine, toujours la semaine prochaine", "elle a écrit « on verra bien »"],
        "une idée ?",
        "promise",
        ["on verra bien"],
    ),
    "es": (
        ["la empresa siempre dice que la próxima semana", "me escribió «ya veremos» y nada más"],
        "¿alguna idea?",
        "promise",
        ["ya veremos"],
    ),
}


def ideas_in(choices: tuple[Choice, ...]) -> list[Choice]:
    return [choice for choice in choices if choice.id.startswith("idea:")]


def pleaded(language: str) -> tuple[Chat, Message]:
    """A talk of that language up to its plea, and what is said to it."""
    told, plea, _, _ = TALKS[language]
    chat = chat_in(LIBRARY, language)
    for text in told:
        chat.say(text)
    (reply,) = said(chat.say(plea))
    return chat, reply


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_plea_gets_two_ideas_for_the_matter_that_was_told_after_what_was_told(language: str) -> None:
    *_, kind, kept = TALKS[language]
    _, reply = pleaded(language)
    offered = ideas_in(reply.choices)
    assert [choice.id.split(":")[1] for choice in offered] == [kind, kind]
    for choice in offered:
        idea = LIBRARY.ideas[language].idea(choice.id.removeprefix("idea:"))
        assert idea is not None
        assert idea.offer in reply.text
        assert idea.price in reply.text
    before = reply.text.partition("1. ")[0]
    assert all(piece in before.lower() for piece in kept)
    assert reply.text.endswith("?")


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_idea_that_was_picked_leads_to_a_step_of_ones_own(language: str) -> None:
    chat, reply = pleaded(language)
    second = ideas_in(reply.choices)[1]
    lead = text_of(chat.say("2"))
    assert second.label in lead
    assert chat.conversation.place is not None
    assert chat.conversation.place.guide == "if-then"


@pytest.mark.parametrize(
    ("language", "told", "plea", "kind"),
    [
        ("en", "the director of the mill arrived forty minutes late again", "what could I try?", "place"),
        ("en", "my co-broker takes credit for everything", "ideas?", "credit"),
        ("fr", "le sous-préfet a parlé cinquante minutes", "une idée ?", "unheard"),
        ("es", "la gerente llegó media hora tarde", "¿qué puedo probar?", "place"),
    ],
)
def test_a_clause_that_can_be_said_again_tells_of_its_kind_of_matter(language: str, told: str, plea: str, kind: str) -> None:
    chat = chat_in(LIBRARY, language)
    chat.say(told)
    (reply,) = said(chat.say(plea))

    assert [choice.id.split(":")[1] for choice in ideas_in(reply.choices)] == [kind, kind]


def test_one_word_that_might_mean_anything_tells_of_no_kind_of_matter() -> None:
    chat = chat_in(LIBRARY, "en")
    chat.say("she stood by the report table and looked out of the window")
    chat.say("it felt odd to all of us in there")
    (reply,) = said(chat.say("any idea?"))
    assert {choice.id.split(":")[1] for choice in ideas_in(reply.choices)} == {"any"}


def test_who_asks_for_others_is_told_that_the_ideas_are_the_coachs_own() -> None:
    chat = chat_in(LIBRARY, "en")
    chat.say("our driver and the cook have stopped greeting each other since the feast")
    text = text_of(chat.say("what do others do?"))
    assert any(lead in text for lead in LIBRARY.words["en"].variants("ideas.lead.others"))


def test_no_idea_comes_twice_in_a_talk() -> None:
    chat = chat_in(LIBRARY, "en")
    chat.say("our driver and the cook have stopped greeting each other since the feast")
    shown = [choice.id for plea in ("any idea?", "another idea", "something else?") for choice in ideas_in(said(chat.say(plea))[0].choices)]
    assert len(shown) > 3
    assert len(shown) == len(set(shown))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_is_heard_by_its_own_wordings(language: str) -> None:
    for kind, matter in LIBRARY.ideas[language].matters.items():
        assert [line for line in matter.said if not any_in(matter.heard, in_line(line))] == [], kind


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_idea_is_short_priced_and_orders_nobody(language: str) -> None:
    bank, signals = LIBRARY.ideas[language], SIGNALS[language]
    assert bank.matters.keys() == LIBRARY.ideas["en"].matters.keys()
    ideas: list[Idea] = [idea for matter in bank.matters.values() for idea in matter.ideas] + bank.any
    assert len({idea.offer for idea in ideas}) == len(ideas)
    for idea in ideas:
        assert len(idea.offer.split()) <= 28, idea
        assert len(idea.price.split()) <= 16, idea
        assert not idea.name.endswith(".")
        for pattern in (*signals.orders, *signals.flattery, *signals.unsourced):
            assert not re.search(pattern, in_line(f"1. {idea.offer} {idea.price}")), idea


@settings(max_examples=40)
@given(st.lists(st.text(alphabet=LETTERS, max_size=120), max_size=3), st.sampled_from(LANGUAGES))
def test_whatever_was_told_a_plea_after_it_is_answered_and_fits_a_screen_or_two(lines: list[str], language: str) -> None:
    chat = chat_in(LIBRARY, language)
    for line in ("the port company talks about us at the harbour", *lines):
        chat.say(line)
    assert 0 < len(text_of(chat.say("any idea?"))) < LONGEST
