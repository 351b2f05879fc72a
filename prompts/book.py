"""The coach's book as a language model is given it, and what its words are checked by. Texts in coach/; nothing is decided here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from bot.spelling import flat
from prompts.library import HERE, BadPrompts, Line, Pattern, Phrase

VERSION = 3  # of the texts in coach/; counted up with every change to what a model is told

Word = Annotated[str, AfterValidator(flat)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Bounds(_Part):
    """What a model's words are checked by in one language, and how names are told from other words.

    `orders`, `claims` and `unsourced` are looked for in a text without accents and in lower case. `before_others`: after one of these an
    unknown word in lower case is no name. `doubtful`: names that are also words. `common`: written with a capital, and no names.
    """

    address: Line
    orders: list[Pattern]
    flattery: list[Phrase]
    claims: list[Pattern]
    unsourced: list[Pattern]
    closed: list[Word]
    before_others: list[Word]
    doubtful: list[Word]
    common: list[Word]


class Book(_Part):
    reply: Line
    pick: Line
    tags: Line
    bounds: Mapping[str, Bounds]


def load_book(folder: Path = HERE / "coach") -> Book:
    """Raises BadPrompts naming every fault at once."""
    bounds, faults = {}, []
    for path in sorted(folder.glob("*.yaml")):
        try:
            bounds[path.stem] = Bounds.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        except yaml.YAMLError as error:
            faults.append(f"{path.name}: {' '.join(str(error).split())}")
        except ValidationError as error:
            faults += [f"{path.name}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
    if faults:
        raise BadPrompts("\n".join(faults))
    told = {name: (folder / f"{name}.md").read_text(encoding="utf-8") for name in ("reply", "pick", "tags")}
    return Book(**told, bounds=bounds)


def ordinary_words(texts: list[str]) -> frozenset[str]:
    """The words that stand in lower case in these texts of ours, flat: whatever is among them is no name of somebody's."""
    return frozenset(
        flat(word)
        for text in texts
        for word in text.replace("’", "'").replace("'", " ").split()
        for word in [word.strip(_EDGES)]
        if word and word[0].islower()
    )


_EDGES = '.,;:!?…“”«»"()[]–-·¿¡/'
