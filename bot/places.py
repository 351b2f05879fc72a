"""Where people are: the zones that a name of a place may mean, and what a zone's city is called."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo, available_timezones

# What people call a place where neither the zone list nor CLDR's country names do; a country stands here with its code.
ALIASES = {
    "utc": "Etc/UTC", "gmt": "Etc/GMT", "uk": "Europe/London", "england": "Europe/London", "scotland": "Europe/London",
    "wales": "Europe/London", "great britain": "Europe/London", "usa": "US", "us": "US", "united states of america": "US",
    "deutschland": "DE", "holland": "NL", "turkey": "TR", "burma": "MM", "palestine": "Asia/Hebron", "west bank": "Asia/Hebron",
    "ivory coast": "CI", "cote d'ivoire": "CI", "drc": "CD", "dr congo": "CD", "uae": "AE", "cape verde": "CV", "swaziland": "SZ",
    "east timor": "TL", "bosnia": "BA", "zanzibar": "Africa/Dar_es_Salaam", "czech republic": "CZ", "macedonia": "MK",
    "nyc": "America/New_York", "new york city": "America/New_York", "washington": "America/New_York",
    "washington dc": "America/New_York", "boston": "America/New_York", "philadelphia": "America/New_York", "miami": "America/New_York",
    "atlanta": "America/New_York", "la": "America/Los_Angeles", "san francisco": "America/Los_Angeles", "seattle": "America/Los_Angeles",
    "houston": "America/Chicago", "dallas": "America/Chicago", "texas": "America/Chicago", "california": "America/Los_Angeles",
    "ottawa": "America/Toronto", "montreal": "America/Toronto", "quebec": "America/Toronto", "calgary": "America/Edmonton",
    "rio": "America/Sao_Paulo", "rio de janeiro": "America/Sao_Paulo", "brasilia": "America/Sao_Paulo", "quito": "America/Guayaquil",
    "medellin": "America/Bogota", "cali": "America/Bogota", "guadalajara": "America/Mexico_City", "cusco": "America/Lima",
    "mumbai": "Asia/Kolkata", "delhi": "Asia/Kolkata", "new delhi": "Asia/Kolkata", "bangalore": "Asia/Kolkata",
    "bengaluru": "Asia/Kolkata", "chennai": "Asia/Kolkata", "hyderabad": "Asia/Kolkata", "islamabad": "Asia/Karachi",
    "lahore": "Asia/Karachi", "hanoi": "Asia/Bangkok", "saigon": "Asia/Ho_Chi_Minh", "beijing": "Asia/Shanghai", "bali": "Asia/Makassar",
    "cebu": "Asia/Manila", "abu dhabi": "Asia/Dubai", "ankara": "Europe/Istanbul", "tel aviv": "Asia/Jerusalem",
    "ramallah": "Asia/Hebron", "abuja": "Africa/Lagos", "kano": "Africa/Lagos", "cape town": "Africa/Johannesburg",
    "durban": "Africa/Johannesburg", "pretoria": "Africa/Johannesburg", "mombasa": "Africa/Nairobi", "kisumu": "Africa/Nairobi",
    "addis": "Africa/Addis_Ababa", "dodoma": "Africa/Dar_es_Salaam", "arusha": "Africa/Dar_es_Salaam", "yaounde": "Africa/Douala",
    "goma": "Africa/Lubumbashi", "bukavu": "Africa/Lubumbashi", "rabat": "Africa/Casablanca", "marrakech": "Africa/Casablanca",
    "alexandria": "Africa/Cairo", "kumasi": "Africa/Accra", "geneva": "Europe/Zurich", "bern": "Europe/Zurich", "basel": "Europe/Zurich",
    "lyon": "Europe/Paris", "marseille": "Europe/Paris", "the hague": "Europe/Amsterdam", "rotterdam": "Europe/Amsterdam",
    "barcelona": "Europe/Madrid", "seville": "Europe/Madrid", "milan": "Europe/Rome", "naples": "Europe/Rome", "munich": "Europe/Berlin",
    "hamburg": "Europe/Berlin", "frankfurt": "Europe/Berlin", "cologne": "Europe/Berlin", "bonn": "Europe/Berlin",
    "bristol": "Europe/London", "glasgow": "Europe/London", "leeds": "Europe/London", "liverpool": "Europe/London",
    "cardiff": "Europe/London", "birmingham": "Europe/London", "sheffield": "Europe/London", "newcastle": "Europe/London",
    "manchester": "Europe/London", "edinburgh": "Europe/London", "oxford": "Europe/London", "cambridge": "Europe/London",
    "porto": "Europe/Lisbon", "cet": "Europe/Brussels", "cest": "Europe/Brussels", "eat": "Africa/Nairobi", "wat": "Africa/Lagos",
    "est": "America/New_York", "edt": "America/New_York", "pst": "America/Los_Angeles", "pdt": "America/Los_Angeles",
    "bst": "Europe/London", "ist": "Asia/Kolkata", "geneve": "Europe/Zurich", "ginebra": "Europe/Zurich", "rdc": "CD", "rd congo": "CD",
    "rca": "CF", "eeuu": "US", "ee uu": "US", "cdmx": "America/Mexico_City", "df": "America/Mexico_City", "la haye": "Europe/Amsterdam",
    "la haya": "Europe/Amsterdam", "munchen": "Europe/Berlin", "francfort": "Europe/Berlin", "milano": "Europe/Rome",
    "bobo dioulasso": "Africa/Ouagadougou", "cotonou": "Africa/Porto-Novo", "pointe noire": "Africa/Brazzaville",
    "santiago de chile": "America/Santiago", "cochabamba": "America/La_Paz", "santa cruz de la sierra": "America/La_Paz",
    "cartagena": "America/Bogota", "barranquilla": "America/Bogota", "arequipa": "America/Lima",
    "rosario": "America/Argentina/Buenos_Aires",
    "valencia": "Europe/Madrid", "sevilla": "Europe/Madrid", "bilbao": "Europe/Madrid", "bordeaux": "Europe/Paris",
    "toulouse": "Europe/Paris", "lille": "Europe/Paris", "liege": "Europe/Brussels", "lausanne": "Europe/Zurich",
    "strasbourg": "Europe/Paris", "nantes": "Europe/Paris", "rennes": "Europe/Paris", "grenoble": "Europe/Paris",
    "montpellier": "Europe/Paris", "zaragoza": "Europe/Madrid", "malaga": "Europe/Madrid", "murcia": "Europe/Madrid",
    "alicante": "Europe/Madrid", "valladolid": "Europe/Madrid", "vigo": "Europe/Madrid", "pamplona": "Europe/Madrid",
    "donostia": "Europe/Madrid", "thies": "Africa/Dakar", "ziguinchor": "Africa/Dakar", "kaolack": "Africa/Dakar",
    "touba": "Africa/Dakar", "mbour": "Africa/Dakar", "rufisque": "Africa/Dakar", "tambacounda": "Africa/Dakar",
    "kolda": "Africa/Dakar", "yamoussoukro": "Africa/Abidjan", "bouake": "Africa/Abidjan", "segou": "Africa/Bamako",
    "sikasso": "Africa/Bamako", "mopti": "Africa/Bamako", "zinder": "Africa/Niamey", "maradi": "Africa/Niamey",
    "parakou": "Africa/Porto-Novo", "bafoussam": "Africa/Douala", "garoua": "Africa/Douala", "sfax": "Africa/Tunis",
    "oran": "Africa/Algiers", "fes": "Africa/Casablanca", "tanger": "Africa/Casablanca", "agadir": "Africa/Casablanca",
    "cap haitien": "America/Port-au-Prince", "trois rivieres": "America/Toronto", "sherbrooke": "America/Toronto",
    "gatineau": "America/Toronto", "saguenay": "America/Toronto", "laval": "America/Toronto", "longueuil": "America/Toronto",
    "rimouski": "America/Toronto", "chicoutimi": "America/Toronto", "bogota dc": "America/Bogota", "bucaramanga": "America/Bogota",
    "pereira": "America/Bogota", "manizales": "America/Bogota", "cucuta": "America/Bogota", "ibague": "America/Bogota",
    "santa marta": "America/Bogota", "villavicencio": "America/Bogota", "popayan": "America/Bogota", "quibdo": "America/Bogota",
    "pasto": "America/Bogota", "puebla": "America/Mexico_City", "oaxaca": "America/Mexico_City", "queretaro": "America/Mexico_City",
    "toluca": "America/Mexico_City", "veracruz": "America/Mexico_City", "xalapa": "America/Mexico_City",
    "chiapas": "America/Mexico_City", "san cristobal de las casas": "America/Mexico_City", "mexico df": "America/Mexico_City",
}  # fmt: skip


def city_of(zone: str, language: str = "en") -> str:
    """The city of an IANA zone as people write it in a language: America/Argentina/Buenos_Aires is Buenos Aires, Africa/Cairo Le Caire."""
    from babel import Locale

    plain = zone.rsplit("/", 1)[-1].replace("_", " ")
    told = Locale(language).time_zones.get(zone, {}).get("city") if language != "en" else None
    return str(told or plain)


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
        for zone, told in Locale(language).time_zones.items():  # Londres, Le Caire, Ciudad de México
            if (place := canonical.get(zone, zone)) in zones and "city" in told:
                places.setdefault(told["city"].lower(), set()).add(place)
    return {
        name: tuple(sorted({canonical.get(z, z) if canonical.get(z, z) in zones else z for z in found})) for name, found in places.items()
    }


def _plain(name: str) -> str:
    """Without case and accents, and with a straight apostrophe."""
    return "".join(c for c in unicodedata.normalize("NFD", name.lower().replace("’", "'")) if not unicodedata.combining(c))


@lru_cache(maxsize=1)
def _known_places() -> Mapping[str, tuple[str, ...]]:
    """Every name of `_places` and of ALIASES in its plain form, and country codes with a blank behind them."""
    places = _places()
    named = {name: places[f"{zone.lower()} "] if len(zone) == 2 else (zone,) for name, zone in ALIASES.items()}
    exact = {_plain(zone.replace("_", " ")): (zone,) for zone in available_timezones() if "/" in zone}
    return {**exact, **{_plain(name): zones for name, zones in places.items()}, **named}


def zones_for(text: str, leads: Sequence[str] = ()) -> tuple[str, ...]:
    """The zones a place name may mean: one when it is clear, several when a country has several clocks, none when unknown.

    `leads` are words before a place's name that are no part of it, such as "I live in".

    A country code is taken only in capitals: "no" and "in" are words before they are Norway and India.
    """
    wanted = _plain(" ".join(re.findall(r"[\w/+'’-]+", text))).replace("_", " ")
    before = "|".join(sorted(map(re.escape, leads), key=len, reverse=True))
    wanted = re.sub(rf"^(?:{before}) ", "", wanted) if leads else wanted
    known = _known_places()
    if re.fullmatch(r"\s*[A-Z]{2}\s*", text) and wanted not in ALIASES:
        return _clocks(known.get(f"{wanted} ", ()))
    if found := known.get(wanted) or known.get(wanted.replace("-", " ")):
        return _clocks(found)
    # "Kisumu, Kenya", "near Lyon in France": the last known place in it decides; "Boston, USA": a city in it decides among its clocks
    words = wanted.split()
    several: tuple[str, ...] = ()
    for size in (3, 2, 1):
        for start in range(len(words) - size, -1, -1):
            name = " ".join(words[start : start + size])
            found = _clocks(known.get(name, ())) if len(name) > 3 or name in ("uk", "usa", "drc", "uae", "nyc") else ()
            if len(found) == 1 and (not several or found[0] in several):
                return found
            several = several or found
    return several


def _clocks(zones: tuple[str, ...]) -> tuple[str, ...]:
    """One zone where all of a country's clocks show the same: Germany has two zones and one time."""
    known = best_known(zones, len(zones)) if len(zones) > 1 else zones
    return known if len(known) == 1 else zones


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
