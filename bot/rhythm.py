"""When something is due, in somebody's own time: clocks, zones, working days and the words for them.

Pure: the present moment is always given. Wall-clock times are what people mean, so a slot is found in local time first and
only then turned into UTC. Where a clock change leaves a time out, the slot is the first moment after the gap; where it comes
twice, the first of the two. Nothing here is stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo, available_timezones

from bot.model import Rhythm

ALIASES = {
    "utc": "Etc/UTC",
    "gmt": "Etc/GMT",
    "uk": "Europe/London",
    "england": "Europe/London",
    "scotland": "Europe/London",
    "usa": "US",
    "us": "US",
}


def local(at: datetime, zone: str | None) -> datetime:
    """The moment on the person's own clock; UTC as long as their zone is unknown."""
    return at.astimezone(ZoneInfo(zone) if zone else UTC)


def today(at: datetime, zone: str | None) -> date:
    return local(at, zone).date()


def at_wall_clock(day: date, clock: time, zone: str | None) -> datetime:
    """The UTC moment at which a clock in `zone` shows `clock` on `day`; the first valid one after a gap."""
    naive = datetime.combine(day, clock)
    place = ZoneInfo(zone) if zone else UTC
    moment = naive.replace(tzinfo=place, fold=0).astimezone(UTC)
    back = moment.astimezone(place).replace(tzinfo=None)
    if back == naive:
        return moment
    # The wall clock never shows this time on that day (PEP 495): fold=0 reads it with the offset before the gap,
    # which lands as far past the gap as the time lies inside it. The gap's own end is the first valid moment.
    low, high = moment - timedelta(hours=3), moment
    offset = high.astimezone(place).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(place).utcoffset() == offset:
            high = middle
        else:
            low = middle
    return high.replace(microsecond=0) + timedelta(seconds=1 if high.microsecond else 0)


def next_reminder(rhythm: Rhythm, zone: str | None, after: datetime) -> datetime | None:
    """The next daily reminder strictly after a moment; None when none is wanted."""
    if rhythm.reminder is None or not rhythm.workdays:
        return None
    day = today(after, zone)
    for ahead in range(15):
        candidate = day + timedelta(days=ahead)
        if candidate.weekday() in rhythm.workdays:
            moment = at_wall_clock(candidate, rhythm.reminder, zone)
            if moment > after:
                return moment
    return None


def follow_up(day: date, rhythm: Rhythm, zone: str | None) -> datetime:
    """When to ask about a plan on its day: at the hour of the daily reminder, else in the middle of the afternoon."""
    return at_wall_clock(day, rhythm.reminder or time(15, 0), zone)


def city_of(zone: str) -> str:
    """The city of an IANA zone as people write it: America/Argentina/Buenos_Aires is Buenos Aires."""
    return zone.rsplit("/", 1)[-1].replace("_", " ")


def in_words(at: datetime, zone: str | None, language: str) -> str:
    """A moment as a person would say it: Tuesday 17:30 Nairobi."""
    from babel.dates import format_datetime

    said = format_datetime(local(at, zone).replace(tzinfo=None), "EEEE HH:mm", locale=language)
    return f"{said} {city_of(zone)}" if zone else f"{said} UTC"


def day_in_words(day: date, language: str) -> str:
    """A day without its year: Tuesday 3 March."""
    from babel.dates import format_date

    return format_date(day, "EEEE d MMMM", locale=language)


@lru_cache(maxsize=1)
def _places() -> Mapping[str, tuple[str, ...]]:
    """Zones by the lower-case names a person may give: cities of the zone list, and countries in three languages."""
    from babel import Locale
    from babel.core import get_global

    places: dict[str, set[str]] = {}
    zones = available_timezones()
    for zone in zones:
        if "/" in zone and not zone.startswith(("Etc/", "posix/", "right/", "SystemV/")):
            places.setdefault(city_of(zone).lower(), set()).add(zone)
    by_country: Mapping[str, list[str]] = get_global("territory_zones")
    canonical: Mapping[str, str] = get_global("zone_aliases")
    for language in ("en", "fr", "es"):
        for code, name in Locale(language).territories.items():
            if found := {zone for zone in by_country.get(code, []) if zone in zones}:
                # "Congo - Kinshasa" is known as Congo too, and "Myanmar (Burma)" as Myanmar
                for known in {name, re.split(r" [-(–]|\u202f", name)[0]}:
                    places.setdefault(known.lower(), set()).update(found)
                places.setdefault(code.lower() + " ", set()).update(found)
    return {
        name: tuple(sorted({canonical.get(z, z) if canonical.get(z, z) in zones else z for z in found})) for name, found in places.items()
    }


def zones_for(text: str) -> tuple[str, ...]:
    """The zones a place name may mean: one when it is clear, several when a country has several, none when unknown."""
    from unicodedata import combining, normalize

    wanted = " ".join(re.findall(r"[\w/+'-]+", text)).lower().removeprefix("in ").removeprefix("i live in ").removeprefix("i'm in ")
    wanted = ALIASES.get(wanted, wanted)
    for zone in available_timezones():
        if "/" in zone and zone.lower() == wanted.lower().replace(" ", "_"):
            return (zone,)

    def plain(name: str) -> str:
        return "".join(c for c in normalize("NFD", name.lower()) if not combining(c))

    places = _places()
    if len(wanted) == 2 and f"{wanted.lower()} " in places:
        return places[f"{wanted.lower()} "]
    by_plain = {plain(name): zones for name, zones in places.items()}
    if found := by_plain.get(plain(wanted)):
        return found
    # "Kisumu, Kenya", "near Lyon in France": the last known place in it decides
    words = plain(wanted).split()
    for size in (3, 2, 1):
        for start in range(len(words) - size, -1, -1):
            name = " ".join(words[start : start + size])
            if len(name) > 3 and (found := by_plain.get(name)):
                return found
    return ()


def best_known(zones: Sequence[str], most: int) -> tuple[str, ...]:
    """Of a country's zones those whose cities people know, at least one for each offset, from west to east.

    CLDR's mapping of Windows zones names one well-known city for each clock (America/Sao_Paulo, not America/Belem); for
    offsets without one, tzdata's zone.tab puts the more populous zones of a country first.
    """
    from babel.core import get_global

    moment = datetime(2026, 1, 15, tzinfo=UTC)  # any moment serves: it only puts the offsets in order

    def offset(zone: str) -> timedelta:
        return moment.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()

    known = set(get_global("windows_zone_mapping").values())
    chosen = [zone for zone in zones if zone in known]
    for zone in sorted(zones, key=_by_population()):
        if offset(zone) not in {offset(other) for other in chosen}:
            chosen.append(zone)
    return tuple(sorted(chosen, key=lambda zone: (offset(zone), zone))[:most])


def _by_population() -> Callable[[str], int]:
    rows = (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8").splitlines()
    order = {row.split("\t")[2]: n for n, row in enumerate(rows) if row and not row.startswith("#")}
    return lambda zone: order.get(zone, len(order))


def clock_in(text: str, names: Mapping[str, str]) -> time | None:
    """The time of day somebody names: 17:30, 5pm, half past five, noon. `names` gives times to words such as noon.

    Hours from 1 to 6 without a.m. or p.m. are taken as the afternoon: nobody asks for a reminder at five in the morning.
    """
    said = text.lower().replace(".", ":").replace("’", "'")
    if found := re.search(r"\b([01]?\d|2[0-3])\s*[:h]\s*([0-5]\d)?(?!\d)\s*(am|pm|a:m|p:m)?", said):
        return _clock(int(found[1]), int(found[2] or 0), found[3], found[2] is not None and len(found[1]) == 2)
    if found := re.search(r"\b(1[0-2]|0?[1-9])\s*(am|pm|a:m|p:m)\b", said):
        return _clock(int(found[1]), 0, found[2], exact=False)
    if found := re.search(r"\bhalf (?:past )?(\w+)", said):
        hour = _number(found[1])
        return _clock(hour, 30, None, exact=False) if hour else None
    for name in sorted(names, key=len, reverse=True):
        if re.search(rf"\b{re.escape(name)}\b", said):
            hours, minutes = names[name].split(":")
            return time(int(hours), int(minutes))
    if found := re.search(r"(?:^|\bat |\baround |\babout )(\w+)(?: o'clock)?\s*$", said.strip()):
        hour = _number(found[1])
        return _clock(hour, 0, None, exact=False) if hour else None
    return None


_NUMBERS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]


def _number(word: str) -> int | None:
    if word.isdigit() and 0 < int(word) < 24:
        return int(word)
    return _NUMBERS.index(word) + 1 if word in _NUMBERS else None


def _clock(hour: int, minute: int, half: str | None, exact: bool) -> time:
    if half and half.startswith("p") and hour < 12:
        hour += 12
    elif half and half.startswith("a") and hour == 12:
        hour = 0
    elif not half and not exact and 1 <= hour <= 6:
        hour += 12
    return time(hour % 24, minute)


def day_in(text: str, language: str, now: datetime, zone: str | None) -> date | None:
    """The day somebody names, never before tomorrow: Friday, in two weeks, 3 March."""
    import dateparser

    if re.match(r"\s*\d{1,2}\s*[/.-]\s*\d{1,2}\b", text):
        return None  # 03/04 is a day in March or in April, depending on who writes it
    here = local(now, zone).replace(tzinfo=None)
    said = re.sub(r"^(?:on|by|next|this|le|el|este|esta)\s+", "", text.strip().lower())
    found = dateparser.parse(said, languages=[language], settings={"RELATIVE_BASE": here, "PREFER_DATES_FROM": "future"})
    if found is None:
        return None
    day = found.date()
    return day if day > here.date() else day + timedelta(days=7) if (here.date() - day).days < 7 else None
