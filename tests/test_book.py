"""The logbook on paper: whatever was written comes out whole, harmless and readable, in every form it is taken out in."""

from __future__ import annotations

import json
import re
import stat
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fnmatch import fnmatchcase
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import pytest
import yaml
from conftest import Home
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from adapters import book_html, book_markdown, book_pdf, book_word
from bot import accreditation, book
from bot.accreditation import Criterion, Scheme
from bot.aliases import Pseudonyms, proposed
from bot.book import Binder, Book, Sheaf, Written
from bot.model import Entry, Keep, Partnership, Person, PersonId, Theme, Thought, Turn
from knowledge.card import load_cards
from prompts.library import load_library

LIBRARY = load_library()
MONDAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
WATER = Partnership("Water", ("managing-maintaining",))
NASTY = [
    "<script>alert('x')</script><img src=x onerror=alert(1)>",
    "=cmd()|' /C calc'!A0",
    "# heading\n- list\n1. one\n> quote\n[a](http://127.0.0.1/x) `code` **bold** | cell",
    "</style><style>@import url(http://127.0.0.1/)</style>",
    "مرحبا، كيف حال الشراكة؟",
    "会议很长，没有结果",
    "שלום לכולם",
    "🙂 👨‍👩‍👧‍👦 émigré – “quoted”",
    "bell\x07 null\x00 vertical\x0b escape\x1b[31m \x85 \ufffe",
    "\u202egnp.exe\u202c",
    "x" * 3000,
]


def entry_of(text: str, n: int = 1, day: date = MONDAY, **more) -> tuple[Entry, Written]:
    entry = Entry(f"e{n}", "crossing", day, datetime(day.year, day.month, day.day, 15, tzinfo=UTC), (("moment", text),), **more)
    return entry, Written(entry.id, "moment", "answer", entry.written, text)


def binder_of(*told: tuple[Entry, Written], language: str = "en", more: tuple[Written, ...] = (), person: Person | None = None) -> Binder:
    known = person or Person(PersonId("aisha"), name="Aisha", zone="Africa/Nairobi", language=language, partnerships=(WATER,))
    entries = tuple(entry for entry, _ in told)
    written = (*(each for _, each in told), *more)
    sheaf = Sheaf(known, entries, written, (), held=True, length=len(written), last="f" * 64, made=NOON)
    return Binder(sheaf, LIBRARY.words[language], language, {"principle-let-go": "Handing over"})


def bound(*texts: str, language: str = "en") -> Book:
    return book.bind(binder_of(*(entry_of(text, n) for n, text in enumerate(texts)), language=language))


def quiet(done: int, everything: int) -> None:
    assert 0 < done <= everything


class Page(HTMLParser):
    """What a browser would make of it: text, and every tag and attribute."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


def words_of_docx(data: bytes) -> str:
    import docx

    document = docx.Document(BytesIO(data))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def words_of_pdf(data: bytes) -> str:
    import pypdf

    return "\n".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(data)).pages)


# --- what stands in it


def test_an_entry_is_printed_as_first_written_with_dated_additions():
    thought = Thought(NOON + timedelta(days=30), "He was tired.")
    entry, first = entry_of("The mair left.", thoughts=(thought,), partnership="Water", people=("Ana",))
    more = (
        Written("e1", "moment", "wording", NOON + timedelta(days=1), "The mayor left."),
        Written("e1", "thought", "thought", thought.at, thought.text),
    )

    text = book_markdown.render(book.bind(binder_of((entry, first), more=more))).decode()

    assert text.index("The mair left.") < text.index("Put in other words on March 3, 2026") < text.index("The mayor left.")
    assert "A later thought, April 1, 2026" in text
    assert "With: Ana" in text


def test_what_was_taken_back_is_there_and_marked():
    entry, first = entry_of("The director lied.", retracted=NOON + timedelta(days=2))

    text = book_markdown.render(book.bind(binder_of((entry, first)))).decode()

    assert "Taken back on March 4, 2026" in text
    assert "~~The director lied.~~" in text


def test_an_entry_written_late_carries_both_days():
    entry, first = entry_of("The mayor left.")
    late = replace(entry, written=NOON + timedelta(days=3))

    text = book_markdown.render(book.bind(binder_of((late, first)))).decode()

    assert "March 2, 2026" in text
    assert "Written on March 5, 2026" in text


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_a_book_speaks_its_readers_language_and_leaves_no_slot_open(language: str):
    made = bound("Un texte", language=language)
    portfolio = accreditation.bind(binder_of(entry_of("Un texte"), language=language), shipped(), Pseudonyms())

    for each in (made, portfolio.book):
        text = book_html.render(each).decode()
        assert f'lang="{language}"' in text
        assert not re.search(r"\$[a-z]", re.sub(r"<(script|style)>.*?</\1>", "", text, flags=re.DOTALL))


def test_an_empty_logbook_is_a_book_too():
    made = bound()

    assert words_of_pdf(book_pdf.render(made, quiet)[0])
    assert words_of_docx(book_word.render(made, quiet))
    assert book_html.render(made)
    assert book_markdown.render(made)


# --- no text does harm, in any form


@pytest.mark.parametrize("text", NASTY)
def test_in_html_everything_written_is_text(text: str):
    page = Page(book_html.render(bound(text)).decode("utf-8"))
    plain = Page(book_html.render(bound("nothing")).decode("utf-8"))

    assert page.tags == plain.tags
    assert not [
        value for name, value in page.attributes if name.startswith("on") or (name in ("src", "href") and not value.startswith("#"))
    ]
    kept = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe]", "", text)
    assert kept in "".join(page.text)


def test_the_html_file_may_load_nothing_and_run_nothing_but_its_own_search():
    text = book_html.render(bound("x")).decode()

    assert "default-src 'none'" in text
    assert re.search(r"script-src 'sha256-[\w+/=]+'", text)
    assert not re.findall(r"https?://", re.sub(r"xmlns\S+", "", text))
    assert "prefers-color-scheme:dark" in text
    assert "@media print" in text
    assert 'name="viewport"' in text


def test_charts_say_in_words_what_they_show():
    entry, first = entry_of("x", themes=(Theme("principle-let-go", "card", "x y z", "for"),), phases=("managing-maintaining",))

    text = book_html.render(book.bind(binder_of((entry, first)))).decode()

    assert 'role="img"' in text
    assert 'aria-label="What it was about: Handing over 1"' in text


@pytest.mark.parametrize("text", NASTY)
def test_in_markdown_everything_written_is_text(text: str):
    shown = MarkdownIt("commonmark").enable("table").render(book_markdown.render(bound(text)).decode("utf-8"))

    page = Page(shown)

    assert not {"script", "img", "a", "code", "strong", "style"} & set(page.tags) - {"strong"}
    assert page.tags.count("h1") == 1
    assert "ol" not in page.tags


@pytest.mark.parametrize("text", NASTY)
def test_row_56_word_and_pdf_take_any_text(text: str):
    word = words_of_docx(book_word.render(bound(text), quiet))
    data, _ = book_pdf.render(bound(text), quiet)

    assert re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text).replace("\x85", "\x85") in word
    assert data.startswith(b"%PDF")
    assert b"/URI" not in data


def test_pdf_prints_what_its_fonts_have_and_counts_what_they_have_not():
    data, missing = book_pdf.render(bound("Привет – naïve “q” Ελλάδα"), quiet)
    _, boxes = book_pdf.render(bound("\U00013080\U00013081"), quiet)

    assert "Привет – naïve “q” Ελλάδα" in words_of_pdf(data)
    assert (missing, boxes) == (0, 2)


def test_chinese_japanese_and_korean_are_printed_where_the_machine_has_a_font_for_them_and_counted_where_not():
    text = "会议很长，日本語も、한국어도"
    has = any(Path(font).is_file() for font in book_pdf.SYSTEM_FONTS)

    data, missing = book_pdf.render(bound(text), quiet)

    read = re.sub(r"[\s\x00]", "", words_of_pdf(data))
    assert [("会议" in read), ("本語も" in read), ("한국어도" in read)] == [has] * 3
    assert (missing == 0) == has


@pytest.mark.parametrize(("language", "name"), [("en", "(hedgehog)"), ("fr", "(hérisson)"), ("es", "(erizo)")])
def test_emoji_are_drawn_where_the_machine_has_a_font_for_them_and_stand_by_their_name_where_not(language: str, name: str):
    has = any(Path(font).is_file() for font in book_pdf.EMOJI_FONTS)

    data, missing = book_pdf.render(bound("A 🦔 came along, 👍🏽 🇫🇷 👨‍👩‍👧 ❤️", language=language), quiet)

    words = words_of_pdf(data)
    assert "□" not in words
    assert (missing, name in words) == ((0, False) if has else (4, True))


def test_arabic_is_joined_and_runs_from_the_right_and_numbers_within_it_from_the_left():
    data, missing = book_pdf.render(bound("قال العمدة 12 كلمة"), quiet)

    assert missing == 0
    assert "12" in words_of_pdf(data)


@settings(max_examples=40)
@given(st.lists(st.text(max_size=200), max_size=3))
def test_row_56_any_text_at_all_can_be_taken_out(texts: list[str]):
    made = bound(*texts)

    assert book_html.render(made)
    assert book_markdown.render(made)
    assert book_word.render(made, quiet)


@settings(max_examples=15)
@given(st.text(max_size=300))
def test_row_56_any_text_at_all_can_be_printed(text: str):
    assert book_pdf.render(bound(text), quiet)[0].startswith(b"%PDF")


def test_row_56_a_cell_that_begins_like_a_formula_is_none():
    assert [book_word.inert(text) for text in ("=1+1", "@x", "-3", "plain", "")] == ["'=1+1", "'@x", "'-3", "plain", ""]


# --- for accreditation


def shipped() -> Scheme:
    from bot.commands.logbook import SHIPPED

    return Scheme.model_validate(yaml.safe_load(SHIPPED.read_text(encoding="utf-8")))


def handed_in(*told: tuple[Entry, Written], scheme: Scheme | None = None, names: Pseudonyms | None = None) -> str:
    binder = binder_of(*told)
    made = accreditation.bind(binder, scheme or shipped(), names or proposed(binder.sheaf, binder))
    return book_markdown.render(made.book).decode()


def test_every_week_shows_its_aims_or_a_gap():
    aims = Entry("a1", "aims", MONDAY, NOON, (("aim", "Let them talk"),))
    told = [(aims, Written("a1", "aim", "answer", NOON, "Let them talk")), entry_of("x", 2, MONDAY + timedelta(days=15))]

    text = handed_in(*told)
    weeks = re.split(r"^## Week of ", text, flags=re.MULTILINE)[1:]

    assert [("Let them talk" in week, "No aims were written" in week) for week in weeks] == [(True, False), (False, True), (False, True)]


def test_people_and_organisations_stand_under_other_names_everywhere():
    theme = Theme("principle-let-go", "card", "Ana told UNDP to let go", "for")
    told = entry_of(
        "Ana told UNDP to let go of Water. Will will not, said K.",
        partnership="Water",
        people=("Ana", "UNDP", "K.", "Will"),
        themes=(theme,),
    )

    text = handed_in(told)

    assert not re.search(r"\b(Ana|UNDP|Will|Water)\b|K\.", text)
    assert "Person 3 will not" in text
    assert text.count("Person 1") >= 3


def test_pseudonyms_stay_when_more_people_come_and_as_they_were_changed():
    first = binder_of(entry_of("Ana", people=("Ana",)))
    changed = Pseudonyms(people={"Ana": "the engineer"}, organisations={"Water": "Water"})
    later = binder_of(entry_of("Ana", people=("Ana",)), entry_of("Ben", 2, people=("Ben",)))

    assert proposed(first.sheaf, first).people["Ana"] == "Person 1"
    again = proposed(later.sheaf, later, changed)
    assert (again.people["Ana"], again.people["Ben"], again.organisations["Water"]) == ("the engineer", "Person 1", "Water")


def test_the_pages_that_are_told_are_those_of_the_pdf_or_nearly():
    import pypdf

    days = [MONDAY + timedelta(days=n) for n in range(84) if (MONDAY + timedelta(days=n)).weekday() < 5]
    told = [entry_of(f"On day {n} the mayor came late again. " * (n % 9 + 1), n, day) for n, day in enumerate(days)]
    binder = binder_of(*told)

    made = accreditation.bind(binder, shipped(), Pseudonyms())
    printed = len(pypdf.PdfReader(BytesIO(book_pdf.render(made.book, quiet)[0])).pages)

    assert abs(made.pages - printed) <= max(1, printed // 10)


def test_what_is_for_the_writer_alone_does_not_stand_in_what_is_handed_in():
    text = handed_in(entry_of("They let go at last."))

    assert "pages" not in text
    assert "handed in" not in text


def test_a_criterion_is_shown_by_passages_from_the_whole_time_with_what_they_say_of_it():
    themes = [(Theme("principle-let-go", "card", f"they let go of number {n}", "against"),) for n in range(9)]
    told = [entry_of(f"They let go of number {n}.", n, MONDAY + timedelta(days=7 * n), themes=each) for n, each in enumerate(themes)]

    row = next(line for line in handed_in(*told).splitlines() if line.startswith("| Working by the principles"))

    assert [n for n in range(9) if f"number {n}" in row] == [0, 4, 8]
    assert row.count("strains against it") == 3


def test_names_of_several_words_are_one_name_and_a_rank_is_none():
    told = entry_of(
        "Director Hassan met Ana Silva of Maji Trust on Monday. Silva said that Nyando waits for Maji. I met Hassan Monday.",
        people=("Director", "Hassan", "Ana", "Silva", "Maji", "Nyando"),
    )
    person = Person(PersonId("aisha"), name="Aisha", zone="Africa/Nairobi", partnerships=(Partnership("Nyando Water"),))
    binder = binder_of(told, person=person)

    names = proposed(binder.sheaf, binder)

    assert names.people == {"Ana Silva": "Person 1", "Ana": "Person 1", "Silva": "Person 1", "Hassan": "Person 2", "Aisha": "the broker"}
    maji = dict.fromkeys(("Maji Trust", "Maji"), "Organisation 1")
    assert names.organisations == {"Nyando Water": "Partnership 1", "Nyando": "Partnership 1", **maji}
    text = book_markdown.render(accreditation.bind(binder, shipped(), names).book).decode()
    assert "Director Person 2 met Person 1 of Organisation 1 on Monday" in text
    assert "With: Person 2, Person 1, Organisation 1, Partnership 1" in text


def test_what_it_is_made_of_is_told_by_the_sections_of_the_scheme():
    aims = Entry("a1", "aims", MONDAY, NOON, (("aim", "one two three"),))
    told = [(aims, Written("a1", "aim", "answer", NOON, "one two three")), entry_of("one two three four five six seven", 2)]
    meant = Written("e2", "meaning", "answer", NOON, "one two three four five six seven eight nine ten")
    binder = binder_of(*told, more=(meant,))

    text = book_markdown.render(accreditation.bind(binder, shipped(), Pseudonyms()).book).decode()

    rows = [line for line in text.splitlines() if "%" in line]
    assert rows == [
        "| Aims and strategies for each week | 20 % | 15 % |",
        "| What happened | 20 % | 35 % |",
        "| Reflection and learning | 30 % | 50 % |",
    ]


def test_what_became_of_an_aim_stands_below_it_with_its_day():
    friday = NOON + timedelta(days=4)
    aims = Entry("a1", "aims", MONDAY, NOON, (("aim", "Let them talk"), ("review", "They did")))
    written = Written("a1", "aim", "answer", NOON, "Let them talk"), Written("a1", "review", "answer", friday, "They did")

    text = handed_in((aims, written[0]), (replace(aims, id="none"), written[1]))

    assert re.search(r"Let them talk.*March 6, 2026 · What became of the week's aims.*They did", text, re.DOTALL)


def test_every_topic_counts_for_a_criterion_of_the_scheme_that_is_shipped():
    topics = {topic for card in load_cards() for topic in card.topics}
    shapes = [shape for criterion in shipped().criteria for shape in criterion.topics]

    assert {topic for topic in topics if not any(fnmatchcase(topic, shape) for shape in shapes)} == set()


def test_another_scheme_is_another_file():
    told = entry_of("They let go at last.", themes=(Theme("principle-let-go", "card", "They let go at last", "for"),))
    other = Scheme(
        scheme="x", title={"en": "Mine"}, pages=(1, 2), criteria=[Criterion(id="a", name={"en": "Letting go"}, topics=["principle-let-*"])]
    )

    text = handed_in(told, scheme=other)

    assert "# Mine" in text
    assert "| Letting go | 1 | March 2, 2026: Handing over (speaks for it): “They let go at last” |" in text
    assert "Abilities" not in text


# --- by command


def seeded(home: Home) -> None:
    home.path.mkdir(parents=True, exist_ok=True)
    with home.store() as store:
        person = store.enrol("terminal", "aisha", Person(PersonId("aisha"), name="Aisha", zone="Africa/Nairobi", partnerships=(WATER,)))
        kept = Keep("e1", "crossing", "moment", "The mayor left early with Ana.", event_date=MONDAY, people=("Ana",))
        assert store.save(person, Turn(store.conversation(person)[0], (kept,)), 0, NOON)


def test_a_logbook_is_taken_out_in_every_form_and_taken_in_elsewhere(fresh: Home, tmp_path: Path):
    seeded(fresh)
    files = {form: tmp_path / f"book.{form}" for form in ("json", "md", "html", "docx", "pdf")}

    codes = [fresh.run("export", "--person", "aisha", "--format", form, "-o", str(file)).code for form, file in files.items()]
    other = Home(tmp_path / "other", fresh.bytecode)
    taken = other.run("import", str(files["json"]), "--json")
    twice = other.run("import", str(files["json"]))
    again = other.run("export", "--person", "aisha", "--format", "json", "-o", str(tmp_path / "again.json"))

    assert codes == [0] * 5
    assert [stat.S_IMODE(file.stat().st_mode) for file in files.values()] == [0o600] * 5
    assert "mayor" in words_of_docx(files["docx"].read_bytes())
    assert "mayor" in words_of_pdf(files["pdf"].read_bytes())
    assert taken.rows == [{"person": "aisha", "entries": 1}]
    assert (twice.code, "already" in twice.err, again.code) == (1, True, 0)
    one, two = (json.loads(file.read_text()) for file in (files["json"], tmp_path / "again.json"))
    assert one.pop("exported_at") != two.pop("exported_at")
    assert one == two


def test_verify_names_the_first_broken_entry(fresh: Home):
    import sqlite3
    from contextlib import closing

    seeded(fresh)
    whole = fresh.run("verify", "--person", "aisha")
    with closing(sqlite3.connect(fresh.database)) as file:
        file.execute("UPDATE revisions SET written_at = '2020-01-01 00:00:00.000000'")
        file.commit()
    broken = fresh.run("verify", "--person", "aisha", "--json")

    assert whole.code == 0
    assert (broken.code, broken.rows[0]["holds"], broken.rows[0]["entry"]) == (1, False, "e1")
    assert "e1" in broken.err
    assert "mayor" not in broken.out + broken.err


def test_pseudonyms_are_written_to_be_looked_through_before_anything_is_handed_in(fresh: Home, tmp_path: Path):
    seeded(fresh)
    names, out = tmp_path / "names.yaml", tmp_path / "out.md"
    command = ("export", "--person", "aisha", "--format", "md", "--scheme", "default", "--pseudonyms", str(names), "-o", str(out))

    first = fresh.run(*command)
    written = yaml.safe_load(names.read_text())
    there = out.exists()
    names.write_text(yaml.safe_dump({"people": written["people"] | {"Ana": "the engineer"}, "organisations": written["organisations"]}))
    second = fresh.run(*command)

    assert (first.code, there, written["people"]["Ana"]) == (1, False, "Person 1")
    assert second.code == 0
    assert "with the engineer" in out.read_text()
    assert "Ana" not in out.read_text()


def test_wrong_use_is_told_and_writes_nothing(fresh: Home, tmp_path: Path):
    seeded(fresh)
    out = tmp_path / "x.pdf"
    (tmp_path / "no.ttf").write_bytes(b"no font")
    (tmp_path / "scheme.yaml").write_text("criteria: 3")

    nobody = fresh.run("export", "--person", "ben", "--format", "md", "-o", str(out))
    font = fresh.run("export", "--person", "aisha", "--format", "pdf", "--font", str(tmp_path / "no.ttf"), "-o", str(out))
    scheme = fresh.run("export", "--person", "aisha", "--format", "md", "--scheme", str(tmp_path / "scheme.yaml"), "-o", str(out))
    alone = fresh.run("export", "--person", "aisha", "--format", "md", "--pseudonyms", "x.yaml", "-o", str(out))
    foreign = fresh.run("import", str(tmp_path / "scheme.yaml"))

    assert [ran.code for ran in (nobody, font, scheme, alone, foreign)] == [1, 1, 1, 2, 1]
    assert all("Traceback" not in ran.err for ran in (nobody, font, scheme, alone, foreign))
    assert not out.exists()


def test_a_logbook_is_searched_by_command(home: Home):
    seeded(home)

    found = home.run("find", "--person", "aisha", "--json", "when did I last mention Ana?")
    nothing = home.run("find", "--person", "aisha", "penguins on the moon")

    assert found.rows[0]["quote"] == "The mayor left early with Ana"
    assert (nothing.code, nothing.out) == (0, "")
