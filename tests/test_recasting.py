"""What somebody told, said again in other words: prompts/recasts through `step`, and the rules its lines keep to."""

from __future__ import annotations

import re
from string import Template

import pytest
from passages import Chat, said

from bot.doings import RUN, run_of
from bot.model import Person, PersonId
from bot.recasting import again_in
from prompts.library import load_library
from prompts.signals import load_signals

LIBRARY = load_library()
EVERY = [(language, name) for language, recasts in LIBRARY.recasts.items() for name in recasts.told]
LONGEST = 155  # characters of what is said again, with what may lie in it
SLOTS = {
    "en": {
        "who": "the deputy director",
        "whom": "the deputy director",
        "whose": "the deputy director's",
        "what": "the whole list by Friday",
    },
    "fr": {"who": "la directrice adjointe", "whom": "la directrice adjointe", "whose": "", "what": "toute la liste avant vendredi"},
    "es": {"who": "la subdirectora", "whom": "la subdirectora", "whose": "", "what": "toda la lista para el viernes"},
}
PEOPLE = {
    language: Person(PersonId("p1"), zone="Africa/Nairobi", language=language, welcomed=True, onboarded=True)
    for language in LIBRARY.recasts
}


def heard(told: str, language: str) -> str | None:
    again = again_in(told, LIBRARY.words[language].hear, LIBRARY.recasts[language])
    return again.name if again else None


@pytest.mark.parametrize(("language", "name"), EVERY)
def test_each_way_of_telling_a_thing_is_heard_as_that_thing(language: str, name: str) -> None:
    assert {told: heard(told, language) for told in LIBRARY.recasts[language].told[name].said} == dict.fromkeys(
        LIBRARY.recasts[language].told[name].said, name
    )


@pytest.mark.parametrize(("language", "name"), EVERY)
def test_a_reply_to_it_holds_none_of_it_word_for_word_and_one_question(language: str, name: str) -> None:
    for told in LIBRARY.recasts[language].told[name].said:
        (message,) = said(Chat(LIBRARY, PEOPLE[language]).say(told))
        assert run_of(message.text, told) <= RUN, message.text
        assert "$" not in message.text
        assert message.text.count("?") == 1, message.text


@pytest.mark.parametrize(("language", "name"), EVERY)
def test_its_lines_fit_a_phone_and_keep_to_the_book(language: str, name: str) -> None:
    recast, signals = LIBRARY.recasts[language].told[name], load_signals()[language]
    unwanted = [*signals.flattery, *signals.jargon, *signals.knows_better]
    for line in (*recast.says, *recast.means, *recast.asks):
        filled = Template(line).substitute(SLOTS[language])
        assert not re.search('[“”«»"!]', filled), filled
        assert not any(re.search(pattern, filled, re.IGNORECASE) for pattern in unwanted), filled
        assert not filled[0].islower() or line.startswith("$"), filled
    for line in recast.says:
        filled = Template(line).substitute(SLOTS[language])
        assert not filled.endswith((".", "?")), filled
        assert min(len(f"{filled}. {meaning}") for meaning in recast.means) <= LONGEST, filled
    for line in recast.means:
        assert line.endswith(".")
        assert "?" not in line
    for line in recast.asks:
        assert line.count("?") == 1
        assert line.endswith("?")


@pytest.mark.parametrize("language", LIBRARY.recasts)
def test_no_question_and_no_meaning_stands_twice_in_one_kind(language: str) -> None:
    for recast in LIBRARY.recasts[language].told.values():
        lines = [*recast.says, *recast.means, *recast.asks]
        assert sorted(lines) == sorted(set(lines))


@pytest.mark.parametrize(
    ("language", "told", "not_this"),
    [
        ("en", "he told me not to make a fuss", "told-you"),
        ("en", "the interpreter leaves out the hard words", "left"),
        ("en", "eleven people left the group after his message", "you-alone"),
        ("en", "should i call her?", "rang-you"),
        ("en", "i said it in open session", "says-that"),
        ("en", "legal has sent a contract", "sent-another"),
        ("en", "something tells me the company doesn't want this any more", "stopped"),
        ("en", "i was glad that he cancelled", "you-proud"),
        ("en", "nobody is blaming anybody", "blames-you"),
        ("fr", "le maire a encore annulé", "annule"),
        ("fr", "mais l'association n'a rien", "silence-la"),
        ("fr", "ils sont partis avant la fin", "part"),
        ("es", "me piden los contactos de las familias", "quiere-que-tu"),
        ("es", "se salió de la reunión a la mitad", "se-va"),
        ("es", "no sé qué hacer", "callaste"),
    ],
)
def test_what_only_sounds_alike_is_not_taken_for_it(language: str, told: str, not_this: str) -> None:
    assert heard(told, language) != not_this


def test_who_and_what_it_is_about_stand_in_it() -> None:
    (message,) = said(Chat(LIBRARY).say("both make the group what it is. but she can stop our permit"))
    assert message.text.startswith("Your permit hangs on her, then."), message.text


def test_nothing_is_said_again_twice() -> None:
    chat = Chat(LIBRARY)
    first, second = (said(chat.say("she can stop our permit"))[-1].text for _ in range(2))
    assert "hangs on her" in first
    assert "hangs on her" not in second


def test_a_contraction_is_made_where_a_language_has_one() -> None:
    (message,) = said(Chat(LIBRARY, PEOPLE["fr"]).say("le maire ne répond plus à mes messages"))
    assert "du maire" in message.text, message.text
    assert "de le maire" not in message.text
