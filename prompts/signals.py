"""Loads signals.yaml: what a reply must not contain and how its question opens, by language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, field_validator

from prompts.library import BadPrompts

FILE = Path(__file__).with_name("signals.yaml")


class Signals(BaseModel):
    """Patterns by what they betray; `unlike_a_letter` is praise or judgement of the person, guilt and streaks;
    `opens` are the words with which an open question begins.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    orders: list[str]
    flattery: list[str]
    stands_in: list[str]
    unsourced: list[str]
    knows_better: list[str]
    jargon: list[str]
    claims_human: list[str]
    unlike_a_letter: list[str]
    opens: list[str]

    @field_validator("orders", "flattery", "stands_in", "unsourced", "knows_better", "claims_human", "unlike_a_letter")
    @classmethod
    def _compile(cls, patterns: list[str]) -> list[str]:
        for pattern in patterns:
            re.compile(pattern)
        return patterns


def load_signals(file: Path = FILE) -> Mapping[str, Signals]:
    """Raises BadPrompts naming every fault at once."""
    try:
        return TypeAdapter(dict[str, Signals]).validate_python(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (ValidationError, yaml.YAMLError, re.error) as error:
        raise BadPrompts(f"{file.name}: {error}") from None
