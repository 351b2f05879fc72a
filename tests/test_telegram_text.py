"""How messages look in Telegram: whole, harmless, and within its limits, whatever anybody wrote."""

from __future__ import annotations

import html
import json
from itertools import accumulate

import pytest
import regex
from fake_telegram import shown
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.telegram_text import JOINER, LONGEST, defused, pieces, to_message, units
from bot.model import Choice, Cited, Message

FAMILY = "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}"
FLAG = "\U0001f1f0\U0001f1ea"
ARABIC = "السلام عليكم "

anything = st.text(st.characters(exclude_categories=("Cs",)), max_size=300)
lively = st.lists(
    st.sampled_from([FAMILY, FLAG, ARABIC, "e\u0301", " ", "\n\n", "<b>", "&amp;", "word. ", "@you", "x.com"]), max_size=120
).map("".join)


@settings(max_examples=2000)
@given(st.one_of(anything, lively), st.integers(12, 60))
@example("👩‍👩‍👧" * 40, 20)
@example("0000000000 \u03000", 12)  # a space with an accent of its own
def test_a_long_text_is_parted_within_the_limit_between_graphemes_and_nothing_is_lost(text, limit):
    found = pieces(text, limit)

    assert "".join(found) == text
    assert all(0 < units(piece) <= limit for piece in found)
    graphemes = regex.findall(r"\X", text)
    if all(units(grapheme) <= limit for grapheme in graphemes):
        assert set(accumulate(map(len, found))) <= set(accumulate(map(len, graphemes)))


@pytest.mark.parametrize("text", ["word " * 4000, FLAG * 2048, FAMILY * 1500, ARABIC * 1600, "x" * 20_000, "e\u0301" * 5000])
def test_row_9_twenty_thousand_characters_flags_families_and_right_to_left_arrive_in_whole_parts(text):
    parts = to_message(Message("reply", text))

    assert len(parts) > 1
    assert "".join(part.plain for part in parts) == text
    for part in parts:
        assert units(part.plain) <= LONGEST
        assert shown(part.html, "HTML") == part.plain
        assert not part.plain.startswith(("\u200d", "\u0301", FLAG[1]))


@settings(max_examples=500)
@given(
    st.one_of(anything, lively),
    st.lists(st.tuples(st.text(min_size=1, max_size=90), anything), max_size=6),
    st.lists(anything, max_size=3),
    st.sampled_from(["reply", "safety"]),
)
def test_whatever_is_said_arrives_as_parts_that_telegram_takes(text, choices, titles, kind):
    offered = tuple(Choice(choice, label) for choice, label in choices)
    sources = tuple(Cited(n, "card", title, (), "line 1") for n, title in enumerate(titles, 1))

    parts = to_message(Message(kind, text, offered, sources))

    for n, part in enumerate(parts):
        assert units(part.plain) <= LONGEST
        assert part.plain.strip()
        assert shown(part.html, "HTML") == part.plain
        assert not part.buttons or n == len(parts) - 1
        assert all(1 <= len(button.data.encode()) <= 64 and button.label.strip() for button in part.buttons)
    json.dumps([part.html for part in parts])
    for choice, label in choices:
        assert (
            len(choice.encode()) <= 64
            or not label.strip()
            or any(defused(label.strip()) in part.plain for part in parts)
            or kind == "safety"
        )


def test_row_10_markup_in_a_note_is_shown_as_it_was_written():
    note = "<b>&*_[x](y)</b> `code` ~s~ ||spoiler|| &lt;"

    (part,) = to_message(Message("reply", note))

    assert shown(part.html, "HTML") == note
    assert part.html == html.escape(note, quote=False)


def test_row_27_mentions_and_links_in_a_note_are_inert():
    note = "<!channel> <@U123> <http://evil.example/x|bank> @everybody tg://user?id=1 pay at evil.com or www.evil.com now"

    (part,) = to_message(Message("reply", note))

    assert part.plain.replace(JOINER, "") == note
    assert not regex.search(r"@\w|://|\w\.(com|example|evil)", part.plain)
    assert "<a" not in part.html


def test_a_helpline_can_be_tapped():
    (part,) = to_message(Message("safety", "a line near you at findahelpline.com"))

    assert JOINER not in part.plain


def test_ordinary_dots_are_left_alone():
    assert (
        defused("At 5.30 p.m. we met, e.g. with K.; 3.5 days... and so on.") == "At 5.30 p.m. we met, e.g. with K.; 3.5 days... and so on."
    )


def test_choices_are_numbered_buttons_that_carry_ids_only():
    (part,) = to_message(Message("question", "How much is in you?", (Choice("crossing.energy:low", "Low"), Choice("do:later", "Later"))))

    assert [(button.label, button.data) for button in part.buttons] == [("1. Low", "crossing.energy:low"), ("2. Later", "do:later")]
    assert part.plain == "How much is in you?"


def test_choices_too_long_for_a_button_are_told_in_full_above_the_buttons():
    long = "Ask what each of them would lose if this partnership ended tomorrow"

    (part,) = to_message(Message("question", "Which?", (Choice("a", long), Choice("b", "Neither"))))

    assert f"1. {long}\n2. Neither" in part.plain
    assert part.buttons[0].label.endswith("…")
    assert len(part.buttons[0].label) <= 40


def test_row_11_no_button_is_built_with_more_data_than_telegram_takes_and_its_number_can_still_be_typed():
    (part,) = to_message(
        Message("question", "Which?", (Choice("x" * 65, "This one"), Choice("é" * 33, "That one"), Choice("ok", "The last")))
    )

    assert [button.data for button in part.buttons] == ["ok"]
    assert "1. This one\n2. That one\n3. The last" in part.plain


def test_sources_fold_away_under_the_text():
    (part,) = to_message(Message("reply", "Two ways.", (), (Cited(1, "c", "Attacks <by> email", ("t",), "line 502"),)))

    assert part.html == "Two ways.\n\n<blockquote expandable>[1] Attacks &lt;by&gt; email · line 502</blockquote>"
    assert part.plain == "Two ways.\n\n[1] Attacks <by> email · line 502"


def test_a_text_of_nothing_but_spaces_is_not_sent():
    assert to_message(Message("reply", " \n ")) == ()


def test_a_part_keeps_its_words_out_of_a_log():
    (part,) = to_message(Message("reply", "the mayor of Xanadu", (Choice("a", "Xanadu again"),)))

    assert "Xanadu" not in repr(part)
