"""While something grave has the floor nothing else is said, nothing comes twice, and the person is the one who leaves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from passages import Chat, passage, said, text_of

from bot.model import Remind
from prompts.library import load_library

LIBRARY = load_library()
GRAVE = [
    "a man asked me where my children go to school",
    "the chair keeps touching my leg",
    "they want me to sign for people who were not there",
    "i'm not sleeping. cried in the car after the meeting again",
]
IDLE = [
    "the sky is green",
    "seven",
    "hm",
    "nothing much",
    "and so on",
    "it rained",
    "the tea was cold",
    "blue",
    "there were chairs",
    "he had a hat",
]


@pytest.mark.parametrize("told", GRAVE)
def test_no_line_comes_twice_in_such_a_talk(told):
    chat = Chat(LIBRARY)
    replies = [text_of(chat.say(text, [passage("they-wait-for-me")])) for text in [told, *IDLE]]

    assert len(set(replies)) == len(replies)


@pytest.mark.parametrize("told", GRAVE[:3])
@settings(max_examples=60, deadline=None)
@given(texts=st.lists(st.text(max_size=80) | st.sampled_from(IDLE), min_size=1, max_size=4))
def test_no_card_and_no_option_comes_as_long_as_it_has_the_floor(told, texts):
    chat = Chat(LIBRARY)
    chat.say(told)
    for text in texts:
        turn = chat.say(text, [passage("they-wait-for-me")])
        if chat.conversation.alarm:
            assert not any(message.sources or any(choice.id.startswith("opt:") for choice in message.choices) for message in said(turn))


@pytest.mark.parametrize(("step", "kept"), [("i call my sister tonight", True), ("should i call my sister tonight?", False)])
def test_a_step_is_taken_in_and_a_question_is_answered(step, kept):
    chat = Chat(LIBRARY)
    chat.say(GRAVE[1])

    assert (f"“{step}”" in text_of(chat.say(step))) == kept


def test_what_is_asked_about_another_day_holds_no_word_of_the_matter():
    chat = Chat(LIBRARY)
    chat.say(GRAVE[2])
    chat.say("i tell the auditor tomorrow")
    rows = [effect for effect in chat.say("yes").effects if isinstance(effect, Remind) and effect.kind == "asked-after"]

    assert [row.ref for row in rows] == ["ethics"]


def test_a_day_later_the_talk_is_theirs_again():
    chat = Chat(LIBRARY)
    chat.say(GRAVE[1])
    chat.at += timedelta(hours=30)
    chat.say("the mayor has not answered our letter about the well", [passage("they-wait-for-me")])

    assert chat.conversation.alarm is None
