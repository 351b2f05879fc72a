"""While something grave has the floor nothing else is said, nothing comes twice, and the person is the one who leaves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from passages import Chat, chat_in, passage, said, text_of

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
@settings(max_examples=60)
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


WITHHELD = "The bank pulls out in June. They asked me to keep quiet, and the cooperative is buying a tractor on credit"


@pytest.mark.parametrize(
    ("told", "text", "key"),
    [
        (GRAVE[2], "if i refuse my director will have me moved", "safety.ethics.retaliates"),
        (GRAVE[2], "it's not stealing, the work is real", "safety.ethics.not-lying"),
        (GRAVE[2], "to be honest i already signed the list", "safety.ethics.did-it"),
        (GRAVE[2], "sixty apprentices go home and it will be my name", "safety.ethics.others-pay"),
        (GRAVE[2], "what do i say to my director tomorrow?", "safety.ethics.tell-whom.above"),
        (GRAVE[2], "what do i say to the donor?", "safety.ethics.tell-whom.owed"),
        (GRAVE[2], "what do others do when the boss asks for this?", "safety.ethics.others-do"),
        (GRAVE[2], "what would you do?", "safety.ethics.others-do"),
        (GRAVE[2], "how would you put it so it sounds good?", "safety.ethics.pretty"),
        (GRAVE[2], "help me write it honestly then", "safety.ethics.write-true"),
        (GRAVE[2], "he told me not to be so dramatic", "safety.ethics.dramatic"),
        (GRAVE[2], "the company doesn't know, they were told that number at the press event", "safety.ethics.misled"),
        (GRAVE[2], "if i refuse i am out of contract in january", "safety.came.loss-job"),
        (WITHHELD, "it's not my secret to tell", "safety.ethics.not-said"),
        (WITHHELD, "what do i say to the cooperative?", "safety.ethics.tell-whom.owed.withheld"),
    ],
)
def test_an_untruth_stays_the_matter_of_its_talk(told, text, key):
    chat = Chat(LIBRARY)
    chat.say(told)

    assert text_of(chat.say(text)).endswith(LIBRARY.words["en"].variants(key))


def test_a_step_stands_and_the_question_beside_it_is_answered():
    chat = Chat(LIBRARY)
    chat.say(GRAVE[2])
    said = text_of(chat.say("on thursday i'll call the grants officer. should i mention the earlier lists too?"))

    assert "on thursday i'll call the grants officer" in said
    assert said.endswith(LIBRARY.words["en"].variants("safety.ethics.all-of-it")[0])


def test_what_was_misheard_is_answered_for_the_one_who_was_meant():
    chat = Chat(LIBRARY)
    chat.say(GRAVE[2])
    chat.say("what do i say to the donor?")
    said = text_of(chat.say("no, i mean the director"))

    assert any(said.endswith(line) for line in LIBRARY.words["en"].variants("safety.ethics.tell-whom.above"))


ASKED_AT_HOME = {
    "en": "My husband reads my messages.",
    "es": "mi marido me revisa el celular todas las noches",
    "fr": "mon mari lit mes messages tous les soirs",
}


def asked_at_home(language: str) -> Chat:
    return chat_in(LIBRARY, language, ASKED_AT_HOME[language])


@pytest.mark.parametrize(
    ("language", "answer"),
    [
        ("en", "yes"),
        ("en", "yes, me"),
        ("en", "I am afraid of him"),
        ("en", "He doesn't hit me, well, only last month. It's because of the late meetings."),
        ("en", "My colleague has a spare room"),
        ("en", "he just gets jealous"),
        ("es", "sí, yo"),
        ("es", "no me pega, bueno, solo el mes pasado"),
        ("fr", "oui"),
        ("fr", "il me frappe pas, enfin, seulement quand il boit"),
    ],
)
def test_the_answer_to_who_is_afraid_at_home_gets_the_whole_reply(language, answer):
    chat = asked_at_home(language)
    said = text_of(chat.say(answer))

    assert LIBRARY.words[language].variants("safety.helpline")[0] in said
    assert chat.conversation.alarm == "asked-danger"


@pytest.mark.parametrize(("language", "answer"), [("en", "No, nobody is afraid, he is just curious"), ("es", "no, nadie"), ("fr", "non")])
def test_nobody_afraid_at_home_gives_the_talk_back(language, answer):
    chat = asked_at_home(language)
    chat.say(answer)

    assert chat.conversation.alarm is None


def test_harm_at_home_is_held_through_what_is_taken_back_to_a_door_and_beyond():
    chat = asked_at_home("en")
    told = {
        "Never mind, I shouldn't have said it. Can we talk about how to place people at the dinner?": "safety.danger.back.home",
        "My colleague Marivic knows a little. She has a spare room.": "safety.danger.shelter.other",
        "I will ask her at lunch today.": "",
        "I am at Marivic's. He is calling the office.": "safety.danger.sought.other",
    }
    for text, key in told.items():
        turn = chat.say(text)

        assert not [effect for effect in turn.effects if isinstance(effect, Remind) and effect.kind == "asked-after"]
        assert not key or f"{key}#0" in chat.conversation.recent
        assert not chat.conversation.choices
