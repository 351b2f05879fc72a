"""The sieve lets nothing through that a pattern would have found."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.doings import respelt
from bot.sieve import Sieve
from bot.spelling import expression, in_line
from prompts.library import load_library

LIBRARY = load_library()
LISTS = {
    f"{language} {name}": patterns
    for language, words in LIBRARY.words.items()
    for name, patterns in (
        ("acts", words.hear.acts),
        ("moments", words.hear.moments),
        ("happenings", {told: each.heard for told, each in LIBRARY.happenings[language].told.items()}),
    )
}
TOLD = sorted({line for happenings in LIBRARY.happenings.values() for each in happenings.told.values() for line in each.said})


SIEVES = {name: Sieve(patterns) for name, patterns in LISTS.items()}


def one_by_one(patterns: dict[str, list[str]], line: str) -> list[str]:
    return [meaning for meaning, each in patterns.items() for pattern in each if expression(pattern).search(line)]


@pytest.mark.parametrize("name", LISTS)
def test_what_a_sieve_finds_is_what_its_patterns_find_one_by_one(name: str) -> None:
    for text in TOLD:
        assert list(SIEVES[name].found_in(in_line(text))) == one_by_one(LISTS[name], in_line(text))


@given(text=st.lists(st.sampled_from(sorted({word for line in TOLD for word in line.split()})), max_size=30).map(" ".join))
@settings(max_examples=100)
def test_nor_does_it_lose_anything_in_words_thrown_together(text: str) -> None:
    for name, patterns in LISTS.items():
        assert list(SIEVES[name].found_in(in_line(text))) == one_by_one(patterns, in_line(text)), name


SPELLINGS = [
    spelling
    for words in LIBRARY.words.values()
    for spelling in (words.hear.retelling.spelling, words.hear.retelling.turned, words.hear.retelling.fresh, words.hear.doings.spelling)
]


@given(text=st.lists(st.sampled_from(sorted({word for line in TOLD for word in line.split()})), max_size=20).map(" ".join))
@settings(max_examples=60)
def test_words_are_respelt_as_if_each_pattern_were_tried(text: str) -> None:
    for spelling in SPELLINGS:
        tried = text
        for found, back in spelling.items():
            tried = re.sub(rf"\b{found}\b", back, tried, flags=re.IGNORECASE)
        assert respelt(text, spelling) == tried


ODD = (
    "(?i)HUMILIAT",
    "a|b",
    "",
    "(?:colou?r)s?",
    "x*yes+",
    "(?:ab|abc)d",
    r"\bnever\b (?!ever)always",
    "(?<=so )tired",
    "(?P<who>ana|awa) says",
    "(?P<q>['\"])said(?P=q)",
    "[^a]bcd",
    "a.c",
    "(?:very ){2,3}tired",
    "(?i:Loud)ly",
    "(?=end)e",
    "no(?:thing|body){0}one",
    "(?>atom)s",
    "(a)?(?(1)bc|de)f",
)


@given(text=st.text(alphabet="abcdefilmnorstuvwy 'HUMILATL\"", max_size=12), seed=st.sampled_from(ODD))
@settings(max_examples=300)
def test_whatever_a_pattern_is_made_of_it_finds_what_it_would_find_alone(text: str, seed: str) -> None:
    for line in (text, re.sub(r"[^\w ']", "", seed), f"{text} {re.sub(r'[^a-zA-Z ]', '', seed)} {text}"):
        assert list(Sieve({"it": [seed]}).found_in(line)) == (["it"] if re.search(seed, line) else [])
