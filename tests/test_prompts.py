"""Guides and words with a fault do not load, and every fault of every file is told at once."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.spelling import typeset
from prompts.drawing import draw
from prompts.library import BadPrompts, Reading, load_library

GUIDE: dict[str, Any] = {
    "guide": "small",
    "kind": "reflection",
    "steps": [
        {"id": "energy", "keeps": "energy", "choices": [{"id": "low", "go": "end"}, {"id": "ok"}], "otherwise": "moment"},
        {"id": "moment"},
        {"id": "plan", "needs": ["moment"]},
    ],
}
HEAR: dict[str, Any] = {
    "fillers": ["please"], "controls": {"skip": ["skip"], "back": ["back"]}, "wishes": {"hello": ["hi"], "bye": ["bye"]},
    "choices": {"low": ["tired"]}, "acts": {}, "days": [], "day_forms": {}, "addressed": [],
    "numbers": {"one": 1}, "ordinals": {"first": 1}, "number_leads": [], "number_tails": [],
    "several": {"both": [], "through": [], "everything": [], "between": ["and"]},
    "who": {"shape": "(?P<whose>my) (?P<actor>ACTORS)", "no_middle": [], "oneself": "i am $", "not_them": "as $", "again": []},
    "at_work": [], "nothing": [], "subjects": [], "titles": [], "place_leads": [], "learner": [],
    "spoken_clock": {"morning": [], "afternoon": [], "minutes": {}, "before": [], "shapes": []},
    "deeds": [], "darker": [], "lighter": [], "everyday": [], "viewpoints": [], "away": [],
    "looking": {"asks": {}, "periods": {}, "leads": [], "since": [], "last": []},
    "reading": {name: [] for name in Reading.model_fields}, "refers": [],
    "asking": [], "aside": [], "feelings": [], "actors": [], "world": [], "whose": {}, "whens": [],
    "joints": [], "turns": [], "hedges": [], "names": [], "clock": {"noon": "12:00"},
}  # fmt: skip
SAFETY: dict[str, Any] = {
    "danger": ["want to die"],
    "plainly": [],
    "to_others": [],
    "denied": [],
    "home": {},
    "at_home": {},
    "household": [],
    "kin": [],
    "facts": {},
    "entrusted": [],
    "pointed": [],
    "inner": [],
    "she": [],
    "he": [],
    "takes_back": [],
    "safe_now": [],
    "ethics": [],
    "harassment": [],
    "injection": [],
    "idioms": [],
    "strain": [],
    "told_of": [],
    "of_oneself": [],
    "threat": {},
    "doubt": [],
    "spent": [],
    "bigger": [],
    "moments": [],
    "no_moments": [],
    "worn": [],
    "this_only": [],
    "wondering": [],
    "misread": [],
    "gloss": [],
    "honest": [],
    "belittled": [],
    "feared": [],
    "retaliation": [],
    "admits": [],
    "accused": [],
    "own": [],
    "came": {},
    "owners": {},
    "people": [],
    "close": [],
    "channels": [],
    "deed": [],
    "sides": {},
    "things": {},
    "nearby": [],
    "half": [],
    "seeks": [],
    "overheard": [],
    "informs": [],
}
WORDS: dict[str, Any] = {
    "language": "English",
    "formats": {"day": "EEEE d MMMM", "moment": "EEEE HH:mm"},
    "lines": {"hello": ["Hello$dear.", "Good day."], "kept": "Kept: $what"},
    "guides": {
        "small": {
            "title": "Small",
            "about": "A small one.",
            "closes": "Kept, $date.",
            "steps": {
                "energy": {"say": "How are you?", "choices": {"low": "Low", "ok": "OK"}},
                "moment": {"say": ["What happened?", "What was it?"], "smaller": "Who was there?"},
                "plan": {"say": "You wrote: $moment What now?"},
            },
        }
    },
    "hear": HEAR,
    "safety": SAFETY,
}


class House:
    """A folder of prompts in the making; `g` and `w` are its guide and words, to be broken before it is loaded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.g: dict[str, Any] = copy.deepcopy(GUIDE)
        self.w: dict[str, Any] = copy.deepcopy(WORDS)
        self.more: dict[str, str] = {}

    def step(self, number: int) -> dict[str, Any]:
        found: dict[str, Any] = self.g["steps"][number]
        return found

    def spoken(self, step: str) -> dict[str, Any]:
        found: dict[str, Any] = self.w["guides"]["small"]["steps"][step]
        return found

    def faults(self) -> list[str]:
        for part in ("guides", "words"):
            (self.folder / part).mkdir(exist_ok=True)
        files = {
            "guides/small.yaml": yaml.safe_dump(self.g, sort_keys=False),
            "words/en.yaml": yaml.safe_dump(self.w, sort_keys=False),
            **self.more,
        }
        for name, text in files.items():
            (self.folder / name).write_text(text, encoding="utf-8")
        try:
            load_library(self.folder)
        except BadPrompts as error:
            return str(error).split("\n")
        return []


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_a_sound_house_has_no_fault(house):
    assert house.faults() == []


def test_the_shipped_prompts_have_no_fault(library):
    assert {"onboarding", "crossing", "five-boxes", "one-of-seven", "if-then", "follow-up"} <= set(library.guides)
    assert "en" in library.words
    assert library.in_language("xx") is library.words["en"]


# --- each kind of fault


def change(path: str, value: object) -> Any:
    """Sets one place of the house, such as "g.steps.0.go"."""

    def apply(house: House) -> None:
        *way, last = path.split(".")
        at: Any = house
        for part in way:
            at = getattr(at, part) if isinstance(at, House) else at[int(part)] if isinstance(at, list) else at[part]
        if isinstance(at, list):
            at.insert(int(last), value)
        else:
            at[last] = value

    return apply


SMALL = "w.guides.small"


@pytest.mark.parametrize(
    ("breaks", "told"),
    [
        (change("g.steps.1", {"id": "moment"}), "step moment stands 2 times"),
        (change("g.steps.3", {"id": "end"}), "a step may not be called 'end'"),
        (change("g.steps.1.go", "nowhere"), "step moment goes to nowhere, which does not exist"),
        (change("g.steps.0.otherwise", "nowhere"), "step energy goes to nowhere"),
        (change("g.steps.0.choices.0.go", "nowhere"), "step energy goes to nowhere"),
        (change("g.steps.2.needs", ["nothing"]), "step plan needs nothing, which does not exist"),
        (change("g.steps.0.choices.0", {"id": "ok"}), "step energy has the choice ok 2 times"),
        (change("g.steps.0.choices.0.guide", "small"), "choice low: goes to a step and to a guide"),
        (change("g.steps.0.choices.1.guide", "big"), "choice ok: guide big does not exist"),
        (change("g.steps.1.otherwise", "plan"), "step moment: otherwise is for steps with choices"),
        (change("g.then", "big"), "then: guide big does not exist"),
        (change("g.steps.2.go", "moment"), "from step plan no road leads to the end"),
        (change("g.steps.1.go", "end"), "step plan is reached by no road"),
        (change("g.guide", "other"), "small.yaml: the guide in it is called 'other'"),
        (change("g.kind", "quiz"), "small.yaml: kind:"),
        (change("g.steps.1.keeps", "secrets"), "small.yaml: steps.1.keeps:"),
        (change("g.steps.1.colour", "red"), "small.yaml: steps.1.colour: Extra inputs are not permitted"),
        (change("g.steps.1.id", "Not A Slug"), "small.yaml: steps.1.id:"),
        (change("g.steps", []), "small.yaml: steps:"),
        (change("w.colour", "red"), "en.yaml: colour: Extra inputs are not permitted"),
        (change("w.hear.colour", ["red"]), "en.yaml: hear.colour: Extra inputs are not permitted"),
        (change("w.lines.hello", ["only one"]), "en.yaml: lines.hello"),
        (change("w.lines.hello", ""), "en.yaml: lines.hello"),
        (change("w.lines.yes", True), "en.yaml: lines.yes"),
        (change("w.hear.controls.skip", [False]), "en.yaml: hear.controls.skip.0"),
        (change("w.lines.kept", "It costs $5"), "lines.kept: a $ that begins no slot"),
        (change("w.hear.controls.back", ["skip"]), "hear.controls: 'skip' stands 2 times"),
        (change("w.hear.wishes.bye", ["hi"]), "hear.wishes: 'hi' stands 2 times"),
        (change("w.safety.danger", ["want to (die|be dead"]), "safety.danger: the brackets in"),
        (change("w.safety.idioms", ["(a|(b|c)) d"]), "safety.idioms: the brackets in"),
        (change("w.guides", {}), "guides.small is missing"),
        (change("w.guides.big", WORDS["guides"]["small"]), "guides.big: there is no such guide"),
        (change(f"{SMALL}.steps.extra", {"say": "And?"}), "guides.small.steps.extra is not a step of the guide"),
        (change(f"{SMALL}.closes", "You wrote $moment"), "guides.small.closes: $moment is not kept on every road"),
        (change(f"{SMALL}.steps.moment.say", "After $plan, what?"), "guides.small.steps.moment: $plan is not kept on every road"),
        (change(f"{SMALL}.steps.moment.hint", "Like $energy"), "guides.small.steps.moment: $energy is not kept on every road"),
        (change(f"{SMALL}.steps.moment.smaller", "For $ 5"), "guides.small.steps.moment: a $ that begins no slot"),
        (change(f"{SMALL}.steps.energy.choices", {"low": "Low"}), "guides.small.steps.energy.choices.ok is missing"),
        (change(f"{SMALL}.steps.energy.choices.good", "Good"), "guides.small.steps.energy.choices.good is not a choice of the step"),
        (change(f"{SMALL}.steps.energy.choices.ok", "low"), "guides.small.steps.energy: the label 'low' stands 2 times"),
        (change(f"{SMALL}.steps.energy.choices.ok", "O" * 61), "is longer than 60 characters"),
    ],
)
def test_each_fault_is_found_and_told_with_its_place(house, breaks, told):
    breaks(house)
    faults = house.faults()

    assert any(told in fault for fault in faults), faults


def test_a_step_without_words_is_found(house):
    del house.w["guides"]["small"]["steps"]["moment"]

    assert house.faults() == ["words/en: guides.small.steps.moment is missing"]


def test_several_faults_in_several_files_are_all_told_at_once(house):
    house.step(1)["go"] = "nowhere"
    house.step(2)["needs"] = ["nothing"]
    house.w["lines"]["kept"] = "It costs $5"
    house.spoken("energy")["choices"]["ok"] = "LOW"
    faults = "\n".join(house.faults())

    for told in ("goes to nowhere", "needs nothing", "begins no slot", "the label 'low' stands 2 times"):
        assert told in faults
    assert len(faults.split("\n")) >= 4


def test_a_line_that_is_said_back_to_two_kinds_of_answers_is_found(house):
    house.step(1)["mirror"] = house.step(2)["mirror"] = "thought"
    for step, heard in (("moment", "late"), ("plan", "early")):
        house.spoken(step)["answers"] = [{"heard": [heard], "mirrors": [f"So it was {heard}.", "Time has its own way."]}]

    assert house.faults() == ["words/en: the mirror 'Time has its own way.' stands twice"]


def test_faults_of_shape_in_several_files_are_all_told_at_once(house):
    house.g["colour"] = "red"
    house.w["shape"] = "round"
    house.more["guides/other.yaml"] = "guide: [not\n"
    faults = "\n".join(house.faults())

    assert "small.yaml: colour" in faults
    assert "en.yaml: shape" in faults
    assert "other.yaml: while parsing" in faults


def test_another_language_must_say_what_english_says_and_no_more(house):
    other = copy.deepcopy(WORDS)
    del other["lines"]["hello"]
    other["lines"]["kept"] = "Gardé : $quoi"
    other["lines"]["extra"] = "Encore"
    del other["hear"]["controls"]["skip"]
    other["hear"]["wishes"]["dance"] = ["danser"]
    house.more["words/fr.yaml"] = yaml.safe_dump(other)
    faults = "\n".join(house.faults())

    assert "words/fr: lines.hello is missing" in faults
    assert "words/fr: lines.kept names $quoi, the English line does not" in faults
    assert "words/fr: lines.extra is not a line of the English words" in faults
    assert "words/fr: hear.controls.skip is missing" in faults
    assert "words/fr: hear.wishes.dance is not in the English words" in faults


def test_without_english_nothing_loads(tmp_path):
    for part in ("guides", "words"):
        (tmp_path / part).mkdir()
    (tmp_path / "guides" / "small.yaml").write_text(yaml.safe_dump(GUIDE))

    with pytest.raises(BadPrompts, match=r"en\.yaml is missing"):
        load_library(tmp_path)


# --- what YAML would let pass


@pytest.mark.parametrize("name", ["guides/small.yaml", "words/en.yaml"])
def test_a_key_that_stands_twice_is_refused(house, name):
    house.faults()
    text = (house.folder / name).read_text()
    house.more[name] = text + ("guide: other\n" if "guides" in name else "language: French\n")

    assert any("stands 2 times" in fault and Path(name).name in fault for fault in house.faults())


def test_a_key_that_stands_twice_deep_inside_is_refused(house):
    house.faults()
    text = (house.folder / "words/en.yaml").read_text()
    house.more["words/en.yaml"] = text.replace("    skip:", "    skip:\n    - pass\n    skip:", 1)

    assert any("'skip' stands 2 times" in fault for fault in house.faults())


@pytest.mark.parametrize("bare", ["yes", "no", "on", "off", "17", "12:30", "null", "1.5"])
def test_a_bare_word_that_yaml_reads_as_something_else_is_refused_by_its_place(house, bare):
    house.faults()
    text = (house.folder / "words/en.yaml").read_text()
    house.more["words/en.yaml"] = re.sub(r"^( *)- tired$", rf"\1- {bare}", text, flags=re.MULTILINE)

    assert any("en.yaml: hear.choices.low.0" in fault for fault in house.faults())


# --- drawing


def test_a_drawing_names_every_step_and_choice_of_every_guide(library):
    for name, guide in library.guides.items():
        drawn = draw(guide, library.words["en"])
        spoken = library.words["en"].guides[name].steps
        assert drawn.startswith("flowchart TD")
        for step in guide.steps:
            assert f'["{step.id}"]' in drawn
            for choice in step.choices:
                assert spoken[step.id].choices[choice.id].replace('"', "#quot;") in drawn
        assert drawn == draw(guide, library.words["en"])


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("Et maintenant ?", "Et maintenant\u202f?"),
        ("Voici : « oui » !", "Voici\u202f: «\u202foui\u202f»\u202f!"),
        ("What now? Two: one; two.", "What now? Two: one; two."),
        ("¿Y ahora? ¡Sí!", "¿Y ahora? ¡Sí!"),
    ],
)
def test_a_line_of_ours_has_the_narrow_spaces_of_french_however_it_was_typed(typed: str, told: str) -> None:
    assert typeset(typed) == typeset(told) == told
