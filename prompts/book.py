"""The coach's book as a language model is given it, and what its words are checked by. Texts in coach/; nothing is decided here."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Annotated, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from bot.spelling import flat
from prompts.library import HERE, BadPrompts, Line, Pattern, Phrase

VERSION = 3  # of the texts in coach/; counted up with every change to what a model is told

Word = Annotated[str, AfterValidator(flat)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


Part = TypeVar("Part", bound=_Part)


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


class Other(_Part):
    """A language that a model may word replies in though the coach does not speak it, and how names are told from its other words.

    `names` are those that a dictionary has as words; `doubtful` are names only where they have a capital. A word may be written together
    with one of `leads` before it. `capitals`: its nouns have them. `words`, and stems with what may stand before them, are added to what a
    dictionary has, or are all there is.
    """

    called: Line
    names: list[Word]
    doubtful: list[Word] = []
    capitals: bool = False
    leads: list[Word] = []
    words: list[Word] = []
    stems: list[Word] = []
    subjects: list[Word] = []
    tenses: list[str] = []
    objects: list[str] = []

    def spelt(self) -> frozenset[str]:
        """All words that are listed, or put together of what is listed."""
        verbs = ("".join(parts) for parts in product(self.subjects, self.tenses, self.objects, self.stems))
        return frozenset({*self.words, *self.stems, *verbs, *(f"ku{stem}" for stem in self.stems)})


class Book(_Part):
    reply: Line
    pick: Line
    tags: Line
    gist: Line
    bounds: Mapping[str, Bounds]
    others: Mapping[str, Other]


def load_book(folder: Path = HERE / "coach") -> Book:
    """Raises BadPrompts naming every fault at once."""
    faults: list[str] = []
    bounds = _read(folder, Bounds, faults)
    others = _read(folder / "others", Other, faults)
    if faults:
        raise BadPrompts("\n".join(faults))
    told = {name: (folder / f"{name}.md").read_text(encoding="utf-8") for name in ("reply", "pick", "tags", "gist")}
    return Book(**told, bounds=bounds, others=others)


def _read(folder: Path, kind: type[Part], faults: list[str]) -> dict[str, Part]:
    """What stands in a folder, by language."""
    found = {}
    for path in sorted(folder.glob("*.yaml")):
        try:
            found[path.stem] = kind.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        except yaml.YAMLError as error:
            faults.append(f"{path.name}: {' '.join(str(error).split())}")
        except ValidationError as error:
            faults += [f"{path.name}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
    return found


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
