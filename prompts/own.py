"""Takes in the guides that an operator wrote: YAML files beside the shipped ones, each with its words inside.

Nothing of the shipped prompts can be changed from here, and a guide of one's own cannot touch the profile: it asks and keeps answers.
docs/guides.md says how to write one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field

from prompts.library import (
    BadPrompts,
    Guide,
    GuideWords,
    Library,
    Words,
    guide_words_faults,
    load_library,
    read,
    structure_faults,
)

MAY_KEEP = frozenset({"answer", "mark", "energy", "nothing"})


class OwnGuide(Guide):
    """A guide with its words by language. A person whose language is missing reads the English ones, or else the first."""

    words: Annotated[dict[str, GuideWords], Field(min_length=1)]

    def in_language(self, language: str) -> GuideWords:
        return self.words.get(language) or self.words.get("en") or next(iter(self.words.values()))


def load_with_own(folder: Path, *, checked: bool = False) -> Library:
    """The shipped library with the guides in a folder, which need not exist. Raises BadPrompts naming every fault at once; those of the
    shipped files only if they are to be `checked`, too."""
    shipped = load_library(checked=checked)
    faults: list[str] = []
    own: dict[str, OwnGuide] = {}
    for path in sorted(folder.glob("*.y*ml")) if folder.is_dir() else []:
        guide = read(path, OwnGuide, faults)
        if guide is None:
            continue
        faults += [f"{path.name}: {fault}" for fault in _faults(guide, shipped, own)]
        own[guide.guide] = guide
    if faults:
        raise BadPrompts("\n".join(faults))
    return _joined(shipped, own)


def _faults(guide: OwnGuide, shipped: Library, own: Mapping[str, OwnGuide]) -> Iterator[str]:
    if guide.guide in shipped.guides or guide.guide in own:
        yield f"there is a guide called {guide.guide!r} already"
    if not guide.kept:
        yield "the kind of an own guide is reflection or check"
    for step in guide.steps:
        if step.keeps not in MAY_KEEP:
            yield f"step {step.id}: an own guide keeps {', '.join(sorted(MAY_KEEP))}"
    for language in sorted(guide.words.keys() - shipped.words.keys()):
        yield f"words.{language}: the coach speaks {', '.join(shipped.words)}"
    yield from structure_faults(guide, {**shipped.guides, **own, guide.guide: guide}, shipped.words["en"].hear)
    for language, spoken in guide.words.items():
        yield from (f"words.{language}.{fault}" for fault in guide_words_faults(guide, spoken))


def _joined(shipped: Library, own: Mapping[str, OwnGuide]) -> Library:
    if not own:
        return shipped
    guides = {name: guide if guide.group else guide.model_copy(update={"group": "own"}) for name, guide in own.items()}
    words: dict[str, Words] = {
        language: spoken.model_copy(update={"guides": {**spoken.guides, **{name: own[name].in_language(language) for name in own}}})
        for language, spoken in shipped.words.items()
    }
    parts = {name: getattr(shipped, name) for name in Library.model_fields}  # what it has worked out from the guides is not taken along
    return Library(**{**parts, "guides": {**shipped.guides, **guides}, "words": words})
