"""What might get in the way of a step that was just kept, told in answer to being asked, through `step`."""

from __future__ import annotations

import pytest
from passages import Chat, text_of

from bot.model import Person, PersonId
from prompts.library import load_library

LIBRARY = load_library()
STEPS = {
    "en": ("the bakery man never answers", "i'll call him thursday"),
    "fr": ("la télécom avance la date sans demander", "j'appelle leur chef lundi"),
    "es": ("el director no me contesta", "lo llamo el jueves"),
}


def just_planned(language: str) -> Chat:
    chat = Chat(LIBRARY, Person(PersonId("p1"), zone="Africa/Nairobi", language=language, welcomed=True, onboarded=True))
    for told in STEPS[language]:
        asked = text_of(chat.say(told))
    assert asked.endswith("?")
    return chat


def lines(language: str, key: str) -> list[str]:
    """What is left of a line's wordings once a few words of the person's stand before it."""
    return [line.removeprefix("$own. ") for line in LIBRARY.words[language].variants(key)]


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "that she starts to cry"),
        ("en", "probably my boss will hear of it first"),
        ("en", "me, i'd chicken out"),
        ("fr", "qu'il se braque"),
        ("fr", "ben que la télécom décroche pas"),
        ("fr", "il va dire que c'est pas technique"),
        ("es", "que se enoje conmigo"),
        ("es", "que me eche para atras"),
        ("es", "que octavio diga que sí y no vaya. ya me lo ha hecho"),
    ],
)
def test_a_hindrance_is_met_with_what_they_would_do_then(language: str, told: str) -> None:
    chat = just_planned(language)
    reply = text_of(chat.say(told))
    assert any(line in reply for line in lines(language, "plan.hindrance")), reply
    assert reply.endswith("?")


@pytest.mark.parametrize(
    ("language", "told", "then"),
    [
        ("en", "that she starts to cry", "i hand her a tissue and wait"),
        ("fr", "qu'il se braque", "je lui demande ce qui le presse"),
        ("es", "que se enoje conmigo", "le pregunto qué necesita él"),
    ],
)
def test_what_they_would_do_is_left_with_them(language: str, told: str, then: str) -> None:
    chat = just_planned(language)
    chat.say(told)
    assert text_of(chat.say(then)) in LIBRARY.words[language].variants("plan.hindrance.ready")


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "that he doesn't pick up. then i'd go by the shop"),
        ("fr", "ben que la télécom décroche pas. lundi matin leur chef de projet est en réunion. j'appellerai à 14h"),
    ],
)
def test_a_way_round_that_they_name_themselves_is_not_asked_for(language: str, told: str) -> None:
    reply = text_of(just_planned(language).say(told))
    assert any(line in reply for line in lines(language, "plan.hindrance.round")), reply
    assert "?" not in reply


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "me. i'll chicken out. thanks, good night"),
        ("fr", "kaboré. il va dire que c'est pas technique. merci, a vendredi"),
        ("es", "que me eche para atras. gracias, hasta luego"),
    ],
)
def test_whoever_says_goodbye_with_it_is_let_go(language: str, told: str) -> None:
    reply = text_of(just_planned(language).say(told))
    assert any(line in reply for line in lines(language, "plan.hindrance.bye")), reply


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "how do i start the call?"),
        ("en", "what would you do if he won't answer?"),
        ("en", "i've never felt so tired in this job"),
        ("en", "nothing really"),
        ("en", "so will you remind me friday or not"),
        ("en", "my co-broker left this morning"),
        ("en", "the mayor wants his name on the clinic"),
        ("en", "she called me at six this morning"),
        ("fr", "le maire veut son nom sur la clinique"),
        ("es", "el alcalde quiere su nombre en la clínica"),
        ("fr", "comment je commence l'appel ?"),
        ("es", "¿cómo empiezo la llamada?"),
    ],
)
def test_what_is_no_hindrance_is_not_taken_for_one(language: str, told: str) -> None:
    reply = text_of(just_planned(language).say(told))
    assert not any(line in reply for key in ("", ".round", ".bye") for line in lines(language, f"plan.hindrance{key}")), reply


def test_a_step_kept_long_before_asks_for_no_hindrance() -> None:
    chat = just_planned("en")
    chat.say("another thing. the mayor wants his name on the clinic")
    reply = text_of(chat.say("that he will not let go of it"))
    assert not any(line in reply for line in lines("en", "plan.hindrance")), reply


def test_what_is_told_anew_after_a_hindrance_is_no_answer_to_it() -> None:
    chat = just_planned("en")
    chat.say("that she starts to cry")
    assert text_of(chat.say("my co-broker left this morning")) not in LIBRARY.words["en"].variants("plan.hindrance.ready")
