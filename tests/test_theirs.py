"""What is somebody's own in what they tell comes back to them, beside a mirror or alone; never what they did not say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from passages import Chat, passages, said, text_of

from bot.model import Person, PersonId
from bot.theirs import found_in
from knowledge.card import load_cards
from prompts.library import load_library

LIBRARY = load_library()
CARDS = {card.id for card in load_cards(Path(__file__).parent.parent / "knowledge" / "cards")}
LANGUAGES = tuple(LIBRARY.happenings)

# What is told, and what of it is handed back first.
OWN = {
    "en": {
        "we had 23 people in the room": ("count", "23 people"),
        "I am ashamed of it": ("felt", "shame"),
        "I think she is ashamed of it": ("felt.others", "shame"),
        "the review is due on Friday": ("due", "Friday"),
        'he said "you people talk too much"': ("said", "you people talk too much"),
    },
    "fr": {
        "on était 23 dans la salle": ("count", "23 dans la salle"),
        "j'ai honte de ça": ("felt", "la honte"),
        "il faut rendre le dossier vendredi": ("due", "vendredi"),
        "il a dit « vous parlez trop »": ("said", "vous parlez trop"),
    },
    "es": {
        "éramos 23 en la sala": ("count", "23 en la sala"),
        "me da miedo todo esto": ("felt", "el miedo"),
        'dijo "ustedes hablan demasiado"': ("said", "ustedes hablan demasiado"),
    },
}
# What is told, and what must not be made of it.
NOT_OWN = {
    "en": {
        "I'm not ashamed": "shame",
        "I told her yesterday": "yesterday",
    },
    "fr": {"je n'ai pas peur": "peur"},
    "es": {"no tengo miedo": "miedo", "estaba furioso": "la rabia"},
}


def in_(language: str) -> Person:
    return Person(PersonId("p1"), zone="Africa/Nairobi", language=language, welcomed=True, onboarded=True)


@pytest.mark.parametrize(("language", "told"), [(language, told) for language in OWN for told in OWN[language]])
def test_what_is_theirs_is_found_in_what_they_tell(language: str, told: str) -> None:
    assert next(found_in(told, LIBRARY.words[language].hear, LIBRARY.happenings[language])) == OWN[language][told]


@pytest.mark.parametrize(("language", "told"), [(language, told) for language in NOT_OWN for told in NOT_OWN[language]])
def test_nothing_is_handed_back_that_was_not_told(language: str, told: str) -> None:
    found = dict(found_in(told, LIBRARY.words[language].hear, LIBRARY.happenings[language]))
    assert not [own for own in found.values() if NOT_OWN[language][told] in own]


@given(st.text(max_size=300), st.sampled_from(LANGUAGES))
def test_whatever_is_typed_what_comes_back_is_short(text: str, language: str) -> None:
    hear = LIBRARY.words[language].hear
    assert all(own and len(own.split()) <= 10 for _, own in found_in(text, hear, LIBRARY.happenings[language]))


def test_a_mirror_that_fits_anybody_has_something_of_theirs_beside_it() -> None:
    (message,) = said(Chat(LIBRARY).say("we had 23 people in the room and I read the figures out"))
    assert "23 people" in message.text.lower()


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_kind_of_matter_has_small_things_to_try_each_with_the_mark_of_the_coach(language: str) -> None:
    words = LIBRARY.words[language]
    for kind in (*words.hear.matters, "any"):
        tries = words.variants(f"try.{kind}")
        assert len(tries) > 1
        assert all("$ours" in line for line in tries), kind


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_cards_that_may_speak_to_what_happened_are_there(language: str) -> None:
    happenings = LIBRARY.happenings[language].told
    assert {card for happening in happenings.values() for card in happening.cards} <= CARDS


def test_silence_is_met_with_no_card_on_attacks() -> None:
    attacks = replace(next(found for found in passages() if found.card == "attacks-by-email"), score=0.89)
    chat = Chat(LIBRARY)
    first = text_of(chat.say("the company has not answered my emails for three weeks", [attacks]))
    asked = text_of(chat.say("what could I do?", [attacks]))
    assert first.startswith("Three weeks, and not a word.")
    assert "[1]" not in first + asked
    assert any(line.split("$")[0] in asked for line in LIBRARY.words["en"].variants("try.silent"))
