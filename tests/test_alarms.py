"""Alarms are looked for among the few phrases whose words stand in a message; that must find what looking for all of them would."""

from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.alarms import as_one, meant
from bot.spelling import in_words
from prompts.library import Safety, load_library

SAFETIES = {language: words.safety for language, words in load_library().words.items()}
LISTS = ("danger", "harassment", "ethics", "injection", "idioms", "strain", "told_of", "of_oneself")
WORDS = sorted(
    {*chain.from_iterable(in_words(phrase).split() for safety in SAFETIES.values() for name in LISTS for phrase in getattr(safety, name))}
)


def all_of(safety: Safety, name: str):
    return as_one(tuple(enumerate(sorted(getattr(safety, name), key=len, reverse=True))))


def assert_the_same(text: str) -> None:
    words = f" {in_words(text)} "
    for safety in SAFETIES.values():
        for name in LISTS:
            assert meant(words, safety, name).sub("~ ", words) == all_of(safety, name).sub("~ ", words), name


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join))
def test_words_of_alarms_in_any_order_are_heard_as_by_the_whole_list(text):
    assert_the_same(text)


@pytest.mark.parametrize("language", SAFETIES)
def test_every_phrase_of_alarm_is_heard_as_by_the_whole_list(language):
    for name in LISTS:
        for phrase in getattr(SAFETIES[language], name):
            for said in (phrase.replace("?", ""), phrase.replace("|", " "), f"so {phrase} it is"):
                assert_the_same(said)
