"""Spans of past time as people say them: in spring, last week, in March, March 2025, since Monday, yesterday. Pure.

What lies ahead is rhythm.py's business; here everything is over, so a month or a weekday without more is the latest one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from importlib import resources

from bot.spelling import expression, flat
from prompts.library import Looking

SOUTH = -23.4  # degrees of latitude; from there on the seasons are the other way round (the tropic of Capricorn)
SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "winter": 12}  # the month they begin in, in the north (meteorological seasons)

YOUNG = 8  # days of a month before which "my month" means the one before it


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `first` to `last`; `said` is where in the text they were named."""

    first: date
    last: date
    said: tuple[int, int]


def period_in(text: str, language: str, looking: Looking, today: date, zone: str | None) -> Period | None:
    """The span of time that is named somewhere in a text, the longest name first; None for none, or one that lies ahead."""
    told = flat(text)
    found = [period for reading in _READINGS for period in reading(told, language, looking, today, zone) if period.first <= today]
    if not found:
        return None
    best = max(found, key=lambda period: period.said[1] - period.said[0])
    if lead := re.search(rf"(?:\b(?:{'|'.join(map(re.escape, looking.leads))})\s*)+$", told[: best.said[0]]) if looking.leads else None:
        since = any(re.search(rf"\b{re.escape(word)}\b", lead[0]) for word in looking.since)
        return Period(best.first, today if since else best.last, (lead.start(), best.said[1]))
    return best


def day_of(text: str, language: str, looking: Looking, today: date, zone: str | None) -> date | None:
    """The one day that is named somewhere in a text; None when a longer time is, or none."""
    found = period_in(text, language, looking, today, zone)
    return found.first if found and found.first == found.last else None


def month_meant(period: Period | None, said: str, today: date) -> Period | None:
    """The month that was asked for: named by itself, or this one once it is some days old, else the one before. None for anything else."""
    if not said:
        first = today.replace(day=1)
        first = first if today.day >= YOUNG else (first - timedelta(days=1)).replace(day=1)
        return Period(first, _end(first), (0, 0))
    if period is None or period.first.day != 1 or period.last != _end(period.first):
        return None
    start, end = period.said
    return period if not flat(said[:start] + said[end:]).strip(" ,.;:!?") else None


def _end(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _named(told: str, language: str, looking: Looking, today: date, zone: str | None) -> Iterator[Period]:
    """Yesterday, last week, this month, in spring: as the words of the language have it."""
    for shape, kind in looking.periods.items():
        for found in expression(shape).finditer(told):
            what, _, which = kind.partition(" ")
            number = int(found.groupdict().get("n") or 0) if which == "n" else int(which) if re.fullmatch(r"-?\d+", which) else 0
            if what == "season":
                first, last = _season(which, today, zone, _year(told, found.end()))
            else:
                first, last = _span(what, number, today)
            yield Period(first, last, (found.start(), _after_year(told, found.end())))


def _span(what: str, back: int, today: date) -> tuple[date, date]:
    match what:
        case "day":
            day = today - timedelta(days=back)
            return day, day
        case "days":
            return today - timedelta(days=back), today
        case "week":
            monday = today - timedelta(days=today.weekday() + 7 * back)
            return monday, monday + timedelta(days=6)
        case "month":
            months = today.year * 12 + today.month - 1 - back
            return _month(months // 12, months % 12 + 1)
        case _:
            return date(today.year - back, 1, 1), date(today.year - back, 12, 31)


def _month(year: int, month: int) -> tuple[date, date]:
    following = date(year + month // 12, month % 12 + 1, 1)
    return date(year, month, 1), following - timedelta(days=1)


def _season(name: str, today: date, zone: str | None, year: int | None) -> tuple[date, date]:
    """The latest one that has begun, or that of a year."""
    begins = (SEASONS[name] + (5 if is_southern(zone) else -1)) % 12 + 1
    of = year or (today.year if date(today.year, begins, 1) <= today else today.year - 1)
    first = date(of, begins, 1)
    last_month = (begins + 1) % 12 + 1
    return first, _month(of + (begins > 10), last_month)[1]


def _dates(told: str, language: str, looking: Looking, today: date, zone: str | None) -> Iterator[Period]:
    """Months and days of months, with or without a year: March, 3 March, March 2025, 2025-03-03, 2025."""
    for found in re.finditer(r"\b(\d{4})-(\d\d)-(\d\d)\b", told):
        if (day := _date(*map(int, found.groups()))) is not None:
            yield Period(day, day, found.span())
    for name, month in _months(language).items():
        for found in re.finditer(rf"\b(?:(?P<before>\d{{1,2}})(?:st|nd|rd|th|er)?\s+(?:(?:of|de)\s+)?)?{re.escape(name)}\b", told):
            year, end = _year(told, found.end()), _after_year(told, found.end())
            day_after = re.match(r"\s+(\d{1,2})(?:st|nd|rd|th)?\b(?!\d)", told[found.end() :])
            number = found["before"] or (day_after[1] if day_after and not year else None)
            if number:
                end = found.end() + day_after.end() if day_after and not found["before"] else end
                of = year or (today.year if (_date(today.year, month, int(number)) or today) <= today else today.year - 1)
                if (day := _date(of, month, int(number))) is not None:
                    yield Period(day, day, (found.start(), end))
            else:
                of = year or (today.year if month <= today.month else today.year - 1)
                yield Period(*_month(of, month), (found.start(), end))
    for found in re.finditer(r"(?<![-\d])(20\d\d)(?![-\d])", told):
        yield Period(date(int(found[1]), 1, 1), date(int(found[1]), 12, 31), found.span())


def _weekdays(told: str, language: str, looking: Looking, today: date, zone: str | None) -> Iterator[Period]:
    for number, name in _days(language).items():
        for found in re.finditer(rf"\b{re.escape(name)}\b", told):
            day = today - timedelta(days=(today.weekday() - number) % 7)
            if day == today and any(re.search(rf"\b{re.escape(word)}\s*$", told[: found.start()]) for word in looking.last):
                day -= timedelta(days=7)
            yield Period(day, day, found.span())


_READINGS: tuple[Callable[[str, str, Looking, date, str | None], Iterator[Period]], ...] = (_named, _dates, _weekdays)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _year(told: str, end: int) -> int | None:
    found = re.match(r"[\s,]+(?:(?:of|de|del)\s+)?(20\d\d)\b", told[end:])
    return int(found[1]) if found else None


def _after_year(told: str, end: int) -> int:
    found = re.match(r"[\s,]+(?:(?:of|de|del)\s+)?20\d\d\b", told[end:])
    return end + found.end() if found else end


@lru_cache(maxsize=8)
def _months(language: str) -> dict[str, int]:
    """Names that are no other word: may and mars are, so they count only with a preposition or a number, which `leads` have."""
    from babel.dates import get_month_names

    return {flat(name): number for number, name in get_month_names("wide", locale=language).items()}


@lru_cache(maxsize=8)
def _days(language: str) -> dict[int, str]:
    """Names of the days of the week, from 0 for Monday."""
    from babel.dates import get_day_names

    return {number: flat(name) for number, name in get_day_names("wide", locale=language).items()}


@lru_cache(maxsize=256)
def is_southern(zone: str | None) -> bool:
    """By the latitude of the zone's city, as tzdata's zone.tab has it (ISO 6709)."""
    if zone is None:
        return False
    rows = (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8").splitlines()
    place = next((row.split("\t")[1] for row in rows if not row.startswith("#") and row.split("\t")[2] == zone), "+0")
    found = re.match(r"([+-]\d\d)", place)
    return bool(found) and float(found[1]) <= SOUTH if found else False
