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
        "they had no chairs": ("lack", "no chairs"),
        "last night the bishop rang my mother": ("thing", "your mother"),
        "the review is due on Friday": ("due", "Friday"),
        "everybody complains about Musa": ("name", "Musa"),
        'he said "you people talk too much"': ("said", "you people talk too much"),
    },
    "fr": {
        "on était 23 dans la salle": ("count", "23 dans la salle"),
        "j'ai honte de ça": ("felt", "la honte"),
        "elles étaient debout, sans chaise": ("lack", "sans chaise"),
        "il faut rendre le dossier vendredi": ("due", "vendredi"),
        "il a dit « vous parlez trop »": ("said", "vous parlez trop"),
    },
    "es": {
        "éramos 23 en la sala": ("count", "23 en la sala"),
        "me da miedo todo esto": ("felt", "el miedo"),
        "estaban de pie, sin sillas": ("lack", "sin sillas"),
        "anoche llamó a mi madre": ("thing", "tu madre"),
        'dijo "ustedes hablan demasiado"': ("said", "ustedes hablan demasiado"),
    },
}
# What is told, and what must not be made of it.
NOT_OWN = {
    "en": {
        "I'm not ashamed": "shame",
        "she works in Malawi": "Malawi",
        "only the bank spoke": "spoke",
        "I told her yesterday": "yesterday",
    },
    "fr": {"je n'ai pas peur": "peur", "elle vit à Dakar": "Dakar", "je leur dis tout": "leur dis", "il la prend pour lui": "la prend"},
    "es": {"no tengo miedo": "miedo", "vive en Arequipa": "Arequipa", "estaba furioso": "la rabia", "los invitamos ayer": "los invitamos"},
}


def in_(language: str) -> Person:
    return Person(PersonId("p1"), zone="Africa/Nairobi", language=language, welcomed=True, onboarded=True)


@pytest.mark.parametrize(("language", "told"), [(language, told) for language in OWN for told in OWN[language]])
def test_what_is_theirs_is_found_in_what_they_tell(language: str, told: str) -> None:
    assert next(found_in(told, LIBRARY.words[language].hear, LIBRARY.happenings[language], language)) == OWN[language][told]


@pytest.mark.parametrize(("language", "told"), [(language, told) for language in NOT_OWN for told in NOT_OWN[language]])
def test_nothing_is_handed_back_that_was_not_told(language: str, told: str) -> None:
    found = dict(found_in(told, LIBRARY.words[language].hear, LIBRARY.happenings[language], language))
    assert not [own for own in found.values() if NOT_OWN[language][told] in own]


@given(st.text(max_size=300), st.sampled_from(LANGUAGES))
def test_whatever_is_typed_what_comes_back_is_short(text: str, language: str) -> None:
    hear = LIBRARY.words[language].hear
    assert all(own and len(own.split()) <= 10 for _, own in found_in(text, hear, LIBRARY.happenings[language], language))


def test_a_mirror_that_fits_anybody_has_something_of_theirs_beside_it() -> None:
    (message,) = said(Chat(LIBRARY).say("last night the bishop rang my mother"))
    assert "your mother" in message.text.lower()


def test_where_nothing_happened_that_is_known_what_is_theirs_is_asked_about() -> None:
    (message,) = said(Chat(LIBRARY).say("The women of the market stood at the back, they had no chairs"))
    assert message.text.startswith("No chairs")


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


STEPS = {"en": "I will call the mayor on Friday", "fr": "vendredi j'appelle le maire", "es": "el viernes llamo al alcalde"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_step_is_kept_with_another_view_of_it(language: str) -> None:
    text = text_of(Chat(LIBRARY, in_(language)).say(STEPS[language]))
    assert any(line in text for line in LIBRARY.words[language].variants("plan.other.with"))


def test_whoever_is_tired_is_given_no_other_view_of_a_step() -> None:
    text = text_of(Chat(LIBRARY).say("I am exhausted and angry, I will call the mayor on Friday"))
    assert not any(line in text for kind in ("with", "for", "any") for line in LIBRARY.words["en"].variants(f"plan.other.{kind}"))
