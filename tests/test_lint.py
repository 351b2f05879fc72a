"""Each rule for the writing of cards fires on a card made to break it, and the shipped cards break none."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from passages import cards

from knowledge import lint
from knowledge.card import Card
from knowledge.lint import DEV_QUERIES, LONGEST, TOPICS, copied_runs, faults_in, is_open_question, runs_of, words_of

CARD = next(card for card in cards() if card.id == "they-wait-for-me")
A_TOPIC = CARD.topics[0]


def broken(change: Callable[[dict[str, Any]], object]) -> list[str]:
    """The faults of the card once something in it was changed."""
    data = CARD.model_dump()
    change(data)
    return faults_in((Card.model_validate(data),))


def test_the_card_to_be_broken_is_sound():
    assert broken(lambda card: card) == []


def test_the_shipped_cards_have_no_fault():
    assert faults_in(cards()) == []


def put(path: str, value: object) -> Callable[[dict[str, Any]], object]:
    """Sets one place of a card, such as "words.en.options.0.price"."""

    def change(card: dict[str, Any]) -> None:
        *way, last = path.split(".")
        at: Any = card
        for part in way:
            at = at[int(part)] if isinstance(at, list) else at[part]
        if isinstance(at, list):
            at[int(last)] = value
        else:
            at[last] = value

    return change


def of(length: int, end: str = ".") -> str:
    """A text of short sentences that is a little longer than `length`."""
    sentence = "Ask them once more. "
    return (sentence * (length // len(sentence) + 2)).strip()[:-1] + end


EN = "words.en"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (put("topics", ["no-such-topic"]), "topic no-such-topic does not exist"),
        (put("asks_by_topic", {"no-such-topic": {"en": ["who is it"]}}), "asks_by_topic: no-such-topic is none of its topics"),
        (put("sources.0.lines", "2-1"), "does not begin and end on a line with text"),
        (put("sources.0.lines", "1-99999"), "does not begin and end on a line with text"),
        (put("sources.0.where", "w" * 71), "sources.1.where: 71 characters, room for 70"),
        (put("asks.en", CARD.asks["en"][:3]), "asks.en: 3, at least 12 are needed"),
        (put("asks.fr", CARD.asks["fr"][:3]), "asks.fr: 3, at least 6 are needed"),
        (put("asks.es", []), "asks.es: 0, at least 6 are needed"),
        *((put(f"{EN}.mirrors.{name}", of(LONGEST["mirror"])), f"words.en.mirrors.{name}: ") for name in ("feeling", "tension", "pattern")),
        (put(f"{EN}.options.0.offer", of(LONGEST["offer"])), "words.en.options.1.offer: "),
        (put(f"{EN}.options.0.price", of(LONGEST["price"])), "words.en.options.1.price: "),
        (put(f"{EN}.options.1.not_if", "a" + of(LONGEST["not_if"])), "words.en.options.2.not_if: "),
        (put(f"{EN}.questions.2", "What then, " + of(LONGEST["question"], "?")), "words.en.questions.3: "),
        (put(f"{EN}.challenge", of(LONGEST["challenge"])), "words.en.challenge: "),
        (put(f"{EN}.if_then", "If so, then " + of(LONGEST["if_then"])), "words.en.if_then: "),
        (put(f"{EN}.title", "T" * 61), "words.en.title: 61 characters, room for 60"),
        (put(f"{EN}.who", "w" * 31), "words.en.who: 31 characters"),
        (put(f"{EN}.when", "w" * 21), "words.en.when: 21 characters"),
        (put(f"{EN}.gist", of(LONGEST["gist"])), "words.en.gist: "),
        (put(f"{EN}.thin", of(LONGEST["thin"])), "words.en.thin: "),
        (put(f"{EN}.options.0.name", "N" * 33), "words.en.options.1.name: 33 characters"),
        (put(f"{EN}.gist", "One " + "word and " * 12 + "a last one here."), "a sentence of more than 22 words"),
        (put(f"{EN}.mirrors.feeling", "It leverages every stakeholder."), "jargon: 'leverages'"),
        (put(f"{EN}.options.0.price", "It needs buy-in."), "jargon: 'buy-in'"),
        (put(f"{EN}.mirrors.tension", "You must ask them."), "an order or flattery: 'You must'"),
        (put(f"{EN}.options.0.offer", "Absolutely ask them first."), "an order or flattery: 'Absolutely'"),
        (put("words.fr.mirrors.tension", "Vous devez leur demander."), "words.fr.mirrors.tension: an order or flattery"),
        (put("words.es.mirrors.tension", "Tienes que preguntarles."), "words.es.mirrors.tension: an order or flattery"),
        (put(f"{EN}.mirrors.feeling", "It weighs on $name."), "a slot other than $who and $when"),
        (put(f"{EN}.mirrors.feeling", "It costs 5 $ each."), "a slot other than $who and $when"),
        (put(f"{EN}.questions.0", "Did they ask you?"), "not one open question"),
        (put(f"{EN}.questions.0", "What now? And who pays?"), "not one open question"),
        (put(f"{EN}.questions.0", "What they wanted."), "not one open question"),
        (put("words.fr.questions.0", "Avez-vous demandé ?"), "words.fr.questions.1: not one open question"),
        (put("words.es.questions.0", "¿Preguntaste?"), "words.es.questions.1: not one open question"),
        (put(f"{EN}.challenge", "Is it yours? Or theirs?"), "asks, but not one open question"),
        (put("words.es.challenge", "Quizá sea tuyo. ¿Lo es?"), "words.es.challenge: asks, but not one open question"),
        (put(f"{EN}.if_then", "When they ask, I wait."), "not of the form If ..., then ..."),
        (put("words.fr.if_then", "Quand on me demande, j'attends."), "words.fr.if_then: not of the form"),
        (put(f"{EN}.mirrors.pattern", "Is it always you?"), "a mirror asks nothing"),
        (put(f"{EN}.options.0.offer", "Ask them who pays?"), "asks something; a reply has one question"),
        (put(f"{EN}.options.0.not_if", "They are away."), "begins after 'not if', so with a small letter"),
        (put(f"{EN}.options.0.price", "It takes time"), "no full stop at the end"),
        (put(f"{EN}.mirrors.feeling", "It weighs"), "no full stop at the end"),
        (put(f"{EN}.options.1.name", CARD.words["en"].options[0].name), "two options of one name"),
        (
            put("words.fr.options.0.source", 0 if CARD.words["en"].options[0].source else 1),
            "words.fr: its options do not match the English ones",
        ),
    ],
)
def test_each_rule_fires_on_a_card_that_breaks_it(change, told):
    faults = broken(change)

    assert any(told in fault for fault in faults), faults
    assert all(fault.startswith("they-wait-for-me: ") for fault in faults)


def test_offer_and_price_share_their_room():
    def change(card):
        option = card["words"]["en"]["options"][0]
        option["offer"], option["price"] = "a" * 94 + ".", "b" * 70 + "."

    assert any("offer and price together are 166 characters, room for 140" in fault for fault in broken(change))


def test_a_translation_has_a_quarter_more_room():
    title = "T" * 70

    assert any("title: 70 characters, room for 60" in fault for fault in broken(put("words.en.title", title)))
    assert not any("title" in fault for fault in broken(put("words.fr.title", title)))


def test_options_left_out_in_a_translation_are_found():
    options = CARD.model_dump()["words"]["fr"]["options"]

    assert any(
        "words.fr: its options do not match" in fault
        for fault in broken(put("words.fr.options", options[:-1] if len(options) > 2 else [*options, options[0] | {"name": "Encore"}]))
    )


def test_an_ask_that_stands_in_a_development_query_is_found():
    query = next(
        row for line in DEV_QUERIES.read_text(encoding="utf-8").splitlines() if len(words_of((row := json.loads(line))["text"])) > 6
    )
    asks = [*CARD.asks["en"], query["text"]]

    assert any(f"stands in development query {query['id']}" in fault for fault in broken(put("asks.en", asks)))


def test_a_run_of_six_words_from_a_source_is_found_without_the_source(tmp_path):
    text = "the harbour master counted seven yellow boats before the morning fog came back again"
    for doc in ("introduction", "enquiry"):
        (tmp_path / f"{doc}.txt").write_text(f"{text}\n\n{text}\n")
    runs, lines = tmp_path / "runs.bin", tmp_path / "lines.json"
    lint.learn(tmp_path, runs, lines)

    assert copied_runs("I saw: the harbour master counted seven yellow boats.", runs) == [
        "the harbour master counted seven yellow",
        "harbour master counted seven yellow boats",
    ]
    assert copied_runs("The harbour master counted seven boats, all of them yellow.", runs) == []
    assert b"harbour" not in runs.read_bytes()
    assert json.loads(lines.read_text()) == {"introduction": [1, 3], "enquiry": [1, 3]}


def test_two_cards_with_one_mirror_are_twins():
    other = CARD.model_dump() | {"id": "another"}
    faults = faults_in((CARD, Card.model_validate(other)))

    assert any("mirrors.feeling is nearly the same as one of they-wait-for-me" in fault for fault in faults)
    assert any("stands in they-wait-for-me too" in fault for fault in faults)


def test_every_fault_of_a_card_is_told_at_once():
    def change(card):
        put("words.en.mirrors.feeling", "You must ask")(card)
        put("words.en.questions.1", "Did they?")(card)
        put("topics", ["no-such-topic"])(card)

    faults = "\n".join(broken(change))
    for told in ("an order", "no full stop", "not one open question", "no-such-topic"):
        assert told in faults


# --- its parts


@pytest.mark.parametrize(
    ("text", "language", "is_open"),
    [
        ("What would they lose?", "en", True),
        ("And who pays?", "en", True),
        ("If they left, what would change?", "en", True),
        ("With whom would you begin?", "en", True),
        ("Whose is it?", "en", True),
        ("Did they ask?", "en", False),
        ("Is it what they wanted?", "en", False),
        ("What now? Who then?", "en", False),
        ("What they wanted", "en", False),
        ("Qu'est-ce qui changerait ?", "fr", True),
        ("Avec qui en parler ?", "fr", True),
        ("Est-ce juste ?", "fr", False),
        ("¿Qué perderían?", "es", True),
        ("Si se fueran, ¿quién lo notaría?", "es", True),
        ("¿Es justo?", "es", False),
    ],
)
def test_an_open_question_is_told_from_a_closed_one(text, language, is_open):
    assert is_open_question(text, language) is is_open


def test_words_and_runs_are_counted_without_apostrophes_and_case():
    assert words_of("Don’t — DON'T stop_it, 3 times!") == ["dont", "dont", "stop", "it", "3", "times"]
    assert list(runs_of("one two three", 2)) == [("one", "two"), ("two", "three")]
    assert list(runs_of("one", 2)) == []


def test_every_topic_has_a_card():
    topics = set(yaml.safe_load(TOPICS.read_text(encoding="utf-8")))

    assert topics - {topic for card in cards() for topic in card.topics} == set()
    assert A_TOPIC in topics
