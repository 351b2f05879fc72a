"""Which of many patterns could be found in a text at all: nearly always a few of several hundred.

Whatever a pattern finds holds certain letters ("humiliat" or "embarrass"), and so it is looked for only where three of them in a row stand
in the text. What is left in the sieve may be found there or not; what fell through cannot be.
"""

from __future__ import annotations

import importlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from bot.spelling import expression

ROW = 3  # letters

# How the standard library reads a pattern. It is no promised door, so where it is shut or gives something else, nothing is sieved out.
_reader: Any = importlib.import_module("re._parser")


class Sieve:
    """Over patterns by what it means when one of them is found in a text."""

    def __init__(self, patterns: Mapping[str, Iterable[str]]) -> None:
        self._patterns = [(meaning, pattern) for meaning, each in patterns.items() for pattern in each]
        needs = [needed(pattern) for _, pattern in self._patterns]
        common = Counter(row for each in needs if each for row in {row for letters in each for row in _rows(letters)})
        self._always = [n for n, each in enumerate(needs) if each is None]
        self._by_row: defaultdict[str, list[int]] = defaultdict(list)
        for n, each in enumerate(needs):
            for row in {min(_rows(letters), key=lambda row: (common[row], row)) for letters in each or ()}:
                self._by_row[row].append(n)

    def found_in(self, line: str) -> Iterator[str]:
        """What is meant by a text, as the patterns are compared with it: in their order, once for each pattern that is found."""
        stand = self._by_row.keys() & set(_rows(line))
        for n in sorted({*self._always, *(n for row in stand for n in self._by_row[row])}):
            meaning, pattern = self._patterns[n]
            if expression(pattern).search(line):
                yield meaning


def _rows(letters: str) -> Iterator[str]:
    return (letters[n : n + ROW] for n in range(len(letters) - ROW + 1))


@cache
def needed(pattern: str) -> frozenset[str] | None:
    """Runs of letters one of which is in whatever a pattern finds; None where there are none long enough."""
    try:
        read = _reader.parse(pattern)
        return None if read.state.flags & _reader.SRE_FLAG_IGNORECASE else _in_all(read)
    except (AttributeError, TypeError, ValueError):
        return None


def _in_all(parts: Sequence[tuple[Any, Any]]) -> frozenset[str] | None:
    """Of parts that follow each other; the best of what each of them needs."""
    needs: list[frozenset[str]] = []
    run = ""
    for kind, what in [*parts, (None, None)]:
        match str(kind):
            case "LITERAL":
                run += chr(what)
                continue
            case "AT":  # a place, not a letter
                continue
        if len(run) >= ROW:
            needs.append(frozenset([run]))
        run = ""
        need = _in_part(str(kind), what)
        if need:
            needs.append(need)
    return min(needs, key=lambda need: (len(need), -min(map(len, need))), default=None)


def _in_part(kind: str, what: Any) -> frozenset[str] | None:
    match kind:
        case "SUBPATTERN":
            _, on, _, parts = what
            return None if on else _in_all(parts)
        case "BRANCH":
            each = [_in_all(parts) for parts in what[1]]
            return frozenset().union(*(need for need in each if need)) if all(each) else None
        case "MAX_REPEAT" | "MIN_REPEAT" if what[0] > 0:
            return _in_all(what[2])
    return None
