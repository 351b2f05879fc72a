"""Messages as blocks: whatever the text, Slack takes them, nothing is lost, and nothing in them acts."""

from __future__ import annotations

import regex
from fake_slack import faults_in, units
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from adapters.slack_blocks import LABEL, SECTION, escaped, split, to_message
from bot.model import Choice, Cited, Message

MANY = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example])
PIECES = st.sampled_from(
    [
        "a",
        "word ",
        "A sentence. ",
        "\n",
        "\n\n",
        "👨\u200d👩\u200d👧\u200d👦",
        "🇰🇪",
        "é",
        "ß",
        "مرحبا",
        "我们",
        "<",
        ">",
        "&",
        "&amp;",
        "<!channel>",
        "<@U1>",
        "<http://x|bank>",
        "*",
        "_",
        "`",
        "x" * 700,
        " ",
        "\u202e",
        "\t",
    ]
)
LONG = st.lists(PIECES, max_size=60).flatmap(lambda pieces: st.integers(1, 40).map(lambda times: "".join(pieces) * times))
TEXTS = st.one_of(LONG, st.text(max_size=400))
CHOICES = st.lists(st.text(max_size=120), max_size=70).map(lambda labels: tuple(Choice(f"do:{n}", text) for n, text in enumerate(labels)))
CITED = st.lists(st.text(max_size=900), max_size=30).map(
    lambda texts: tuple(Cited(n, "c", text, ("t",), text) for n, text in enumerate(texts, 1))
)


def told(message: Message) -> str:
    return "".join(block["text"]["text"] for post in to_message(message) for block in post.blocks if block["type"] == "section")


@MANY
@given(TEXTS, CHOICES, CITED)
@example("x" * 3001, (), ())
@example("🇰🇪" * 4096, (), ())
def test_slack_takes_the_blocks_of_any_message(text, choices, cited):
    for post in to_message(Message("reply", text, choices, cited)):
        assert faults_in(list(post.blocks)) == []
        assert post.text.strip()
        assert units(post.text) <= SECTION


@MANY
@given(TEXTS)
def test_every_character_arrives_and_in_its_place(text):
    shown = told(Message("reply", text)).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert "".join(shown.split()) == "".join(text.split())


@MANY
@given(TEXTS, st.integers(40, 400))
def test_a_text_is_never_parted_within_what_is_seen_as_one_character(text, limit):
    parts = list(split(text, limit))
    assert "".join(parts) == text
    assert all(0 < units(part) <= limit for part in parts)
    if all(units(seen) <= limit for seen in regex.findall(r"\X", text)):
        ends, at = set(), 0
        for seen in regex.finditer(r"\X", text):
            ends.add(seen.end())
        for part in parts:
            at += len(part)
            assert at in ends


@MANY
@given(TEXTS)
def test_an_escape_is_never_parted(text):
    assert all(part.count("&") == sum(part.count(whole) for whole in ("&amp;", "&lt;", "&gt;")) for part in split(escaped(text), 50))


def test_up_to_five_choices_are_buttons_and_more_a_list_that_hold_our_ids_and_not_their_words():
    few = [Choice(f"do:{n}", f"Choice {n}") for n in range(5)]
    elements = to_message(Message("question", "Which?", tuple(few)))[0].blocks[-1]["elements"]
    assert [(each["type"], each["value"]) for each in elements] == [("button", choice.id) for choice in few]
    picker = to_message(Message("question", "Which?", (*few, Choice("do:5", "Choice 5"))))[0].blocks[-1]["elements"][0]
    assert picker["type"] == "static_select"
    assert [option["value"] for option in picker["options"]] == [f"do:{n}" for n in range(6)]


def test_a_label_too_long_for_a_button_stands_whole_and_numbered_above_it():
    long = "I would rather " + "talk " * 20 + "first"
    blocks = to_message(Message("question", "Which?", (Choice("do:1", long), Choice("do:2", "No"))))[0].blocks
    assert f"1. {long}\n2. No" in [block["text"]["text"] for block in blocks if block["type"] == "section"]
    assert units(blocks[-1]["elements"][0]["text"]["text"]) <= LABEL


def test_sources_stand_small_below_and_a_sourced_reply_can_be_judged():
    message = Message("reply", "Two ways. [1]", (), (Cited(1, "c", "Attacks by email", ("t",), "line 502"),))
    kinds = [block["type"] for block in to_message(message)[0].blocks]
    assert kinds == ["section", "context", "context_actions"]
    assert to_message(message)[0].blocks[1]["elements"][0]["text"] == "[1] Attacks by email · line 502"
