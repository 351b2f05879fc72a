"""What people mean is understood in the wordings they use, and an answer that only holds the same words stays an answer.

The wordings stand in hearing.yaml, so that a broker can add one. None of them is looked up anywhere but in prompts/words.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from passages import cards

from bot.alarms import alarm_in
from bot.choosing import choice_in, choices_in, energy_in
from bot.hearing import (
    act_in,
    after_greeting,
    aside_in,
    asks_coach,
    control_in,
    echo_of,
    either_in,
    feels,
    heard,
    name_in,
    of_this_world,
    pleads,
    when_in,
    who_in,
    without_introduction,
)
from bot.model import Choice
from bot.reflecting import wish_in
from bot.spelling import clean, words_in
from prompts.library import Hear, Safety, load_library

SAID: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("hearing.yaml").read_text(encoding="utf-8"))
LIBRARY = load_library()
WORDS = LIBRARY.words["en"]
HEAR: Hear = WORDS.hear
SAFETY: Safety = WORDS.safety


def alarmed(text: str) -> str | None:
    found = alarm_in(text, [("en", SAFETY)])
    return found[0] if found else None


ANY_TEXT = st.text(st.characters(codec=None), max_size=300) | st.lists(
    st.sampled_from(
        [*(w for part in (HEAR.controls, HEAR.wishes) for said in part.values() for w in said), *HEAR.joints, *HEAR.hedges, ",", ".", "$"]
    ),
    max_size=30,
).map(" ".join)
FEW = settings(max_examples=150)


def of(table: str) -> list[tuple[str, str]]:
    return [(meaning, said) for meaning, lines in SAID[table].items() for said in lines]


# --- acts


def of_acts(kind: str) -> list[tuple[str, str]]:
    return [(language, said) for language, lines in SAID["acts"][kind].items() for said in lines]


def ends(said: str, hear: Hear) -> bool:
    return "bye" in (act_in(said, hear), heard(said, hear.wishes, hear)) or heard(said, hear.controls, hear) == "stop"


@pytest.mark.parametrize(("language", "said"), of_acts("plea"))
def test_a_plea_for_ideas_is_heard_in_any_wording(language, said):
    hear = LIBRARY.words[language].hear
    asked = act_in(said, hear) in ("ideas", "leaning", "one") or heard(said, hear.wishes, hear) in ("one", "another")
    assert asked or pleads(said, hear)


@pytest.mark.parametrize(("language", "said"), of_acts("end"))
def test_whoever_has_nothing_more_to_say_is_heard_to_end(language, said):
    assert ends(said, LIBRARY.words[language].hear)


@pytest.mark.parametrize(("language", "said"), of_acts("either"))
def test_the_two_things_of_which_one_comes_first_are_heard(language, said):
    assert either_in(said, LIBRARY.words[language].hear)


@pytest.mark.parametrize(("language", "said"), of_acts("none"))
def test_what_holds_the_same_words_is_no_plea_and_no_end(language, said):
    hear = LIBRARY.words[language].hear
    assert not pleads(said, hear)
    assert not ends(said, hear)


def told(table: str) -> list[tuple[str, Any]]:
    return [(language, said) for language, lines in SAID[table].items() for said in lines]


def hear_in(language: str) -> Hear:
    return LIBRARY.words[language].hear


# --- reflections


@pytest.mark.parametrize(("language", "said"), told("reflections"))
def test_a_reflection_is_wished_for_in_any_wording(language, said):
    hear = hear_in(language)

    assert "reflect" in (wish_in(said, hear), wish_in(after_greeting(said, hear, ()), hear))


@pytest.mark.parametrize(("language", "said"), told("no_reflections"))
def test_what_others_reflect_on_opens_no_reflection(language, said):
    assert wish_in(said, hear_in(language)) != "reflect"


@pytest.mark.parametrize(("language", "said"), told("energies"))
def test_energy_is_understood_in_words_and_a_scene_is_none(language, said):
    text, level = said
    found = energy_in(text, [Choice(f"crossing.energy:{each}", each) for each in ("low", "ok", "good")], hear_in(language))

    assert (found[0].label if found else None) == level


@pytest.mark.parametrize(("language", "said"), told("ends"))
def test_keeping_and_ending_are_understood_with_their_courtesies(language, said):
    assert control_in(said, hear_in(language)) in ("stop", "keep", "later")


# --- controls and wishes


@pytest.mark.parametrize(("meaning", "said"), of("controls"))
def test_a_control_is_understood_however_people_write_it(meaning, said):
    assert heard(said, HEAR.controls, HEAR) == meaning


@pytest.mark.parametrize(("meaning", "said"), of("wishes"))
def test_a_wish_is_understood_however_people_write_it(meaning, said):
    assert heard(said, HEAR.wishes, HEAR) == meaning


@pytest.mark.parametrize("table", ["controls", "wishes"])
def test_shouting_and_politeness_change_nothing(table):
    for meaning, said in of(table):
        if len(words_in(said)) < 8:  # with more words than that a message is no longer read as a control
            phrases = getattr(HEAR, table)
            assert heard(said.upper() + "!!", phrases, HEAR) == meaning, said
            assert heard(f"{said.rstrip('?!.')} please", phrases, HEAR) == meaning, said


@pytest.mark.parametrize("said", SAID["answers"])
def test_an_answer_that_holds_the_words_of_a_control_stays_an_answer(said):
    assert heard(said, HEAR.controls, HEAR) is None
    assert heard(said, HEAR.wishes, HEAR) is None


def test_a_long_message_is_never_a_control():
    assert heard("stop " * 10, HEAR.controls, HEAR) is None
    assert heard("please " * 10 + "skip", HEAR.controls, HEAR) is None


def test_two_phrases_of_one_meaning_may_follow_each_other():
    assert heard("no time now, later", HEAR.controls, HEAR) == "later"
    assert heard("skip, stop", HEAR.controls, HEAR) is None


def test_a_word_that_phrases_are_reduced_to_is_not_taken_for_them():
    for said in ("what", "not", "in", "how", "so what?", "not this", "the one"):
        assert heard(said, HEAR.controls, HEAR) is None, said


# --- choices


def offered(guide: str, step: str) -> list[Choice]:
    return [Choice(f"{guide}.{step}:{key}", label) for key, label in WORDS.guides[guide].steps[step].choices.items()]


def doing(*actions: str) -> list[Choice]:
    return [Choice(f"do:{action}", WORDS.variants(f"choice.{action}")[0]) for action in actions]


ENERGY = offered("crossing", "energy")
BROKER = offered("onboarding", "broker")
TIME = offered("onboarding", "reminder")
CONFIRM = offered("onboarding", "confirm")
MORE = offered("onboarding", "another")
DUE = offered("if-then", "due")
PHASES = offered("onboarding", "phases")
RESUME = doing("resume", "fresh", "leave")
PLAN = doing("if-then", "enough")
OPTIONS = [Choice("opt:c:0", "Answer with a question"), Choice("opt:c:1", "Stay away one meeting"), *doing("another")]

CHOSEN = [
    (
        ENERGY,
        "low",
        "1|low|Low.|a bit low|pretty low|very low|rather low|not good|not so good|I'm tired|so tired|exhausted|worn out|drained",
    ),
    (
        ENERGY,
        "low",
        "the first|number 1|1)|(1)|option 1|one|#1|1.|bad day|running on empty|quite tired|I'm quite tired today|no energy|rough",
    ),
    (
        ENERGY,
        "ok",
        "2|ok|OK!|okay|fine|I'm fine|so-so|not bad|average|medium|the second one|2.|two|it's ok|doing ok|not too bad|the middle one",
    ),
    (
        ENERGY,
        "good",
        "3|good|great|I'm good|pretty good|very good!|full of energy|high|the last one|the third|three|excellent|feeling great",
    ),
    (ENERGY, None, "0|7|12|purple|the bank was late|the mayor had a good laugh at us|it was a bad idea to invite them|"),
    (
        BROKER,
        "internal",
        "inside|internal|from inside|I'm internal|the first|I am employed by one of them|I work for one of them|I'm staff of one|1",
    ),
    (BROKER, "external", "outside|external|from outside|independent|I'm a consultant|freelancer|I'm external|for all of them|2|the second"),
    (BROKER, None, "both|neither|a bit of each"),
    (TIME, "evening", "end of the day|evening|in the evening|1|the evening please"),
    (TIME, "midday", "midday|noon|at lunch|lunchtime|2"),
    (TIME, "never", "no reminders|never|none|no thanks|3|don't remind me|no|no reminders please|I don't want reminders"),
    (TIME, None, "18:15|at six|9am|08:00"),
    (CONFIRM, "right", "yes|right|that's right|correct|yes please|yep|perfect|ok|1|yes, that's right|looks good|exactly"),
    (CONFIRM, "other-time", "another time|no, another time|other time|wrong time|2|no|different time please"),
    (CONFIRM, "other-place", "wrong city|my clock is elsewhere|3|another place|different city|I'm somewhere else"),
    (MORE, "more", "yes|another one|one more|yes, another one|1"),
    (MORE, "enough", "no|that was all|that's all|2|no that's all|just the one|nope|no, that was all"),
    (DUE, "tomorrow", "tomorrow|1"),
    (DUE, "three-days", "in three days|3 days|2"),
    (DUE, "week", "next week|in a week|a week|3|in one week"),
    (DUE, "no-date", "no need|don't ask|never|4|no"),
    (DUE, None, "Friday|in two weeks|on Monday"),
    (RESUME, "resume", "go on|continue|yes|1|yes please|ok|let's go on|resume"),
    (RESUME, "fresh", "start fresh|fresh|start over|2|begin anew"),
    (RESUME, "leave", "leave it|no|leave|3|leave it be|leave it for now|not now"),
    (PLAN, "if-then", "yes|if-then|yes please|make it an if-then|1|sure|ok"),
    (PLAN, "enough", "no|enough|that's enough|2|not now|no thanks|that's enough for now"),
    (OPTIONS, "0", "1|the first|the first one|first|answer with a question|option 1|number one|the question one|I'd take the first one"),
    (OPTIONS, "1", "2|second|the second|stay away|stay away one meeting|number two|the meeting one"),
    (OPTIONS, "another", "3|another|another way|something else|neither|none of these"),
    (OPTIONS, None, "their meeting went badly|first we had to wait for the second bus|on"),
]


@pytest.mark.parametrize(("choices", "chosen", "said"), [(c, w, s) for c, w, lines in CHOSEN for s in lines.split("|")])
def test_a_choice_is_meant_by_number_place_part_or_another_word(choices, chosen, said):
    meant = choice_in(said, choices, HEAR)

    assert (meant.id.rsplit(":", 1)[-1] if meant else None) == chosen


@pytest.mark.parametrize("choices", [ENERGY, BROKER, TIME, CONFIRM, MORE, DUE, PHASES, RESUME, PLAN, OPTIONS])
def test_every_label_typed_as_it_stands_is_that_choice(choices):
    for number, choice in enumerate(choices, 1):
        assert choice_in(choice.label, choices, HEAR) == choice
        assert choice_in(choice.label.lower() + "!", choices, HEAR) == choice
        assert choice_in(str(number), choices, HEAR) == choice
        assert choices_in(choice.label, choices, HEAR) in ((choice,), ()), choice.label


@pytest.mark.parametrize(
    ("said", "numbers"),
    [
        *((said, "13") for said in ("1 and 3", "1,3", "1, 3", "1 3", "1+3", "1/3", "1 & 3", "one and three", "the first and the third")),
        *((said, "14") for said in ("the first and the last", "first and last", "4 and 1", "1; 4", "1 & 4")),
        *((said, "12") for said in ("starting, up and running", "both 1 and 2", "1-2", "1 to 2")),
        *((said, "123") for said in ("1-3", "1 – 3", "1 to 3", "1, 2 and 3", "1 and 2 and 3")),
        *((said, "1234") for said in ("all", "all of them", "all four", "1, 2, 3, 4", "1-4")),
        *((said, "2") for said in ("2", "the second", "up and running", "Up and running", "running")),
        *((said, "") for said in ("5", "1 and 7", "none", "1-9", "purple and green", "and", ",", "the bank and the mayor")),
    ],
)
def test_several_choices_are_understood_at_once(said, numbers):
    assert [PHASES.index(choice) + 1 for choice in choices_in(said, PHASES, HEAR)] == [int(number) for number in numbers]


# --- questions, asides and names


@pytest.mark.parametrize("said", SAID["asking"])
def test_a_question_to_the_coach_is_told_from_musing(said):
    assert asks_coach(said, HEAR)
    assert asks_coach(f"They cancelled again. {said}", HEAR)


@pytest.mark.parametrize("said", SAID["musing"])
def test_a_question_to_oneself_is_an_answer(said):
    assert not asks_coach(said, HEAR)


@pytest.mark.parametrize(("said", "question"), SAID["asides"].items())
def test_an_aside_gives_its_question(said, question):
    assert aside_in(said, HEAR) == question


@pytest.mark.parametrize("said", SAID["no_asides"])
def test_an_answer_that_begins_like_an_aside_is_none(said):
    assert aside_in(said, HEAR) is None


@pytest.mark.parametrize(("said", "name"), SAID["names"].items())
def test_a_name_is_taken_out_of_its_sentence(said, name):
    assert name_in(said, HEAR) == name


@pytest.mark.parametrize("said", SAID["no_names"])
def test_what_is_no_name_is_not_taken_for_one(said):
    assert name_in(said, HEAR) is None


# --- what is handed back


@pytest.mark.parametrize(("said", "who"), SAID["who"].items())
def test_whom_it_is_about_is_said_back_to_its_writer(said, who):
    assert who_in(said, HEAR) == who


@pytest.mark.parametrize(("said", "when"), SAID["when"].items())
def test_the_word_of_time_is_found(said, when):
    assert when_in(said, HEAR) == when


@pytest.mark.parametrize(("said", "echo"), SAID["echo"].items())
def test_the_echo_is_the_few_words_that_make_sense_alone(said, echo):
    assert echo_of(said, HEAR) == echo


@FEW
@given(ANY_TEXT)
def test_an_echo_is_a_short_run_of_the_text_that_ends_well(text):
    echo = echo_of(text, HEAR)

    if echo is not None:
        assert echo in text
        assert 2 <= len(words_in(echo)) <= 6
        assert echo.lower().split()[-1].replace("’", "'") not in HEAR.loose_ends


def test_feelings_and_the_brokers_world_are_recognised():
    assert feels("I'm exhausted", HEAR)
    assert feels("it frustrates me", HEAR)
    assert not feels("the bank sent a junior", HEAR)
    assert of_this_world("the mayor wants a logo", HEAR)
    assert not of_this_world("what is the weather in Paris", HEAR)


# --- cleaning


@FEW
@given(st.text(st.characters(codec=None), max_size=200))
def test_cleaned_text_can_be_stored_and_cleaning_it_again_changes_nothing(text):
    cleaned = clean(text)

    assert clean(cleaned) == cleaned
    assert "\0" not in cleaned
    assert cleaned.encode("utf-8").decode("utf-8") == cleaned
    assert unicodedata.normalize("NFC", cleaned) == cleaned
    assert not set(cleaned) & set("\u202a\u202e\u2066\u2069\u200e\u200f\ufeff")


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  hello \n", "hello"),
        ("one\r\ntwo\rthree\u0085four", "one\ntwo\nthree\nfour"),
        ("a\tb", "a\tb"),
        ("nul\0nul", "nulnul"),
        ("half \ud83d of it", "half  of it"),
        ("\u202eevil\u202c", "evil"),
        ("cafe\u0301", "café"),
        ("👨‍👩‍👧", "👨‍👩‍👧"),
        ("مرحبا", "مرحبا"),
        ("🫨 shaken", "🫨 shaken"),
        ("\ufeffmark", "mark"),
        ("\u200e\u0000", ""),
    ],
)
def test_cleaning_takes_away_what_cannot_be_shown_and_nothing_else(text, cleaned):
    assert clean(text) == cleaned


# --- what must not be coached on


@pytest.mark.parametrize(("alarm", "said"), of("alarms"))
def test_danger_harassment_wrongdoing_and_injection_are_noticed(alarm, said):
    assert alarmed(said) == alarm


@pytest.mark.parametrize("said", SAID["no_alarms"])
def test_idioms_and_ordinary_sentences_raise_no_alarm(said):
    assert alarmed(said) is None


def test_an_alarm_is_heard_through_capitals_missing_apostrophes_and_whatever_stands_around_it():
    for alarm, said in of("alarms"):
        around = f"the meeting went well. {said.replace(chr(39), '')}. anyway, the budget is late"
        if not said.startswith(("pretend", "you are")):
            assert alarmed(around.upper()) == alarm, said


def test_an_idiom_beside_a_danger_does_not_hide_it():
    assert alarmed("that meeting nearly killed me, and honestly I want to die") == "danger"
    assert alarmed("we work on suicide prevention and I am suicidal myself") == "danger"
    assert alarmed("it is not the anti-corruption project: he asked for a bribe") == "ethics"


def test_danger_comes_before_harassment_and_harassment_before_wrongdoing():
    assert alarmed("he raped her and now she wants to die") == "danger"
    assert alarmed("he harasses her and takes bribes") == "harassment"


@FEW
@given(ANY_TEXT)
def test_nothing_that_can_be_typed_raises_or_means_something_unknown(text):
    assert heard(text, HEAR.controls, HEAR) in {None, *HEAR.controls}
    assert heard(text, HEAR.wishes, HEAR) in {None, *HEAR.wishes}
    assert choice_in(text, ENERGY, HEAR) in {None, *ENERGY}
    assert set(choices_in(text, PHASES, HEAR)) <= set(PHASES)
    assert alarmed(text) in {None, "danger", "harassment", "ethics", "injection"}
    assert asks_coach(text, HEAR) in {True, False}
    for found in (name_in(text, HEAR), aside_in(text, HEAR), who_in(text, HEAR), when_in(text, HEAR)):
        assert found is None or found.strip()


@pytest.mark.parametrize("text", ["stop " * 200_000, "?" * 500_000, "a," * 200_000, "he wants i think they " * 40_000, "((((" * 100_000])
def test_a_pasted_book_is_read_no_further_than_its_beginning(text):
    assert alarmed(text) is None
    assert choice_in(text, ENERGY, HEAR) is None
    assert echo_of(text, HEAR) is None or len(echo_of(text, HEAR) or "") <= 60


def test_what_brokers_ask_in_any_language_is_never_taken_for_a_danger_to_life():
    library = load_library()
    asks = [(language, ask) for card in cards() for language, told in card.asks.items() for ask in told]
    assert len(asks) > 5000
    taken = [ask for language, ask in asks if (alarm_in(ask, library.safeties(language)) or ("", ""))[0] == "danger"]
    assert taken == []


@pytest.mark.parametrize(
    ("language", "said", "told"),
    [
        (
            "en",
            "I facilitate a partnership between a town and a builder. The builder wants to decide it all.",
            "The builder wants to decide it all.",
        ),
        (
            "fr",
            "Je facilite un partenariat entre une mairie et une entreprise. L'entreprise veut tout décider.",
            "L'entreprise veut tout décider.",
        ),
        (
            "es",
            "Facilito una alianza entre una alcaldía y una empresa. La empresa quiere decidirlo todo.",
            "La empresa quiere decidirlo todo.",
        ),
        ("en", "I facilitate a partnership between a town and a builder.", "I facilitate a partnership between a town and a builder."),
        ("en", "The builder shouted. The town is silent.", "The builder shouted. The town is silent."),
    ],
)
def test_who_somebody_is_is_left_out_where_they_tell_something_besides(language, said, told):
    assert without_introduction(said, load_library().words[language].hear) == told
