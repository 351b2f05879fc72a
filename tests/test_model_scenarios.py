"""Every scripted conversation once more with a model that everybody agreed to: up, and up for three answers only.

The model says what was composed, its options a little otherwise, so that what the files expect is still to be heard. Where a conversation
asks for three answers or fewer, failing after three is the same as being up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_model import FakeModel, fake_model, worded
from model_house import BOOK, LIBRARY, TELLS, model_at
from test_scenarios import SCENARIOS, holds, played

from adapters.replay import Script, VirtualClock, read_script
from bot.advising import Adviser
from bot.detector import open_detector
from bot.llm import FailsAfter, Model
from bot.manager import Finder
from prompts.library import Library
from storage.store import Store

WORKS = 3
STRANGERS = "who_can_read_is_said_once_and_before_anything_is_kept"  # what they are told is what holds before they agreed to anything
FAITHFUL = "a_talk_goes_from_options_to_a_step_with_a_date"


def faithful(data: dict[str, Any]) -> dict[str, Any]:
    composed = data["composed"]
    options = [option | {"because": " ".join(option["offer"].split()[:5])} for option in composed["options"]]
    return worded(data) | {"mirror": composed["mirror"], "options": options, "question": composed["question"]}


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeModel]:
    with fake_model(answer=faithful) as model:
        yield model


@pytest.fixture
def model(fake: FakeModel) -> Model:
    return model_at(fake.url)


def agreed(path: Path) -> Script:
    script = read_script(path)
    if path.stem == STRANGERS:
        return script
    people = {who: each.model_copy(update={"consents": [*each.consents, "model"]}) for who, each in script.people.items()}
    return script.model_copy(update={"people": people})


def with_model(model: Model, made: list[Adviser]) -> Callable[[Store, VirtualClock], Adviser]:
    def open_it(store: Store, clock: VirtualClock) -> Adviser:
        made.append(Adviser([model], store, LIBRARY, BOOK, TELLS, clock, None, open_detector()))
        return made[-1]

    return open_it


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
async def test_a_scenario_goes_as_its_file_says_with_a_model_and_when_it_fails_half_way(
    path: Path, tmp_path: Path, library: Library, found: Callable[[], Finder], model: Model
) -> None:
    made: list[Adviser] = []
    holds(*await played(agreed(path), tmp_path / "up", library, found, with_model(model, made)))
    counts = made[0].counts
    assert {why: times for why, times in counts.items() if why in ("fell-back-down", "fell-back-names")} == {}
    if path.stem == FAITHFUL:
        assert counts["worded"] >= 2

    if counts["asked"] + counts["repaired"] > WORKS:
        holds(*await played(agreed(path), tmp_path / "fails", library, found, with_model(FailsAfter(model, WORKS), made)))
        assert made[1].counts["fell-back-down"] > 0
