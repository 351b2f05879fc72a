"""What is taken out of a file: blocks of clean text, each with the place where it stands, or the reason why there are none."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

MOST_TEXT = 8_000_000  # characters of one file: as much as 2,000 full pages
CLOSES = tuple(".!?:…。！？")  # what a sentence ends with

# Invisible or meant for machines: controls, bidirectional overrides, zero-width signs (but the two joiners, which scripts of Asia need),
# tags, surrogates, private use (bullets of PDF fonts).
UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\uffff\ud800-\udfff\ue000-\uf8ff"
    "\U000e0000-\U0010ffff]"
)


class Refused(Exception):
    """This file is not taken in; the message says why, and what would help."""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a row of a table or the like. `heading` is the path of headings it stands under."""

    where: str
    heading: tuple[str, ...] = ()
    text: str = field(default="", repr=False)


def clean(text: str) -> str:
    """On one line, without anything that cannot be seen."""
    return " ".join(unicodedata.normalize("NFC", UNSEEN.sub("", text)).split())
