"""Reminders come once per working day at the hour people mean by it, and times, days and places are read as people write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import Rhythm
from bot.places import best_known, city_of, zones_for
from bot.rhythm import (
    at_wall_clock,
    back_after,
    clock_in,
    day_in,
    day_in_words,
    follow_up,
    local,
    moment_in_words,
    next_letter,
    next_reminder,
    readings_of,
    today,
)
from prompts.library import load_library

WORDS = load_library().words["en"]
HEAR, FORMATS = WORDS.hear, WORDS.formats
HALF_PAST_FIVE = time(17, 30)
ZONES = [
    "Europe/London", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Africa/Nairobi", "Asia/Kathmandu", "Australia/Lord_Howe",
    "Pacific/Kiritimati", "Etc/GMT+12", "America/St_Johns", "Africa/Casablanca", "Pacific/Chatham",
]  # fmt: skip
ABOUT_A_YEAR = st.integers(0, 426 * 86400).map(lambda seconds: datetime(2025, 12, 1, tzinfo=UTC) + timedelta(seconds=seconds))
FEW = settings(max_examples=100)


def reminders_of_2026(rhythm: Rhythm, zone: str) -> list[datetime]:
    """Every reminder of the year, each asked for at the moment of the one before."""
    found = []
    at: datetime | None = at_wall_clock(date(2026, 1, 1), time(0, 0), zone) - timedelta(seconds=1)
    while (at := next_reminder(rhythm, zone, at)) is not None and local(at, zone).year == 2026:  # type: ignore[arg-type]
        found.append(at)
    return found


# --- when something is due


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("clock", [HALF_PAST_FIVE, time(2, 30), time(1, 15), time(0, 0)])
def test_there_is_one_reminder_on_every_working_day_of_a_year_at_the_hour_on_the_wall(zone, clock):
    reminders = reminders_of_2026(Rhythm(clock), zone)

    days = [local(at, zone).date() for at in reminders]
    working = [day for n in range(365) if (day := date(2026, 1, 1) + timedelta(n)).weekday() < 5]
    assert days == working
    assert all(local(at, zone).time() == clock for at in reminders)  # clocks change at weekends, in all of these


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("clock", [time(0, 0), time(0, 30), time(1, 0), time(1, 59), time(2, 0), time(2, 15), time(2, 30), time(3, 0)])
def test_on_the_nights_when_clocks_change_the_first_valid_moment_is_taken(zone, clock):
    place = ZoneInfo(zone)
    for n in range(366):
        day = date(2026, 1, 1) + timedelta(n)
        moment = at_wall_clock(day, clock, zone)
        shown = moment.astimezone(place).replace(tzinfo=None)
        wanted = datetime.combine(day, clock)
        if shown == wanted:
            earlier = wanted.replace(tzinfo=place, fold=0).astimezone(UTC)
            assert moment == earlier  # the first of two, where the hour comes twice
        else:
            assert shown > wanted
            assert shown.date() == day
            before = (moment - timedelta(seconds=1)).astimezone(place).replace(tzinfo=None)
            assert before < wanted, "there was a valid moment before this one"


def test_a_reminder_in_the_hour_that_is_left_out_comes_when_the_clock_goes_on():
    every_day = Rhythm(time(2, 30), workdays=tuple(range(7)))

    assert next_reminder(every_day, "Europe/Berlin", datetime(2026, 3, 29, 0, 0, tzinfo=UTC)) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert next_reminder(every_day, "America/New_York", datetime(2026, 3, 8, 6, 0, tzinfo=UTC)) == datetime(2026, 3, 8, 7, 0, tzinfo=UTC)
    # half an hour only: 02:15 is not there, and 02:30 is its successor
    half = Rhythm(time(2, 15), workdays=tuple(range(7)))
    assert local(next_reminder(half, "Australia/Lord_Howe", datetime(2026, 10, 3, 14, tzinfo=UTC)), "Australia/Lord_Howe").time() == time(
        2, 30
    )  # type: ignore[arg-type]


def test_a_reminder_in_the_hour_that_comes_twice_comes_once():
    every_day = Rhythm(time(2, 30), workdays=tuple(range(7)))
    reminders = reminders_of_2026(every_day, "Europe/Berlin")

    assert len(reminders) == 365
    assert datetime(2026, 10, 25, 0, 30, tzinfo=UTC) in reminders
    assert datetime(2026, 10, 25, 1, 30, tzinfo=UTC) not in reminders


@FEW
@given(ABOUT_A_YEAR, st.sampled_from(ZONES), st.times().map(lambda t: t.replace(second=0, microsecond=0)), st.sets(st.integers(0, 6)))
def test_the_next_reminder_is_strictly_later_on_a_working_day_and_none_is_left_out(after, zone, clock, workdays):
    rhythm = Rhythm(clock, workdays=tuple(sorted(workdays)))
    due = next_reminder(rhythm, zone, after)

    if not workdays:
        assert due is None
        return
    assert due is not None
    assert due > after
    assert local(due, zone).weekday() in workdays
    between = [today(after, zone) + timedelta(n) for n in range((local(due, zone).date() - today(after, zone)).days)]
    assert not [day for day in between if day.weekday() in workdays and at_wall_clock(day, clock, zone) > after]
    assert next_reminder(rhythm, zone, due - timedelta(seconds=1)) == due


def test_no_reminder_without_a_time_or_without_working_days():
    now = datetime(2026, 3, 2, 9, tzinfo=UTC)

    assert next_reminder(Rhythm(), "Europe/Paris", now) is None
    assert next_reminder(Rhythm(HALF_PAST_FIVE, workdays=()), "Europe/Paris", now) is None


def test_a_change_of_zone_moves_the_reminder_to_the_new_clock():
    rhythm, friday_evening = Rhythm(HALF_PAST_FIVE), datetime(2026, 3, 6, 16, tzinfo=UTC)

    assert next_reminder(rhythm, "Africa/Nairobi", friday_evening) == datetime(2026, 3, 9, 14, 30, tzinfo=UTC)
    assert next_reminder(rhythm, "America/Lima", friday_evening) == datetime(2026, 3, 6, 22, 30, tzinfo=UTC)
    assert next_reminder(rhythm, "Pacific/Kiritimati", friday_evening) == datetime(2026, 3, 9, 3, 30, tzinfo=UTC)
    assert next_reminder(rhythm, "Etc/GMT+12", friday_evening) == datetime(2026, 3, 7, 5, 30, tzinfo=UTC)  # Friday there
    assert next_reminder(rhythm, None, friday_evening) == datetime(2026, 3, 6, 17, 30, tzinfo=UTC)


def test_a_plan_is_asked_about_at_the_hour_of_the_reminder_else_in_the_afternoon():
    assert follow_up(date(2026, 3, 6), Rhythm(time(8, 15)), "Europe/Berlin") == datetime(2026, 3, 6, 7, 15, tzinfo=UTC)
    assert follow_up(date(2026, 3, 6), Rhythm(), "Europe/Berlin") == datetime(2026, 3, 6, 14, 0, tzinfo=UTC)
    assert follow_up(date(2026, 3, 6), Rhythm(), None) == datetime(2026, 3, 6, 15, 0, tzinfo=UTC)


# --- what people write


@pytest.mark.parametrize(
    ("said", "clock"),
    [
        *((said, "17:30") for said in ("17:30", "17.30", "17h30", "half past five", "1730", "5:30", "5.30 pm", "5:30pm", "five thirty", "half five", "at half past five please", "I'd like 17:30")),  # noqa: E501
        *((said, "17:00") for said in ("5pm", "5 p.m.", "17h", "5", "five", "at five", "around 5", "5 o'clock", "five o'clock", "5 oclock", "17", "five o'clock in the afternoon", "17 uhr", "5ish")),  # noqa: E501
        *((said, "18:00") for said in ("at 6", "6", "evening", "in the evening", "six", "18:00")),
        *((said, "19:00") for said in ("7 in the evening", "at seven in the evening", "7pm", "19h", "7 at night")),
        *((said, "07:00") for said in ("7 in the morning", "7am", "07:00", "at seven in the morning", "7 a.m.")),
        *((said, "17:15") for said in ("quarter past five", "a quarter past five", "17:15", "five fifteen")),
        *((said, "17:45") for said in ("quarter to six", "a quarter to six", "five forty-five")),
        *((said, "12:00") for said in ("noon", "12", "at 12", "12 pm", "12:00", "twelve")),
        *((said, "12:30") for said in ("lunch", "after lunch", "midday", "half past twelve")),
        *((said, "00:00") for said in ("midnight", "12am", "0:00", "00:00")),
        ("at nine", "09:00"),
        ("9", "09:00"),
        ("9am", "09:00"),
        ("morning", "09:00"),
        ("ten past five", "17:10"),
        ("twenty to six", "17:40"),
        ("6am", "06:00"),
        ("06:30", "06:30"),
        ("6:30am", "06:30"),
        ("11:30 pm", "23:30"),
        ("23:59", "23:59"),
        ("after work", "17:30"),
        ("end of the day", "17:30"),
    ],
)  # fmt: skip
def test_a_time_of_day_is_read_as_people_write_it(said, clock):
    assert clock_in(said, HEAR) == time.fromisoformat(clock)
    assert clock_in(said.upper(), HEAR) == time.fromisoformat(clock)


@pytest.mark.parametrize(
    "said", ["", "banana", "at", "half", "half past", "25:00", "17:75", "99", "whenever", "the bank was late", "24:00"]
)
def test_what_names_no_time_is_no_time(said):
    assert clock_in(said, HEAR) is None


WEDNESDAY = datetime(2026, 3, 4, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "day"),
    [
        *((said, "2026-03-06") for said in ("Friday", "on Friday", "friday", "next friday", "this friday", "Fri", "in two days", "the day after tomorrow", "Friday at 5", "Friday.")),  # noqa: E501
        *((said, "2026-03-05") for said in ("tomorrow", "Tomorrow!", "5 March", "Thursday", "in a day")),
        *((said, "2026-03-11") for said in ("Wednesday", "next Wednesday", "in a week", "next week", "in 7 days", "a week from now")),
        *((said, "2026-03-18") for said in ("in two weeks", "in 2 weeks")),
        *((said, "2026-03-10") for said in ("Tuesday", "next Tuesday", "10 March", "March 10", "tuesday evening")),
        *((said, "2026-03-20") for said in ("2026-03-20", "the 20th", "on the 20th", "20 March", "by 20 March")),
        ("in a month", "2026-04-04"),
        ("next month", "2026-04-04"),
        ("2 April", "2026-04-02"),
        ("1 January", "2027-01-01"),
    ],
)  # fmt: skip
def test_a_day_is_read_as_people_write_it_and_lies_ahead(said, day):
    assert day_in(said, "en", HEAR, WEDNESDAY, "Europe/Berlin") == date.fromisoformat(day)


@pytest.mark.parametrize("said", ["today", "tonight", "in two hours"])
def test_today_is_tomorrow_because_a_plan_needs_its_time(said):
    assert day_in(said, "en", HEAR, WEDNESDAY, "Europe/Berlin") == date(2026, 3, 5)


@pytest.mark.parametrize(
    "said",
    ["03/04", "3/4", "3.4.", "3-4", "3/4/2026", "yesterday", "last week", "last Friday", "12 March 2025", "in 100 years", "soon", "whenever",  # noqa: E501
     "after Easter", "when we meet again", "31 April", "banana", "", "never"],
)  # fmt: skip
def test_what_may_be_two_days_or_none_or_over_is_no_day(said):
    assert day_in(said, "en", HEAR, WEDNESDAY, "Europe/Berlin") is None


@pytest.mark.parametrize("name", ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"])
def test_a_weekday_is_the_next_one_of_its_name_whatever_today_is(name):
    for n in range(7):
        now = WEDNESDAY + timedelta(n)
        day = day_in(name, "en", HEAR, now, "Europe/Berlin")
        assert day is not None
        assert 1 <= (day - now.date()).days <= 7
        assert day.strftime("%A") == name


def test_tomorrow_is_tomorrow_on_the_persons_own_calendar():
    late = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)

    assert day_in("tomorrow", "en", HEAR, late, "Asia/Tokyo") == date(2026, 3, 6)
    assert day_in("tomorrow", "en", HEAR, late, "America/Lima") == date(2026, 3, 5)


@settings(max_examples=60)
@given(st.text(max_size=40), ABOUT_A_YEAR, st.sampled_from(ZONES))
def test_no_text_makes_a_day_that_has_passed_or_a_fault(text, now, zone):
    day = day_in(text, "en", HEAR, now, zone)
    clock = clock_in(text, HEAR)

    assert day is None or 0 < (day - today(now, zone)).days <= 400
    assert clock is None or (clock.second == 0 and clock.tzinfo is None)


# --- places


@pytest.mark.parametrize(
    ("said", "zone"),
    [
        ("Nairobi", "Africa/Nairobi"), ("nairobi", "Africa/Nairobi"), ("Kisumu, Kenya", "Africa/Nairobi"), ("Kenya", "Africa/Nairobi"),
        ("in Lima", "America/Lima"), ("I live in Lima", "America/Lima"), ("I'm in Lima.", "America/Lima"), ("I’m in Lima", "America/Lima"),
        ("London", "Europe/London"), ("UK", "Europe/London"), ("England", "Europe/London"), ("São Paulo", "America/Sao_Paulo"),
        ("sao paulo", "America/Sao_Paulo"), ("New York", "America/New_York"), ("NYC", "America/New_York"), ("Boston, USA", "America/New_York"),  # noqa: E501
        ("Germany", "Europe/Berlin"), ("DE", "Europe/Berlin"), ("Deutschland", "Europe/Berlin"), ("France", "Europe/Paris"),
        ("near Lyon in France", "Europe/Paris"), ("Mumbai", "Asia/Kolkata"), ("India", "Asia/Kolkata"), ("Hanoi", "Asia/Bangkok"),
        ("Abuja", "Africa/Lagos"), ("Geneva", "Europe/Zurich"), ("Cape Town", "Africa/Johannesburg"), ("Bogotá", "America/Bogota"),
        ("Bogota", "America/Bogota"), ("Turkey", "Europe/Istanbul"), ("Türkiye", "Europe/Istanbul"), ("Burma", "Asia/Yangon"),
        ("Ivory Coast", "Africa/Abidjan"), ("Côte d'Ivoire", "Africa/Abidjan"), ("Côte d’Ivoire", "Africa/Abidjan"),
        ("The Netherlands", "Europe/Amsterdam"), ("the Philippines", "Asia/Manila"), ("Kiev", "Europe/Kyiv"), ("KE", "Africa/Nairobi"),
        ("Europe/Paris", "Europe/Paris"), ("europe/paris", "Europe/Paris"), ("America/New York", "America/New_York"), ("UTC", "Etc/UTC"),
        ("LA", "America/Los_Angeles"), ("Los Angeles", "America/Los_Angeles"), ("España, Madrid", "Europe/Madrid"), ("EAT", "Africa/Nairobi"),  # noqa: E501
        ("Washington DC", "America/New_York"), ("Beijing", "Asia/Shanghai"), ("Addis", "Africa/Addis_Ababa"),
    ],
)  # fmt: skip
def test_a_place_is_known_by_the_names_people_use(said, zone):
    assert zones_for(said, HEAR.place_leads) == (zone,)


@pytest.mark.parametrize("said", ["", "Atlantis", "no", "it", "in", "me", "is", "here", "none", "5", "why do you ask", "?!", "the moon"])
def test_what_is_no_place_is_no_zone(said):
    assert zones_for(said, HEAR.place_leads) == ()


@pytest.mark.parametrize(
    ("said", "cities"),
    [
        ("Brazil", {"America/Sao_Paulo", "America/Noronha"}),
        ("USA", {"America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"}),
        ("Indonesia", {"Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"}),
        ("DRC", {"Africa/Kinshasa", "Africa/Lubumbashi"}),
        ("Spain", {"Europe/Madrid", "Atlantic/Canary"}),
        ("Mexico", {"America/Mexico_City", "America/Tijuana"}),
    ],
)
def test_a_country_with_several_clocks_offers_their_best_known_cities(said, cities):
    zones = zones_for(said, HEAR.place_leads)
    offered = best_known(zones, 8)

    assert len(zones) > 1
    assert cities <= set(offered)
    assert len(offered) <= 8


@settings(max_examples=60)
@given(st.text(max_size=60) | st.sampled_from(sorted(available_timezones())))
def test_whatever_is_typed_the_zones_are_real(text):
    zones = zones_for(text, HEAR.place_leads)

    assert set(zones) <= available_timezones()
    assert len(best_known(zones, 8)) <= 8


# --- said back


def test_moments_and_days_are_said_as_people_say_them():
    moment = datetime(2026, 3, 3, 14, 30, tzinfo=UTC)

    assert moment_in_words(moment, "Africa/Nairobi", "en", FORMATS) == "Tuesday 17:30 Nairobi"
    assert moment_in_words(moment, "America/Argentina/Buenos_Aires", "en", FORMATS) == "Tuesday 11:30 Buenos Aires"
    assert moment_in_words(moment, None, "en", FORMATS) == "Tuesday 14:30 UTC"
    assert moment_in_words(moment, "Europe/Paris", "fr", FORMATS) == "mardi 15:30 Paris"
    assert day_in_words(date(2026, 3, 3), "en", FORMATS) == "Tuesday 3 March"
    assert day_in_words(date(2026, 3, 3), "es", FORMATS) == "martes 3 marzo"
    assert city_of("America/Sao_Paulo") == "Sao Paulo"


ZONES = [
    "Africa/Nairobi", "Europe/Berlin", "Europe/London", "America/New_York", "America/Santiago", "Australia/Lord_Howe",
    "Pacific/Kiritimati", "Etc/GMT+12", "Asia/Kolkata", "Africa/Casablanca", "America/Havana", "Pacific/Chatham",
]  # fmt: skip


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("clock", [time(15, 30), time(2, 30), time(0, 0)])
def test_a_year_of_letters_comes_once_a_week_at_the_right_time_of_day(zone: str, clock: time) -> None:
    rhythm = Rhythm(nudge=(6, clock))  # Sunday, when most clocks change
    at, moments = datetime(2026, 1, 1, tzinfo=UTC), []
    while (found := next_letter(rhythm, zone, at)) and found < datetime(2027, 1, 1, tzinfo=UTC):
        moments.append(found)
        at = found

    shown = [moment.astimezone(ZoneInfo(zone)) for moment in moments]
    assert [here.date() for here in shown] == [shown[0].date() + timedelta(weeks=n) for n in range(52)]
    assert all(here.time() == clock or not _exists(here.date(), clock, zone) for here in shown)
    assert all(here.time() >= clock for here in shown)


def _exists(day: date, clock: time, zone: str) -> bool:
    wall = datetime.combine(day, clock, tzinfo=ZoneInfo(zone))
    return wall.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == datetime.combine(day, clock)


@given(
    away=st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    now=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    zone=st.sampled_from(ZONES),
)
def test_nothing_comes_before_the_day_on_which_somebody_is_back(away: date, now: datetime, zone: str) -> None:
    rhythm = Rhythm(reminder=time(17, 30), nudge=(4, time(15, 30)), away_until=away)

    for found in (next_reminder(rhythm, zone, now), next_letter(rhythm, zone, now)):
        assert found is not None
        assert found > now
        assert found.astimezone(ZoneInfo(zone)).date() >= away


@pytest.mark.parametrize(
    ("said", "days"),
    [("03/04", {(3, 4), (4, 3)}), ("25/12", {(25, 12)}), ("4.4", {(4, 4)}), ("31/02", set()), ("Friday", set())],
)
def test_a_date_in_figures_has_every_reading_that_is_a_day(said: str, days: set[tuple[int, int]]) -> None:
    assert {(day.day, day.month) for day in readings_of(said, datetime(2026, 1, 5, 12, tzinfo=UTC), "Europe/Paris")} == days


@pytest.mark.parametrize(("said", "ahead"), [("two weeks", 14), ("10 days", 10), ("a week", 7), ("a month", 31), ("a while", None)])
def test_how_long_somebody_is_away_gives_the_day_they_are_back(said: str, ahead: int | None) -> None:
    found = back_after(said, "en", datetime(2026, 1, 5, 12, tzinfo=UTC), "Europe/Paris")
    assert found == (None if ahead is None else date(2026, 1, 5) + timedelta(days=ahead))


@pytest.mark.parametrize(
    ("language", "said", "hour"),
    [
        ("en", "tomorrow at 9", 9),
        ("en", "at 9 tomorrow", 9),
        ("en", "thursday at 8", 8),
        ("fr", "demain à 9", 9),
        ("es", "mañana a las 9", 9),
    ],
)
def test_a_bare_hour_beside_a_day_is_that_hour(language: str, said: str, hour: int) -> None:
    assert clock_in(said, load_library().words[language].hear) == time(hour)
