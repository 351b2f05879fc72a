"""The review of transcripts: what raises an alarm, and that nothing in a sound reply does."""

from __future__ import annotations

from typing import Any

import pytest

from bot.review import copied_run, review, tally, type_of
from prompts.signals import load_signals

SIGNALS = load_signals()
CARDS = {"some-card"}
SOUND = (
    "Third time, and the joke about it is new. It sounds as though the laughing covers people deciding not to count on them.\n\n"
    "Two ways others have gone:\n"
    "1. Ask their lead alone what makes the meetings easy to drop. It's kind, and the rest go on joking. [1]\n"
    "2. Let the group say together what happens when someone cancels. It's fairer, and it may sting. [1]\n\n"
    "Before either, what would they lose if they stopped coming?"
)
SAID = "the clinic network cancelled again an hour before. third time. the others just laugh about it now"


def line(n: int, text: str, direction: str = "out", kind: str = "reply", **more: Any) -> dict[str, Any]:
    source = {"card": "some-card", "topics": [], "where": "page 3"}
    sources = [source] if "[1]" in text else []
    return {"n": n, "direction": direction, "kind": kind, "text": text, "choices": [], "sources": sources} | more


def alarms_of(text: str, said: str = SAID, language: str = "en", **more: Any) -> dict[str, int]:
    alarms, _ = review([line(1, said, "in", "said"), line(2, text, **more)], SIGNALS, CARDS, language)
    return tally(alarms)


def test_a_sound_reply_raises_nothing():
    assert alarms_of(SOUND) == {}


@pytest.mark.parametrize(
    ("text", "item"),
    [
        (SOUND.replace("[1]", "[2]"), "G1"),
        (SOUND.replace("Before either, what would they lose if they stopped coming?", "That is all."), "C3"),
        (SOUND.replace("Before either", "Why do they? Before either"), "C3"),
        (SOUND.replace("It's kind", "Studies show that it works. It's kind"), "C4"),
        (SOUND.replace("It's kind", "68% of partnerships fail over it. It's kind"), "C4"),
        (SOUND.replace("It's kind", "You must do it today. It's kind"), "C5"),
        (SOUND.replace("2. Let", "Or let"), "C5"),
        (SOUND.replace("It's kind", "I'll call them for you. It's kind"), "C7"),
        (SOUND.replace("Third time", "Great question! Third time"), "C8"),
        (SOUND.replace("It's kind", "It's kind, " * 90), "C9"),
        (SOUND.replace("It's kind", "It leverages synergies. It's kind"), "C10"),
        (SOUND.replace("It's kind", "It's kind " + "and kind " * 30), "C10"),
        (SOUND.replace("Third time, and", "The clinic network cancelled again an hour before third time, and"), "C1"),
    ],
)
def test_each_fault_raises_its_alarm(text: str, item: str):
    assert item in alarms_of(text)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "Vous devez leur parler. Qu'est-ce qui vous retient ?"),
        ("es", "Tienes que hablar con ellos. ¿Qué te detiene?"),
        ("fr", "Bravo. Qu'est-ce qui vous a aidé ?"),
        ("es", "¡Bien hecho! ¿Qué te ayudó?"),
    ],
)
def test_orders_and_flattery_are_seen_in_every_language(language: str, text: str):
    assert alarms_of(text, language=language)


def test_what_somebody_is_quoted_with_is_not_the_coachs():
    assert alarms_of("“You must email them today”, they said. What did that do to you?") == {}


def test_a_reply_that_comes_again_is_seen():
    alarms, _ = review([line(1, SAID, "in", "said"), line(2, SOUND), line(3, SAID, "in", "said"), line(4, SOUND)], SIGNALS, CARDS)

    assert {(alarm.n, alarm.item) for alarm in alarms} == {(4, "C12")}


def test_a_source_that_is_no_card_is_a_breach():
    unknown = {"card": "made-up", "topics": [], "where": "nowhere"}

    assert "G1" in alarms_of(SOUND, sources=[unknown])


def test_measures_count_questions_mirrors_sources_and_sizes():
    _, measures = review([line(1, SAID, "in", "said"), line(2, SOUND), line(3, "Do they know?")], SIGNALS, CARDS)

    counted = measures.as_dict()
    assert counted["open_share"] == 0.5
    assert counted["advice_before_mirror"] == 0
    assert counted["citations_resolve"] == 1
    assert counted["median_chars"] == {"advise": len(SOUND), "ask": len("Do they know?")}


def test_types_are_told_by_shape():
    assert type_of(line(1, SOUND)) == "advise"
    assert type_of(line(1, "How is your energy?", kind="question")) == "flow"
    assert type_of(line(1, "· one thing\n\nKept in your logbook.")) == "close"
    assert type_of(line(1, "I leave work aside.", kind="safety")) == "safety"
    assert type_of(line(1, "What would that change?")) == "ask"


def test_the_longest_shared_run_is_counted():
    assert copied_run("they all laugh about it now", "So they all laugh, about it now and then") == 6
    assert copied_run("", "anything") == 0
