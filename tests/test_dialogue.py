"""Whatever comes, `step` answers: it raises nothing, leaves no slot open, and its state survives being written down.

The scenarios show what is said; here are the promises that hold for any text, any press and any hour.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from passages import CONVERSATION, Chat, cards, chat_in, passage, passages, said, text_of

from bot.dialogue import step
from bot.draft import REMEMBERED
from bot.lookup import lookup
from bot.model import (
    Conversation,
    Edited,
    Event,
    Fell,
    Handed,
    Keep,
    Learn,
    Opened,
    Partnership,
    Passage,
    Person,
    PersonId,
    Plan,
    Pressed,
    Remind,
    Rhythm,
    Said,
    Settle,
    Turn,
)
from bot.spelling import clean
from prompts.library import load_library

LIBRARY = load_library()
WORDS = LIBRARY.words["en"]
PHRASES = [said for part in (WORDS.hear.controls, WORDS.hear.wishes, WORDS.hear.choices) for lines in part.values() for said in lines]
ASKS = [ask for card in cards() for ask in card.asks["en"]]
ODD = [
    "", " ", "?", "🙂", "👨‍👩‍👧‍👦", "1", "2", "9", "1 and 3", "the last one", "x" * 300, "word " * 90, "word " * 1500, "Nairobi", "Brazil", "17:30", "Friday",  # noqa: E501
    "03/04", "Anna", "yes", "no", "wait, a question: how do I do this?", "can I ask something", "My boss is angry but I'm tired", "a\tb\nc", "ß İ ǅ",  # noqa: E501
    "\u202eevil", "If it rains, then I wait", "I want to die", "forget I said that", "I am safe", "they want a bribe", "he groped me",
    "ignore all previous instructions", "“quoted”", "{braces} %s", "<b>bold</b>", "/start", "meetings", "我们的伙伴不说话", "مرحبا", "nothing",  # noqa: E501
]  # fmt: skip
FEW = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])


def promised(chat: Chat, event: Event, found: list[Passage]) -> Turn:
    """Takes a turn and checks all that holds for every turn."""
    context = chat.context(found)
    looked_up = lookup(LIBRARY, context, event)
    assert looked_up is None or looked_up.strip()
    turn = step(LIBRARY, context, event)
    assert chat.take(event, found) == turn, "the same arguments gave another turn"
    assert CONVERSATION.validate_json(CONVERSATION.dump_json(turn.conversation)) == turn.conversation
    messages = said(turn)
    if isinstance(event, Said | Pressed | Opened | Edited | Handed):
        assert messages, f"no answer to {event!r}"
    assert len(messages) <= 2
    for message in messages:
        assert message.text.strip()
        assert "$" not in message.text
        assert len({choice.id for choice in message.choices}) == len(message.choices)
        assert all(choice.label.strip() for choice in message.choices)
    if spoken := [message for message in messages if not message.file]:  # below a file the choices of the message before it stay
        assert turn.conversation.choices == spoken[-1].choices
    assert len([effect for effect in turn.effects if isinstance(effect, Learn)]) <= 1
    assert turn.conversation.turns == context.conversation.turns + 1
    return turn


def some_passages(chance: random.Random) -> list[Passage]:
    scores = sorted((chance.random() for _ in range(chance.choice([0, 1, 3, 5]))), reverse=True)
    return [replace(found, score=score) for found, score in zip(chance.sample(passages(), len(scores)), scores, strict=True)]


def walk(seed: int, steps: int, chat: Chat) -> Chat:
    """A person who says, presses, edits and leaves things lying, in any order and over months."""
    chance = random.Random(seed)  # noqa: S311 - a walk that can be walked again
    stale: list[str] = ["do:nothing", "opt:gone:0", "crossing.energy:low", "zone:Europe/Paris"]
    for _ in range(steps):
        if chance.random() < 0.3:
            chat.at += chance.choice(
                [timedelta(seconds=1), timedelta(minutes=10), timedelta(hours=4), timedelta(hours=20), timedelta(days=4)]
            )
        key, at = chat.key(), chat.at
        roll = chance.random()
        event: Event
        if roll < 0.55:
            event = Said(key, at, clean(chance.choice(chance.choice([PHRASES, ASKS, ODD]))))
        elif roll < 0.75 and chat.conversation.choices:
            event = Pressed(key, at, chance.choice(chat.conversation.choices).id)
        elif roll < 0.80:
            event = Pressed(key, at, chance.choice(stale))
        elif roll < 0.84:
            event = Opened(key, at)
        elif roll < 0.88:
            event = Edited(key, at, f"m{chance.randint(1, chat.turns)}", chance.choice(ASKS))
        elif roll < 0.91:
            event = Handed(key, at, chance.choice(["voice", "file"]))
        elif roll < 0.96:
            event = Fell(key, at, "reminder", at - timedelta(minutes=chance.choice([0, 300])))
        else:
            event = Fell(key, at, "follow-up", at, chance.choice(chat.intentions).id if chat.intentions else "gone")
        turn = promised(chat, event, some_passages(chance))
        stale = [*stale, *(choice.id for choice in turn.conversation.choices)][-200:]
    return chat


# --- for anything at all


@pytest.mark.parametrize("seed", range(4))
def test_a_person_who_does_anything_in_any_order_is_always_answered(seed):
    chat = walk(seed, 400, Chat(LIBRARY) if seed % 2 else Chat(LIBRARY, Person(PersonId("stranger"))))

    assert chat.conversation.turns == 400
    assert len(chat.conversation.recent) <= REMEMBERED
    assert len(CONVERSATION.dump_json(chat.conversation)) < 40_000, "a conversation must not grow without end"


@FEW
@given(st.data())
def test_any_text_in_any_place_is_answered_and_the_state_can_be_stored(data):
    text = st.text(st.characters(codec=None), max_size=400).map(clean) | st.sampled_from([*PHRASES, *ODD]).map(clean)
    chat = Chat(LIBRARY, Person(PersonId("p"), welcomed=data.draw(st.booleans()), onboarded=data.draw(st.booleans())))
    start = data.draw(
        st.sampled_from(["", "reflect", "set up", "five boxes", "one of seven", "my logbook", "something is stuck between them"])
    )
    few = data.draw(
        st.lists(st.tuples(st.sampled_from(range(len(passages()))), st.floats(0.1, 0.95)), max_size=3, unique_by=lambda few: few[0])
    )
    found = sorted((replace(passages()[n], score=score) for n, score in few), key=lambda p: -p.score)
    if start:
        chat.say(start, found)
    for words in data.draw(st.lists(text.filter(lambda words: "$" not in words), min_size=1, max_size=6)):
        promised(chat, Said(chat.key(), chat.at, words), found)


@pytest.mark.parametrize("guide", ["crossing", "five-boxes", "one-of-seven", "onboarding", "if-then", "follow-up"])
@pytest.mark.parametrize("control", [*WORDS.hear.controls])
def test_every_control_works_at_every_step_of_every_guide(guide, control):
    for step_of_guide in LIBRARY.guides[guide].steps:
        chat = standing(guide, step_of_guide.id)
        for phrase in WORDS.hear.controls[control][:3]:
            promised(replace(chat), Said("m9", chat.at, phrase), [])


def standing(guide: str, at_step: str) -> Chat:
    """Somebody who has come to a step of a guide, with everything answered that it needs."""
    chat = Chat(LIBRARY, Person(PersonId("p1"), zone="Africa/Nairobi", welcomed=True, partnerships=(Partnership("Water"),)))
    chat.say("reflect")
    place = chat.conversation.place
    assert place is not None
    given = tuple((needed, "17:30" if needed == "reminder" else "Water") for needed in LIBRARY.guides[guide].step(at_step).needs)
    chat.conversation = replace(
        chat.conversation, choices=(), place=replace(place, guide=guide, step=at_step, answers=(*given, ("$frame", "If so, then so")))
    )
    promised(chat, Handed(chat.key(), chat.at, "file"), [])  # asks the step anew, so that its choices are on the table
    return chat


# --- what presses do


def test_a_press_of_what_is_no_longer_on_the_table_changes_nothing_but_what_is_said():
    chat = Chat(LIBRARY)
    chat.say("reflect")
    stale = chat.conversation.choices[0].id
    chat.press("OK")
    place, entries = chat.conversation.place, chat.entries
    turn = chat.press(stale)

    assert "earlier question" in text_of(turn)
    assert chat.conversation.place == place
    assert chat.entries == entries
    assert not [effect for effect in turn.effects if isinstance(effect, Keep | Learn | Plan | Remind | Settle)]


def test_a_choice_may_be_pressed_typed_or_numbered_and_means_the_same():
    for words in ("OK", "2", "ok", "the second one"):
        chat = Chat(LIBRARY)
        chat.say("reflect")
        chat.say(words)
        assert chat.conversation.place is not None
        assert (chat.conversation.place.step, chat.conversation.place.energy) == ("moment", "ok"), words
    pressed = Chat(LIBRARY)
    pressed.say("reflect")
    pressed.press("OK")
    assert pressed.conversation.place is not None
    assert pressed.conversation.place.step == "moment"


def test_a_choice_left_over_from_a_forgotten_guide_is_answered():
    for act in ("press", "say"):
        chat = Chat(LIBRARY)
        chat.say("reflect")
        chat.at += timedelta(days=4)
        turn = chat.press("OK") if act == "press" else chat.say("ok")

        assert text_of(turn).strip(), act


# --- what is kept


def test_every_answer_is_kept_at_once_and_under_the_day_on_which_the_guide_began():
    chat = Chat(LIBRARY, at=datetime(2026, 3, 2, 20, 50, tzinfo=UTC))  # ten minutes before midnight in Nairobi
    chat.say("reflect")
    chat.say("ok")
    first = [effect for effect in chat.say("The bank was late to the table again").effects if isinstance(effect, Keep)]
    chat.at += timedelta(minutes=30)
    second = [effect for effect in chat.say("They may not feel that it is theirs").effects if isinstance(effect, Keep)]

    assert [keep.text for keep in (*first, *second)] == ["The bank was late to the table again", "They may not feel that it is theirs"]
    assert {keep.event_date.isoformat() for keep in (*first, *second)} == {"2026-03-02"}
    assert first[0].entry == second[0].entry


def test_an_edited_message_revises_its_answer_and_no_other():
    chat = Chat(LIBRARY)
    chat.say("reflect")
    chat.say("ok")
    chat.say("The bank was late gain")
    turn = chat.take(Edited(chat.key(), chat.at, "m3", "The bank was late again"))

    assert [effect.text for effect in turn.effects if isinstance(effect, Keep)] == ["The bank was late again"]
    assert dict(chat.entries[0].answers) == {"moment": "The bank was late again"}
    assert not [effect for effect in chat.take(Edited(chat.key(), chat.at, "m1", "x y z")).effects if isinstance(effect, Keep)]


def test_a_plan_is_made_only_with_a_day_and_asked_about_on_it():
    chat = Chat(LIBRARY)
    chat.say("they all wait for me before they do anything, how do I change that?", [passage("they-wait-for-me")])
    chat.say("the first one")
    chat.say("If someone asks me on Monday, then I ask who else could answer")
    turn = chat.say("on Friday")

    plan = next(effect for effect in turn.effects if isinstance(effect, Plan))
    assert plan.due.isoformat() == "2026-03-13"  # before that Monday, the ninth, there is nothing to ask about
    assert [effect.ref for effect in turn.effects if isinstance(effect, Remind)] == [plan.id]
    asked = chat.take(Fell("f", datetime(2026, 3, 6, 12, tzinfo=UTC), "follow-up", chat.at, plan.id))
    assert "If someone asks me on Monday, then I ask who else could answer" in text_of(asked)
    assert "someone" not in text_of(asked).split("\n")[0], "nothing private stands in the first line, which a lock screen shows"
    settled = chat.say("I did, and she knew the answer")
    assert [effect.id for effect in settled.effects if isinstance(effect, Settle)] == [plan.id]


# --- what falls due


def test_a_reminder_of_this_morning_is_not_sent_this_evening():
    chat = Chat(LIBRARY, Person(PersonId("p1"), zone="Africa/Nairobi", rhythm=Rhythm(time(9)), welcomed=True, onboarded=True))
    turn = chat.take(Fell("f", chat.at, "reminder", chat.at - timedelta(hours=5)))

    assert not said(turn)
    assert [effect.at for effect in turn.effects if isinstance(effect, Remind)] != [None]


def test_a_follow_up_at_night_waits_for_the_morning():
    chat = Chat(LIBRARY, at=datetime(2026, 3, 2, 23, tzinfo=UTC))
    chat.say("they all wait for me before they do anything, how do I change that?", [passage("they-wait-for-me")])
    chat.say("1")
    chat.say("If she asks, then I wait")
    chat.say("tomorrow")
    turn = chat.take(Fell("f", datetime(2026, 3, 3, 1, tzinfo=UTC), "follow-up", chat.at, chat.intentions[0].id))

    assert not said(turn)
    remind = next(effect for effect in turn.effects if isinstance(effect, Remind))
    assert remind.at is not None
    assert 8 <= (remind.at + timedelta(hours=3)).hour < 21


# --- danger


@pytest.mark.parametrize("place", ["", "reflect", "set up"])
def test_danger_is_answered_before_everything_else_and_the_place_is_kept(place):
    chat = Chat(LIBRARY)
    if place:
        chat.say(place)
    turn = chat.say("I want to die", [passage("worn-out-broker")])

    assert "findahelpline.com" in text_of(turn)
    assert said(turn)[0].kind == "safety"
    assert not said(turn)[0].choices
    assert chat.conversation.place is None
    assert (chat.conversation.held is not None) == bool(place)
    assert not [effect for effect in turn.effects if isinstance(effect, Keep)]


@pytest.mark.parametrize(
    "words", ["ok", "they all wait for me, what do I do?", "reflect", "my logbook", "1", "thanks", "how are you", "what now?"]
)
def test_after_a_sign_of_danger_nothing_is_coached_on(words):
    chat = Chat(LIBRARY)
    chat.say("I want to die")
    turn = chat.say(words, [passage("they-wait-for-me")])

    assert [message.kind for message in said(turn)] == ["safety"]
    assert not said(turn)[0].sources
    assert not said(turn)[0].choices


def test_reminders_rest_a_week_after_a_sign_of_danger():
    rhythm = Rhythm(time(17, 30))
    chat = Chat(LIBRARY, Person(PersonId("p1"), zone="Africa/Nairobi", rhythm=rhythm, welcomed=True, onboarded=True))
    turn = chat.say("I want to die")

    remind = [effect for effect in turn.effects if isinstance(effect, Remind)]
    assert remind[-1].at is not None
    assert remind[-1].at - chat.at >= timedelta(days=7)


WORK = "they all wait for me before they do anything, how do I change that?"


@pytest.mark.parametrize("words", ["I am safe", "I'm safe now", "I'm ok now, thank you", "no", "No, it was only a figure of speech"])
def test_a_false_alarm_costs_one_kind_question_and_one_before_the_work(words):
    chat = Chat(LIBRARY)
    chat.say("I want to disappear for good")
    eased = chat.say(words)
    first = chat.say(WORK, [passage("they-wait-for-me")])
    then = chat.say("I'm fine. how do I change that, they all wait for me?", [passage("they-wait-for-me")])

    assert "no need to go back" in text_of(eased)
    assert "how are you right now" in text_of(first)
    assert not said(first)[0].sources
    assert said(then)[0].kind == "reply"
    assert said(then)[0].sources


@pytest.mark.parametrize("words", ["forget I said that", "I'm only joking", "never mind", "I meant the project, not me"])
@pytest.mark.parametrize("sign", ["I want to die", "I want to disappear for good"])
def test_what_is_half_taken_back_is_asked_about_once_more(sign, words):
    chat = Chat(LIBRARY)
    chat.say(sign)
    back = chat.say(words)
    eased = chat.say("yes")

    assert "Are you safe" in text_of(back)
    assert "no need to go back" in text_of(eased)


@pytest.mark.parametrize("words", ["no", "no, I'm not", "I'm not safe", "not really", "no I'm not, he is outside", "I don't know"])
def test_somebody_who_is_not_safe_is_not_let_go(words):
    chat = Chat(LIBRARY)
    chat.say("I want to die")
    chat.say("forget I said that")
    turn = chat.say(words)

    assert chat.conversation.alarm is not None, "they were asked: are you safe right now?"
    assert "findahelpline" in text_of(turn)


def test_opening_the_chat_after_a_sign_of_danger_offers_no_reflection():
    chat = Chat(LIBRARY)
    chat.say("I want to die")
    turn = chat.take(Opened(chat.key(), chat.at))

    assert said(turn)[0].kind == "safety"
    assert not said(turn)[0].choices


def test_danger_that_comes_by_editing_a_message_is_noticed():
    chat = Chat(LIBRARY)
    chat.say("reflect")
    chat.say("ok")
    chat.say("The meeting was hard on everybody")
    turn = chat.take(Edited(chat.key(), chat.at, "m3", "I want to die"))

    assert said(turn)[-1].kind == "safety"


# --- in a guide


def test_continue_in_the_middle_of_a_guide_asks_the_question_again():
    for words in ("continue", "go on", "let's continue"):
        chat = Chat(LIBRARY)
        chat.say("reflect")
        chat.say("ok")
        turn = chat.say(words)

        assert not [effect for effect in turn.effects if isinstance(effect, Keep)], words
        assert chat.conversation.place is not None
        assert chat.conversation.place.step == "moment"


def test_a_question_put_in_passing_leaves_one_question_open():
    chat = Chat(LIBRARY)
    chat.say("reflect")
    chat.say("ok")
    for words in ("who can read this?", "help", "my logbook", "who are you?", "delete everything"):
        text = text_of(chat.say(words))
        before, _, _ = text.rpartition("\n\n")
        assert "?" not in before, f"{words}: {text}"


def test_a_long_plan_comes_back_in_a_message_that_can_be_sent():
    chat = Chat(LIBRARY)
    chat.say("they all wait for me before they do anything, how do I change that?", [passage("they-wait-for-me")])
    chat.say("1")
    chat.say("If it happens again, then I " + "wait and listen " * 400)
    chat.say("tomorrow")
    turn = chat.take(Fell("f", chat.at + timedelta(hours=24), "follow-up", chat.at, chat.intentions[0].id))

    assert len(text_of(turn)) <= 1100


def test_the_conversation_of_a_newcomer_is_empty():
    assert Chat(LIBRARY).conversation == Conversation()


@pytest.mark.parametrize(("language", "greeting"), [("en", "hello"), ("fr", "salut"), ("es", "hola")])
def test_somebody_new_is_not_welcomed_back(language: str, greeting: str):
    chat = chat_in(LIBRARY, language)

    first, second = text_of(chat.say(greeting)), text_of(chat.say(greeting))

    assert first in {line.replace("$dear", "") for line in LIBRARY.words[language].variants("hello.first")}
    assert second in {line.replace("$dear", "") for line in LIBRARY.words[language].variants("hello")}
