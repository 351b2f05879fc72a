"""The shipped guides keep the rules of the coach, an operator's own guides are taken in with every fault told, and headings are read."""

from __future__ import annotations

import copy
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Template
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from passages import Chat
from passages import said as told
from test_scenarios import holds, played

from adapters.replay import read_script
from bot import offers
from bot.headings import LONGEST, MOST, headings_in
from bot.model import Entry, Person, PersonId
from knowledge.card import load_cards
from knowledge.lint import copied_runs
from prompts.library import LONGEST_MIRROR, BadPrompts, Heard, StepWords, load_library
from prompts.own import load_with_own
from prompts.signals import load_signals

LIBRARY = load_library()
GUIDES = sorted(name for name, guide in LIBRARY.guides.items() if guide.group)
WORDS = LIBRARY.words["en"]

OWN: dict[str, Any] = {
    "guide": "field-visit",
    "kind": "reflection",
    "fits": ["meeting"],
    "steps": [{"id": "seen", "mirror": "scene"}, {"id": "try"}],
    "words": {
        "en": {
            "title": "Field Visit",
            "good_for": "after a visit",
            "about": "What you saw, and what you will do.",
            "opens": ["field visit", "after a visit"],
            "steps": {
                "seen": {"say": "What did you see there that no report tells?", "mirrors": ["That is far from any report."]},
                "try": {"say": "What will you do with it?"},
            },
        }
    },
}


def answers(heard: str, *mirrors: str, step: str = "seen") -> dict[str, Any]:
    """The change of the own guide by which one of its questions knows a kind of answer."""
    words = copy.deepcopy(OWN["words"])
    words["en"]["steps"][step]["answers"] = [{"heard": [heard], "mirrors": list(mirrors)}]
    return {"words": words}


def said(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def answered(kinds: list[Heard]) -> list[str]:
    """Every line that is said back to one of these kinds of answers."""
    return [line for kind in kinds for line in kind.mirrors]


# --- the shipped guides


@pytest.mark.parametrize("language", sorted(LIBRARY.words))
@pytest.mark.parametrize("name", GUIDES)
def test_a_guide_asks_one_question_a_step_last_and_never_why(name, language):
    for step, spoken in LIBRARY.words[language].guides[name].steps.items():
        for line in [*said(spoken.say), *filter(None, [spoken.smaller, spoken.none])]:
            assert line.count("?") == 1, (name, step, line)
            assert line.endswith("?"), (name, step, line)
            assert not re.search(r"(?i)\b(?:why|pourquoi|por qué)\b", line), (name, step, line)


@pytest.mark.parametrize("language", sorted(LIBRARY.words))
@pytest.mark.parametrize("name", GUIDES)
def test_a_guide_orders_nobody_about_and_praises_nobody(name, language):
    for spoken in LIBRARY.words[language].guides[name].steps.values():
        for line in [*said(spoken.say), *spoken.mirrors, *answered(spoken.answers)]:
            assert not re.search(r"(?i)\byou (?:must|should|need to|have to)\b|great job|well done|vous devez|debes\b|tienes que", line), (
                line
            )


def test_all_fourteen_guides_and_five_checks_can_be_chosen():
    listed = {name for name, guide in LIBRARY.guides.items() if guide.group}

    assert len([name for name in listed if LIBRARY.guides[name].kind == "reflection"]) == 14
    assert len([name for name in listed if LIBRARY.guides[name].kind == "check"]) == 5


def test_no_line_of_guides_and_roles_is_copied_from_a_source():
    lines = [text for key in WORDS.lines if key.startswith(("role.", "lens.", "flow.")) for text in WORDS.variants(key)]
    for guide in WORDS.guides.values():
        for spoken in guide.steps.values():
            lines += [*said(spoken.say), *spoken.mirrors, *answered(spoken.answers)]

    assert [run for line in lines for run in copied_runs(line)] == []


def test_every_kind_of_moment_that_a_guide_fits_is_heard():
    told = {
        "conflict": "He shouted at the clerk",
        "decision": "We have to decide by Friday",
        "meeting": "The board sat until nine",
        "drained": "I am completely drained",
        "nothing": "Nothing happened today",
        "success": "They finally signed",
        "self-blame": "It was my fault, I should have called",
        "stuck": "We are stuck",
        "stalled": "For months nothing",
        "overload": "Everything lands on me",
        "bias": "I sided with the nurse",
        "letting-go": "It is hard to let go",
        "ending": "We are closing the project in June",
        "doubt": "Is it still worth the trouble",
    }

    assert {offers.moment_in(text, WORDS.hear) for text in told.values()} == set(told) == set(WORDS.hear.moments)
    assert [kind for kind, text in told.items() if offers.moment_in(text, WORDS.hear) != kind] == []
    assert offers.moment_in("The bank sent two people and a cake", WORDS.hear) is None


def test_a_role_cites_lines_that_its_card_has():
    cards = {card.id: card for card in load_cards()}
    wanted = {
        "scoping-building": ["50-59", "302-302"],
        "managing-maintaining": ["75-83", "302-302"],
        "reviewing-revising": ["65-73", "302-302"],
        "sustaining-outcomes": ["41-48", "302-302", "934-936"],
    }
    for phase, role in LIBRARY.roles.phases.items():
        assert [cards[role.card].sources[n - 1].lines for n in role.sources] == wanted[phase]
        marks = re.findall(r"\[(\d)\]", WORDS.variants(f"role.{phase}")[0])
        assert sorted(marks) == [str(n) for n in range(1, len(role.sources) + 1)]
    for role in LIBRARY.roles.lenses.values():
        assert [cards[role.card].sources[n - 1].lines for n in role.sources] == ["850-870"]


# --- what is said back to an answer


def kinds_in(language: str) -> list[Heard]:
    words = LIBRARY.words[language]
    return [*words.answers, *(kind for guide in words.guides.values() for spoken in guide.steps.values() for kind in spoken.answers)]


@pytest.mark.parametrize("language", sorted(LIBRARY.words))
def test_what_is_said_back_to_a_kind_of_answer_fits_a_phone_asks_nothing_and_flatters_nobody(language):
    signals = load_signals()[language]
    for line in answered(kinds_in(language)):
        filled = Template(line).substitute(who="one of your older partners", what="losing the trust of your partners")
        assert len(filled if "$" not in line else Template(line).substitute(who="they", what="this")) <= LONGEST_MIRROR, line
        assert not re.search(r'[?¿“”«»"]', filled), line
        assert not any(re.search(pattern, filled, re.IGNORECASE) for pattern in [*signals.flattery, *signals.knows_better]), line


def test_english_knows_at_least_five_kinds_of_answers_to_every_question_that_it_mirrors():
    few = [
        f"{name}.{step.id}"
        for name, guide in LIBRARY.guides.items()
        for step in guide.steps
        if step.mirror and step.keeps != "heading" and len(WORDS.guides[name].steps[step.id].answers) < 5
    ]

    assert few == []


def asked(guide: str, step: str) -> StepWords:
    return WORDS.guides[guide].steps[step]


def in_boxes(*answers: str, entries: tuple[Entry, ...] = ()) -> str:
    """What five boxes say to the last of some answers."""
    chat = Chat(LIBRARY, entries=entries)
    chat.say("five boxes")
    for answer in answers[:-1]:
        chat.say(answer)
    return told(chat.say(answers[-1]))[-1].text


def heard_as(text: str, guide: str, step: str, answer: str) -> bool:
    """Whether a reply holds a line for a kind of answer to this question, one that is found in the answer."""
    return any(kind.stands_in(answer.lower()) and any(line in text for line in kind.mirrors) for kind in asked(guide, step).answers)


@pytest.mark.parametrize(
    "answer",
    [
        "hanna did not answer my 2 messages",
        "the contract is with legal since march",
        "i forgot to invite the cooperative, stupid of me",
        "at home, our son is ill again",
        "nowhere, good day",
    ],
)
def test_an_answer_to_a_question_is_heard_as_the_kind_that_it_is(answer):
    assert heard_as(in_boxes(answer), "five-boxes", "sticking", answer)


def test_the_same_words_are_heard_otherwise_where_something_else_was_asked():
    answer = "the school garden and its money"
    sticking, well = in_boxes(answer), in_boxes("the translation of the letter", "what shall we do with it", answer)

    assert heard_as(sticking, "five-boxes", "sticking", answer)
    assert heard_as(well, "five-boxes", "well", answer)
    assert not heard_as(well, "five-boxes", "sticking", answer)


@pytest.mark.parametrize("answer", ["i dont think they are afraid, only bored", "they are not afraid of it at all, just bored"])
def test_what_an_answer_denies_is_not_heard_in_it(answer):
    chat = Chat(LIBRARY)
    for text in ("reflect", "ok", "Two mayors met on the bridge and talked"):
        chat.say(text)
    reply = told(chat.say(answer))[-1].text

    assert not any(line in reply for kind in asked("crossing", "meaning").answers if kind.stands_in("afraid") for line in kind.mirrors)


def test_what_nobody_knows_a_line_for_is_not_given_back_with_a_filler():
    assert in_boxes("the bost was late gain with the thing").startswith(said(asked("five-boxes", "thought").say)[0])


def test_what_is_grave_is_heard_before_the_kind_of_answer():
    reply = in_boxes("at the meeting with the ministry the chair humiliated me")

    assert not heard_as(reply, "five-boxes", "sticking", "meeting ministry")
    assert any(line.partition("$who")[2] in reply for line in LIBRARY.happenings["en"].told["humiliated"].mirrors)


def test_somebody_of_an_earlier_entry_is_remembered_before_the_kind_of_answer():
    day = datetime(2026, 2, 24, 17, tzinfo=UTC)
    entry = Entry("e1", "crossing", day.date(), day + timedelta(hours=1), (("moment", "Hanna left before the vote."),), "ok")

    assert "Hanna" in in_boxes("a message to Hanna, and still no answer from her", entries=(entry,))


@pytest.mark.parametrize(
    "answer", ["ouch. he was right though", "she had a point", "i have to admit it was my fault", "that was my own mistake"]
)
def test_an_honest_admission_is_heard_and_never_argued_with(answer):
    lines = [line for kind in (*WORDS.answers, *asked("five-boxes", "thought").answers) for line in kind.mirrors]
    reply = in_boxes("the quarrel about the minutes", answer)

    assert any(line in reply for line in lines), reply


@pytest.mark.parametrize("way", ["add a later thought to my last entry", "add a thought to my last entry: "])
def test_a_thought_that_came_later_is_heard_before_it_is_filed(way):
    thought = "That I was his voice and nobody else's"
    day = datetime(2026, 2, 24, 17, tzinfo=UTC)
    chat = Chat(LIBRARY, entries=(Entry("e1", "crossing", day.date(), day, (("moment", "The chief spoke, I nodded."),), "ok"),))
    if way.endswith(": "):
        reply = told(chat.say(way + thought))[-1].text
    else:
        chat.say(way)
        reply = told(chat.say(thought))[-1].text

    assert any(reply.startswith(line) for line in answered(asked("later-thought", "thought").answers)), reply
    assert "today's date" in reply


# --- an operator's own

OWN_TALK = r"""
start: 2026-03-04T15:00:00+00:00
people:
  ben: {onboarded: true, language: en}
  lea: {onboarded: true, language: fr}
turns:
  - {who: ben, say: "which guides are there?", expect: ["Field Visit"]}
  - {who: ben, say: "after a visit", expect: ["What did you see there that no report tells\\?$"]}
  - {who: ben, say: "children carried water while the pump stood there new", expect: ["far from any report", "do with it\\?$"]}
  - {who: ben, say: "I ask the two mothers first, before the engineer", expect: ["Field Visit|if-then|If|when|plan|step"]}
  - {who: ben, say: "stop"}
  - {who: ben, say: "what did I write about the pump?", expect: ["stood there new"]}
  - {who: lea, say: "field visit", expect: ["What did you see there"]}
"""


def own(folder: Path, guide: dict[str, Any] = OWN, name: str = "field-visit.yaml") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(yaml.safe_dump(guide, sort_keys=False), encoding="utf-8")
    return folder


def test_without_a_folder_there_are_the_shipped_guides(tmp_path):
    assert load_with_own(tmp_path / "nowhere").guides == LIBRARY.guides


def test_beside_an_own_guide_stands_everything_else_that_is_shipped(tmp_path):
    library = load_with_own(own(tmp_path))

    others = type(library).model_fields.keys() - {"guides", "words"}
    assert {name: getattr(library, name) for name in others} == {name: getattr(LIBRARY, name) for name in others}
    assert others >= {"ideas", "happenings", "recasts", "languages", "roles"}


def test_an_own_guide_stands_beside_the_shipped_ones_in_every_language(tmp_path):
    library = load_with_own(own(tmp_path / "guides"))

    assert library.guides["field-visit"].group == "own"
    assert {words.guides["field-visit"].title for words in library.words.values()} == {"Field Visit"}
    assert set(LIBRARY.guides) < set(library.guides)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"guide": "crossing"}, "there is a guide called 'crossing' already"),
        ({"kind": "profile"}, "the kind of an own guide is reflection or check"),
        ({"steps": [{"id": "seen", "keeps": "name"}, {"id": "try"}]}, "step seen: an own guide keeps answer, energy, mark, nothing"),
        ({"fits": ["weather"]}, "weather is no kind of moment"),
        ({"steps": [{"id": "seen", "go": "nowhere"}, {"id": "try"}]}, "step seen goes to nowhere"),
        ({"steps": [{"id": "seen"}, {"id": "more"}]}, "words.en.steps.more is missing"),
        ({"words": {"xx": OWN["words"]["en"]}}, "words.xx: the coach speaks"),
        ({"words": {}}, "words"),
        ({"kind": "check"}, "a check needs steps that keep a mark"),
        ({"colour": "red"}, "colour: Extra inputs are not permitted"),
        (answers("[pump", "A.", "B."), "'[pump' is not an expression"),
        (answers("(?:pump)?", "A.", "B."), "answers '(?:pump)?': a pattern finds itself in anything"),
        (answers("pump", "One alone."), "words.en.steps.seen.answers.0.mirrors"),
        (answers("pump", "A.", "B" * 121), "a mirror holds at most 120 characters"),
        (answers("pump", "$who.", "And $who."), "a line without slots has to be there"),
        (answers("pump", "A.", "For $span."), "$span is not known; there are $who, $what"),
        (answers("pump", "A.", "Of $what."), "no pattern has a group `what`"),
        (answers("pump", "A.", "B.", step="try"), "steps.try has mirrors, and the guide asks for none there"),
    ],
)
def test_a_fault_in_an_own_guide_is_told_with_its_file(tmp_path, change, told):
    with pytest.raises(BadPrompts) as bad:
        load_with_own(own(tmp_path / "guides", OWN | change))

    assert "field-visit.yaml" in str(bad.value)
    assert told in str(bad.value)


def test_faults_of_several_own_guides_are_told_at_once(tmp_path):
    folder = own(tmp_path / "guides", OWN | {"fits": ["weather"]})
    own(folder, OWN | {"guide": "crossing"}, "other.yaml")

    with pytest.raises(BadPrompts) as bad:
        load_with_own(folder)

    assert "field-visit.yaml" in str(bad.value)
    assert "other.yaml" in str(bad.value)


# --- headings


@pytest.mark.parametrize(
    ("text", "headings"),
    [
        ("use my own headings: People, Money; What I learned", ("People", "Money", "What I learned")),
        ("1. People\n2. Money\n3. Me", ("People", "Money", "Me")),
        ("People", ("People",)),
        ("people, people , money.", ("people", "money")),
        (": , ;", ()),
        ("", ()),
    ],
)
def test_headings_are_read_from_what_somebody_writes(text, headings):
    assert headings_in(text) == headings


@given(st.text(max_size=400))
def test_headings_are_few_short_and_different_whatever_is_written(text):
    found = headings_in(text)

    assert len(found) <= MOST
    assert len(set(found)) == len(found)
    assert all(heading.strip() and len(heading) <= LONGEST and "\n" not in heading for heading in found)


async def test_an_own_guide_is_replayed_from_its_opening_to_a_plan(tmp_path, found):
    """An operator adds a file, a person opens it in their words, answers it, and it stands in the logbook."""
    script = tmp_path / "script.yaml"
    script.write_text(OWN_TALK, encoding="utf-8")
    library = load_with_own(own(tmp_path / "guides"))

    holds(*await played(read_script(script), tmp_path / "home", library, found))


# --- at the door of a reflection


@pytest.mark.parametrize(
    ("language", "said", "scene"),
    [
        ("en", "Time for my reflection. Today the mayor left the room.", "Today the mayor left the room"),
        ("fr", "réflexion du soir - Karim a coupé la parole à la présidente", "Karim a coupé la parole à la présidente"),
        ("es", "quiero reflexionar sobre mi día. Nadie habló del precio", "Nadie habló del precio"),
    ],
)
def test_what_is_told_along_with_the_wish_is_the_scene(language, said, scene):
    chat = Chat(LIBRARY, Person(PersonId("p1"), welcomed=True, onboarded=True, language=language))
    chat.say(said)

    assert [entry.answers for entry in chat.entries] == [(("moment", scene),)]


def test_energy_in_words_and_a_scene_behind_it_are_told_apart():
    chat = Chat(LIBRARY)
    chat.say("/reflect")
    chat.say("ok I guess. Eric held the umbrella for the farmers")

    assert [(entry.energy, entry.answers) for entry in chat.entries] == [("ok", (("moment", "Eric held the umbrella for the farmers"),))]


def test_a_bare_number_is_no_scene():
    chat = Chat(LIBRARY)
    for said in ("/reflect", "so so", "3"):
        chat.say(said)

    assert not chat.entries
    assert chat.conversation.place
    assert chat.conversation.place.step == "moment"


def test_a_step_with_its_day_is_not_asked_for_again_and_keep_it_is_no_answer():
    chat = Chat(LIBRARY, Person(PersonId("p1"), zone="Africa/Lome", welcomed=True, onboarded=True, language="fr"))
    for said in (
        "/reflect",
        "moyen",
        "le chef parle pour elles",
        "jeudi je demande à la présidente de faire la visite",
        "oui garde",
    ):
        chat.say(said)

    assert dict(chat.entries[0].answers) == {
        "moment": "le chef parle pour elles",
        "try": "jeudi je demande à la présidente de faire la visite",
    }
    assert [str(plan.due) for plan in chat.intentions] == ["2026-03-05"]
