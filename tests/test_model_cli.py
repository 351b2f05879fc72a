"""A model by settings alone: replays, doctor, and the settings that cannot be right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Home
from fake_model import FakeModel, fake_model

SCRIPT = """
start: 2026-03-02T15:00:00+00:00
model: {model}
people:
  aisha: {{language: en, timezone: Africa/Nairobi, onboarded: true, consents: [{consents}]}}
turns:
  - {{who: aisha, say: "they all wait for me and nothing moves unless I push it"}}
  - {{who: aisha, say: "something on my mind"}}
  - {{who: aisha, say: "they all wait for me, nothing moves unless I push"}}
"""
WORDED = "What would be a first sign that it moves?"


@pytest.fixture
def fake() -> Iterator[FakeModel]:
    with fake_model() as model:
        yield model


@pytest.fixture
def home(knowledge_home: Path, tmp_path: Path, bytecode: Path) -> Home:
    path = tmp_path / "home"
    path.mkdir()
    for part in knowledge_home.iterdir():
        (path / part.name).symlink_to(part)
    return Home(path, bytecode)


def played(home: Home, fake: FakeModel, model: str, consents: str = "model") -> list[str]:
    script = home.place / "talk.yaml"
    script.write_text(SCRIPT.format(model=model, consents=consents), encoding="utf-8")
    ran = home.run("replay", str(script), "--json", BROKERCOACH_MODEL="openai:fake", BROKERCOACH_MODEL_API=fake.url)
    assert ran.code == 0, ran.err
    return [row["text"] for row in ran.rows if row.get("direction") == "out"]


def test_a_replay_uses_the_model_that_settings_name_and_goes_on_without_once_it_fails(finder, home, fake):
    said = played(home, fake, "'fails-after: 1'")
    assert WORDED in said[0]
    assert WORDED not in said[-1]
    assert "isn't answering" in said[-1]


@pytest.mark.parametrize(("model", "consents"), [("none", "model"), ("up", "nudges")])
def test_a_replay_without_model_or_without_consent_lets_nothing_leave(model, consents, finder, home, fake):
    assert not any(WORDED in text for text in played(home, fake, model, consents))
    assert fake.bodies == []


def test_doctor_names_the_model_its_host_and_what_it_cost_and_asks_it_nothing(finder, home, fake):
    named = {"BROKERCOACH_MODEL": "openai:fake", "BROKERCOACH_MODEL_API": fake.url, "BROKERCOACH_MODEL_BUDGET_MONTH": "5000"}
    ran = home.run("doctor", **named, BROKERCOACH_TRANSCRIBE="openai", BROKERCOACH_TRANSCRIBE_API=fake.url)
    told = next(line for line in ran.out.splitlines() if " model: " in line)
    assert f"openai:fake at 127.0.0.1:{fake.port}; 0 people agreed to it; 0 of 5000 tokens this month" in told
    assert f"voice notes are listened to at 127.0.0.1:{fake.port}" in ran.out
    assert fake.bodies == []


def test_settings_that_cannot_be_right_are_named_without_their_values(home):
    wrong = {
        "BROKERCOACH_MODEL": "gptx", "BROKERCOACH_MODEL_API": "localhost:11434", "BROKERCOACH_MODEL_BUDGET": "-17",
        "BROKERCOACH_MODEL_FOR": "words,evil", "BROKERCOACH_TRANSCRIBE": "cloudy", "BROKERCOACH_TRANSCRIBE_API": "ftp:x",
    }  # fmt: skip
    ran = home.run("doctor", **wrong)
    assert ran.code == 1
    assert [name for name in wrong if f"{name}:" not in ran.err and f"{name} " not in ran.err] == []
    assert [value for value in wrong.values() if value in ran.err] == []
