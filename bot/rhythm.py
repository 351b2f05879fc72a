"""When something is due, in somebody's own time: clocks, zones, working days and the words for them. Places are in places.py.

Pure: the present moment is always given. Wall-clock times are what people mean, so a slot is found in local time first and
only then turned into UTC. Where a clock change leaves a time out, the slot is the first moment after the gap; where it comes
twice, the first of the two. Nothing here is stored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from bot.model import Rhythm
from bot.places import city_of
from bot.spelling import expression, flat
from prompts.library import Formats, Hear

AFTERNOON = time(15, 0)
HOURS = (8, 21)  # what had to wait is said between these hours of the person's own clock
SOON = 92  # days ahead in which a weekday with a number is looked for
FARTHEST = 400  # days ahead that a plan may be asked about


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
    return high.replace(microsecond=0)  # less than a second past the gap's end, which is a whole one


def next_reminder(rhythm: Rhythm, zone: str | None, after: datetime) -> datetime | None:
    """The next daily reminder strictly after a moment; None when none is wanted."""
    return None if rhythm.reminder is None else _next(rhythm.reminder, rhythm.workdays, rhythm, zone, after)


def next_letter(rhythm: Rhythm, zone: str | None, after: datetime) -> datetime | None:
    """The next moment strictly after another at which a weekly letter may come; None when none is wanted."""
    return None if rhythm.nudge is None else _next(rhythm.nudge[1], (rhythm.nudge[0],), rhythm, zone, after)


def next_then_and_now(rhythm: Rhythm, zone: str | None, after: datetime) -> datetime | None:
    """The next look back over half a year strictly after a moment: once a month, on its first working day that has no letter, at the
    letters' hour; None when no letters are wanted."""
    if rhythm.nudge is None:
        return None
    weekday, clock = rhythm.nudge
    days = [day for day in rhythm.workdays if day != weekday] or [weekday]
    month = max(today(after, zone), rhythm.away_until or date.min).replace(day=1)
    for _ in range(3):
        first = max(month, rhythm.away_until or date.min)
        day = next(first + timedelta(days=n) for n in range(7) if (first + timedelta(days=n)).weekday() in days)
        month = (month + timedelta(days=31)).replace(day=1)
        if day < month and (moment := at_wall_clock(day, clock, zone)) > after:
            return moment
    return None


def _next(clock: time, weekdays: tuple[int, ...], rhythm: Rhythm, zone: str | None, after: datetime) -> datetime | None:
    """The first moment after another at which it is `clock` on one of the weekdays, and the person is not away."""
    day = max(today(after, zone), rhythm.away_until or date.min)
    for ahead in range(15):
        candidate = day + timedelta(days=ahead)
        if candidate.weekday() in weekdays and (moment := at_wall_clock(candidate, clock, zone)) > after:
            return moment
    return None


def in_hours(at: datetime, zone: str | None) -> bool:
    """Whether a moment lies in the hours in which the coach may write about something that had to wait."""
    return HOURS[0] <= local(at, zone).hour < HOURS[1]


def morrow(at: datetime, clock: time, rhythm: Rhythm, zone: str | None) -> datetime:
    """A time of the day after a moment, or of the first day on which the person is back."""
    return at_wall_clock(max(today(at, zone) + timedelta(days=1), rhythm.away_until or date.min), clock, zone)


def named_moment(said: str, language: str, hear: Hear, at: datetime, zone: str | None, rhythm: Rhythm) -> datetime | None:
    """The next moment that somebody names by a time, a day, or a span of hours: "at 6", "Friday", "tomorrow at 9", "in 2 hours".

    A time that is over for today is one of tomorrow; a day alone is that day at the hour of the reminder, else in the afternoon.
    """
    import dateparser

    clock = clock_in(said, hear)
    day = day_within(said, language, hear, at, zone) if clock else day_in(said, language, hear, at, zone)
    here = local(at, zone).replace(tzinfo=None)
    if clock is None:
        span = dateparser.parse(said, languages=[language], settings={"RELATIVE_BASE": here, "PREFER_DATES_FROM": "future"})
        if span and timedelta() < span - here < timedelta(hours=24):
            return at_wall_clock(span.date(), span.time().replace(microsecond=0), zone)
    if clock and day is None:
        day = here.date() if clock > here.time() else here.date() + timedelta(days=1)
    return at_wall_clock(day, clock or rhythm.reminder or AFTERNOON, zone) if day else None


def follow_up(day: date, rhythm: Rhythm, zone: str | None) -> datetime:
    """When to ask about a plan on its day: at the hour of the daily reminder, else in the middle of the afternoon."""
    return at_wall_clock(max(day, rhythm.away_until or date.min), rhythm.reminder or AFTERNOON, zone)


def moment_in_words(at: datetime, zone: str | None, language: str, formats: Formats, now: datetime | None = None) -> str:
    """A moment as a person would say it: Tuesday 17:30 Nairobi; with its date when it is a week or more from `now`."""
    from babel.dates import format_datetime

    near = now is None or abs(today(at, zone) - today(now, zone)) < timedelta(days=7)
    pattern = formats.moment if near else formats.far or f"{formats.day} HH:mm"
    said = format_datetime(local(at, zone).replace(tzinfo=None), pattern, locale=language)
    return f"{said} {city_of(zone, language)}" if zone else f"{said} UTC"


def day_in_words(day: date, language: str, formats: Formats) -> str:
    """A day without its year: Tuesday 3 March."""
    from babel.dates import format_date

    return format_date(day, formats.day, locale=language)


def clock_in(text: str, hear: Hear) -> time | None:
    """The time of day somebody names: 17:30, 5pm, half past five, seven in the evening, noon.

    Hours from 1 to 6 without a.m. or p.m. are taken as the afternoon: nobody asks for a reminder at five in the morning.
    """
    said = re.sub(r"(?<=\w)-(?=\w)", " ", flat(text).replace(".", ":")).strip(" :!?¿¡,")
    spoken = hear.spoken_clock
    half = "a" if _stands_in(spoken.morning, said) else "p" if _stands_in(spoken.afternoon, said) else None
    clock = _clock_in_digits(said, half) or _clock_in_words(said, half, hear)
    if clock:
        return clock
    named = [name for name in sorted(hear.clock, key=len, reverse=True) if _stands_in([name], said)]
    return time.fromisoformat(hear.clock[named[0]]) if named else None


def _stands_in(words: Sequence[str], said: str) -> bool:
    return any(re.search(rf"\b{re.escape(word)}\b", said) for word in words)


def _clock_in_digits(said: str, half: str | None) -> time | None:
    if found := re.search(r"\b([01]?\d|2[0-3])\s*(?::|h(?![a-z])|uhr)\s*([0-5]\d)?(?!\d)\s*(am|pm|a:m|p:m)?", said):
        return _clock(int(found[1]), int(found[2] or 0), found[3] or half, found[2] is not None and len(found[1]) == 2)
    if found := re.search(r"\b(1[0-2]|0?[1-9])\s*(am|pm|a:m|p:m)\b", said):
        return _clock(int(found[1]), 0, found[2], exact=False)
    if found := re.fullmatch(r"([01]\d|2[0-3])([0-5]\d)", said):
        return _clock(int(found[1]), int(found[2]), None, exact=True)
    return None


def _clock_in_words(said: str, half: str | None, hear: Hear) -> time | None:
    spoken = hear.spoken_clock
    for shape in spoken.shapes:
        for found in expression(shape).finditer(said):
            told = found.groupdict()
            hour = _number(told["hour"], hear.numbers)
            part = told.get("part")
            if hour is None or (part and hour > 12 and not told["hour"].isdecimal()):
                continue
            minutes = 0 if not part else int(part) if part.isdecimal() else spoken.minutes[part]
            clock = _clock(hour, 0, half, exact=False)
            at = clock.hour * 60 + (-minutes if told.get("turn") in spoken.before else minutes)
            return time(at // 60 % 24, at % 60)
    return None


def _number(word: str, numbers: Mapping[str, int]) -> int | None:
    if word.isdecimal():
        return int(word) if 0 < int(word) < 24 else None
    return numbers.get(word)


def _clock(hour: int, minute: int, half: str | None, exact: bool) -> time:
    if half and half.startswith("p") and hour < 12:
        hour += 12
    elif half and half.startswith("a") and hour == 12:
        hour = 0
    elif not half and not exact and 1 <= hour <= 6:
        hour += 12
    return time(hour % 24, minute)


def day_in(text: str, language: str, hear: Hear, now: datetime, zone: str | None) -> date | None:
    """The day somebody names, never before tomorrow: Friday, in two weeks, 3 March. "Today" is tomorrow, and what is over is none."""
    import dateparser

    if re.match(r"\s*\d{1,2}\s*[/.-]\s*\d{1,2}\b", text):
        return None  # 03/04 is a day in March or in April, depending on who writes it
    here = local(now, zone).replace(tzinfo=None)
    said = flat(text).strip(" .!¡")
    if re.match(r"\d{1,2}(?:$|[\s.,)]+(?:" + "|".join(_weekdays(language, "wide")) + r")\b)", said):
        return None  # a number alone picks something, and so does the one in "1 friday"
    if told := _of_the_next(said, language, hear, here.date()):
        return told[0]
    if numbered := _numbered(said, language, hear, here.date()):
        return numbered
    for shape, read_as in hear.day_forms.items():
        said = re.sub(shape, read_as, said)
    if re.fullmatch(r"\d{1,2}", said):
        return next_of_month(int(said), here.date())
    found = dateparser.parse(said, languages=[language], settings={"RELATIVE_BASE": here, "PREFER_DATES_FROM": "future"})
    if found is None:
        return None
    ahead = (found.date() - here.date()).days
    if ahead == 0:
        return here.date() + timedelta(days=7 if _names_weekday(said, language) else 1)
    return found.date() if 0 < ahead <= FARTHEST else None


def _of_the_next(said: str, language: str, hear: Hear, here: date) -> tuple[date, int, str] | None:
    """A day of the week or the month to come, where it begins and as it was said: "Wednesday next week", "the 3rd of next month"."""
    if found := re.search(rf"\b(?:{hear.next_month})\b", said):
        first = (here.replace(day=1) + timedelta(days=32)).replace(day=1)
        ahead = first + timedelta(days=int(found["number"]) - 1)
        return (ahead, found.start(), found[0]) if ahead.month == first.month else None
    days = "|".join(_weekdays(language, "wide"))
    if found := re.search(rf"\b(?:{days}),? (?:\w+ ){{0,2}}(?:{hear.next_week})\b|\b(?:{hear.next_week}),? (?:\w+ )?(?:{days})\b", said):
        weekday, _ = week_in(found[0], language, hear)
        return None if weekday is None else (here + timedelta(days=7 - here.weekday() + weekday), found.start(), found[0])
    return None


def next_of_month(number: int, after: date) -> date | None:
    """The next day with this number: "the 2nd", said in March, is the second of April."""
    ahead = (after + timedelta(days=n) for n in range(1, 62))
    return next((day for day in ahead if day.day == number), None)


def number_on(number: int, weekday: int, after: date) -> date | None:
    """The next day with this number that falls on this weekday (Monday = 0), within three months; None where there is none."""
    ahead = (after + timedelta(days=n) for n in range(1, SOON))
    return next((day for day in ahead if day.day == number and day.weekday() == weekday), None)


def next_in_month(number: int, month: int, after: date) -> date | None:
    """The next day with this number in this month; None where the month has none."""
    ahead = (after + timedelta(days=n) for n in range(1, 366))
    return next((day for day in ahead if (day.day, day.month) == (number, month)), None)


def month_in(text: str, language: str) -> int | None:
    """The month that is named in a few words, as a thing has it or happens in it: "the June review"; never "may" or "march" alone."""
    from babel.dates import get_month_names

    months = {flat(name): number for number, name in get_month_names("wide", locale=language).items()}
    found = re.search(rf"\b(?:the|our|their|in|of|de|del|en|du|d')\s?({'|'.join(months)})\b(?! \d)", text)
    return months[found[1]] if found else None


def next_weekday(text: str, language: str, hear: Hear, after: date) -> date | None:
    """The first weekday of that name after a day; None where a text is more than a weekday's name."""
    weekday, clock = week_in(text, language, hear)
    if weekday is None or clock or any(char.isdigit() for char in text):
        return None
    return after + timedelta(days=(weekday - after.weekday() - 1) % 7 + 1)


def readings_of(text: str, now: datetime, zone: str | None) -> tuple[date, ...]:
    """The coming days that a date in figures may mean: 03/04 is one in March or one in April, depending on who writes it."""
    found = re.search(r"\b(\d{1,2})\s*[/.-]\s*(\d{1,2})\b", text)
    if found is None:
        return ()
    here, days = today(now, zone), set()
    for day, month in (found.groups(), found.groups()[::-1]):
        for year in (here.year, here.year + 1):
            try:
                read = date(year, int(month), int(day))
            except ValueError:
                continue
            if read > here:
                days.add(read)
                break
    return tuple(sorted(days))


def back_after(span: str, language: str, now: datetime, zone: str | None) -> date | None:
    """The day after a span of time from today, such as two weeks or 10 days; None when it is none."""
    import dateparser

    here = local(now, zone).replace(tzinfo=None)
    settings = {"RELATIVE_BASE": here, "PREFER_DATES_FROM": "past", "PARSERS": ["relative-time"]}
    found = dateparser.parse(f"{span.strip(' .!')}", languages=[language], settings=settings)
    ahead = abs((found.date() - here.date()).days) if found else 0
    return here.date() + timedelta(days=ahead) if 0 < ahead <= FARTHEST else None


def week_in(text: str, language: str, hear: Hear) -> tuple[int | None, time | None]:
    """The weekday (Monday = 0) and the time of day that somebody names, each None when it is not named."""
    from babel.dates import get_day_names

    for width in ("wide", "abbreviated"):
        for number, name in get_day_names(width, locale=language).items():
            named = re.compile(rf"\b{re.escape(flat(name).rstrip('.'))}s?\b\.?")
            if named.search(flat(text)):
                return number, clock_in(named.sub(" ", flat(text)).strip(), hear)
    return None, clock_in(text, hear)


def day_within(text: str, language: str, hear: Hear, now: datetime, zone: str | None) -> date | None:
    """The first day that is named somewhere in a sentence: a weekday, or one of `hear.days` such as tomorrow and next week."""
    return next((day for day, *_ in days_within(text, language, hear, now, zone)), None)


def days_within(text: str, language: str, hear: Hear, now: datetime, zone: str | None) -> list[tuple[date, int, str]]:
    """All days that a sentence names, in their order, each with where it begins and as it was said.

    "Next Tuesday", said on a Monday, is not tomorrow; and where a week is named beside a weekday, it is that weekday of that week.
    """
    names = "|".join(sorted([*hear.days, *_weekdays(language, "wide")], key=len, reverse=True))
    months = "|".join(_months(language))
    dated = rf"\d{{1,2}}(?:st|nd|rd|th|er)?(?: (?:of|de))? (?:{months})"
    wide = "|".join(_weekdays(language, "wide"))
    alone = r"(?=[.,;]|$| (?!\w+[sx]\b|people|h\b|am\b|pm\b|%)[a-z])"  # "mardi 14 je", not "14 people"
    both = rf"(?:{wide})(?:,? (?:the|le|el) \d{{1,2}}(?:st|nd|rd|th)?|,? \d{{1,2}}(?:st|nd|rd|th)|,? \d{{1,2}}{alone})"
    said, after, found, week = flat(text), today(now, zone), list[tuple[date, int, str]](), None
    if ahead := _of_the_next(said, language, hear, after):
        return [ahead]
    for each in re.finditer(rf"\b((?:{names}),? (?:the |le |el )?{dated}|{both}|(?:{names})|{dated})\b", said):
        day = day_in(each[1], language, hear, now, zone)
        if day is None:
            continue
        weekday = _names_weekday(each[1], language) and not re.search(r"\d", each[1])
        if weekday and day - after == timedelta(days=1) and _says_next(said, each.span(), hear):
            day += timedelta(days=7)
        if weekday and week:
            day = week + timedelta(days=day.weekday())
            found = [named for named in found if not _names_week(named[2], hear)]
        if week is None and _names_week(each[1], hear):
            week = day - timedelta(days=day.weekday())
        found.append((day, each.start(), each[1]))
    return found


def _numbered(said: str, language: str, hear: Hear, after: date) -> date | None:
    """The day of "Tuesday the 14th": the next of that number that is a Tuesday, else the next of that number; None for any other day."""
    found = re.fullmatch(r"(?P<day>[a-z]+),? (?:(?:the|le|el) )?(?P<number>\d{1,2})(?:st|nd|rd|th)?", said)
    weekday = week_in(found["day"], language, hear)[0] if found else None
    if found is None or weekday is None:
        return None
    return number_on(int(found["number"]), weekday, after) or next_of_month(int(found["number"]), after)


def _names_week(said: str, hear: Hear) -> bool:
    return any(expression(pattern).search(said) for pattern in hear.plans.weeks)


def _says_next(said: str, span: tuple[int, int], hear: Hear) -> bool:
    """Whether "next" stands beside a weekday, on the side where the language has it."""
    begin, end = span
    return any(expression(pattern).search(said[:begin] + "|" + said[end:]) for pattern in hear.plans.next)


def _months(language: str) -> set[str]:
    from babel.dates import get_month_names

    return {flat(name) for name in get_month_names("wide", locale=language).values()}


def _weekdays(language: str, *widths: Literal["wide", "abbreviated"]) -> set[str]:
    from babel.dates import get_day_names

    return {flat(name).rstrip(".") for width in widths for name in get_day_names(width, locale=language).values()}


def _names_weekday(said: str, language: str) -> bool:
    return bool(set(re.findall(r"[^\W\d_]+", said)) & _weekdays(language, "wide", "abbreviated"))
