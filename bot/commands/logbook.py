"""Commands about one person's logbook: take it out, take it in, check that it stands as it was written, look something up in it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.ground import Json, PersonOption, bar, fail, finder_of, note, out, person_of, row_out, settings_of, store_of
from bot.model import Form

if TYPE_CHECKING:
    from bot.aliases import Pseudonyms
    from bot.book import Binder, Book

SHIPPED = Path(__file__).parent.parent.parent / "prompts" / "schemes" / "accreditation.yaml"
DEFAULT = Path("default")  # the scheme that is shipped

# what the libraries for a format are installed by
_EXTRA = "install brokercoach[export], or take --format md, html or json"


def export(
    person: PersonOption,
    form: Annotated[Form, typer.Option("--format", help="md, json, docx, pdf or html; json is the one that `import` takes in again.")],
    file: Annotated[Path, typer.Option("-o", "--output", help="The file to write; it is made readable for you alone.")],
    scheme: Annotated[
        Path | None,
        typer.Option("--scheme", help="As it is handed in for accreditation, by the criteria of this file; `default` is shipped."),
    ] = None,
    pseudonyms: Annotated[
        Path | None, typer.Option("--pseudonyms", help="With --scheme: who is called what. Written first if it is not there, then read.")
    ] = None,
    font: Annotated[Path | None, typer.Option("--font", help="A font file for PDF, for scripts that the shipped one has not.")] = None,
) -> None:
    """Take a person's whole logbook out as a file."""
    from bot.parts import now
    from bot.printing import as_json, binder_of
    from prompts.own import load_with_own

    if (pseudonyms and not scheme) or (scheme and form == "json"):
        note("--pseudonyms belongs to --scheme, and a scheme to a format for readers (docx, pdf, html or md)")
        raise SystemExit(2)
    settings = settings_of()
    with store_of(settings) as store:
        known = person_of(store, person)
        if form == "json":
            data = as_json(store, known, now())
        else:
            data = _printed(binder_of(store, load_with_own(settings.guides_path), known, now()), form, scheme, pseudonyms, font)
        store.looked(known, "exported")
    _write(file, data)
    note(f"written to {file}; it is readable by anybody who has it, so keep it as you would the logbook")


def import_(file: Annotated[Path, typer.Argument(metavar="FILE.json")], as_json: Json = False) -> None:
    """Take in a logbook that `export --format json` wrote."""
    from storage.export import Refused, from_json

    try:
        record = from_json(file.read_text(encoding="utf-8"))
        with store_of(settings_of()) as store:
            person = store.restore(record)
    except UnicodeDecodeError:
        fail(f"{file}: it is no text, so not a logbook; nothing was changed")
    except Refused as refused:
        fail(f"{file}: {refused}; nothing was changed")
    row_out({"person": person, "entries": len(record.entries)}, f"{person}: {len(record.entries)} entries taken in", as_json)


def verify(person: PersonOption, as_json: Json = False) -> None:
    """Check that everything a person wrote stands as it was written; names the first entry that does not."""
    with store_of(settings_of()) as store:
        broken = store.verify(person_of(store, person))
    if as_json:
        out({"person": person, "holds": broken is None, "entry": broken and broken.entry, "why": broken and broken.why})
    elif broken is None:
        sys.stdout.write("every piece of writing stands as it was written\n")
    if broken is not None:
        fail(f"entry {broken.entry or '(at the end)'}, writing {broken.n}: {broken.why}; compare with a backup (brokercoach db restore)")


def find(
    person: PersonOption,
    text: Annotated[str, typer.Argument(help="In plain words: what did I write about the mayor in spring?")],
    k: Annotated[int, typer.Option("-k", min=1, help="How many entries at most.")] = 10,
    as_json: Json = False,
) -> None:
    """Look something up in a person's logbook; nothing of it is written anywhere."""
    from bot.finding import asked_in, common
    from bot.model import Sought
    from bot.parts import now
    from bot.recall import quote_around, ranked, stems, text_of
    from bot.rhythm import today
    from prompts.own import load_with_own

    settings = settings_of()
    with store_of(settings) as store:
        known = store.person(person_of(store, person))
        entries = store.entries(known.id)
    words = load_with_own(settings.guides_path).in_language(known.language)
    asked = asked_in(text, words, known.language, known, today(now(), known.zone))
    sought = asked.sought if asked and asked.kind in ("find", "last") else Sought(text)
    texts = [(entry.id, text_of(entry)) for entry in entries]
    near = dict(finder_of(settings).near(sought.words, texts, whole=True)) if sought.words else {}
    wanted = stems(sought.words, known.language, common(words))
    for entry in ranked(entries, sought, known.language, common(words), near)[: 1 if sought.latest else k]:
        quote = quote_around(text_of(entry), wanted, known.language)
        row = {"entry": entry.id, "date": entry.event_date.isoformat(), "partnership": entry.partnership, "quote": quote}
        row_out(row | {"retracted": entry.retracted is not None}, f"{entry.event_date.isoformat()}  “{quote}”", as_json)


def _printed(binder: Binder, form: Form, scheme: Path | None, pseudonyms: Path | None, font: Path | None) -> bytes:
    from bot.book import BadFont, bind
    from bot.printing import printed

    made = _portfolio(binder, scheme, pseudonyms) if scheme else bind(binder)
    try:
        with bar("Printing") as progress:
            data, missing = printed(made, form, progress, font)
    except ModuleNotFoundError as error:
        fail(f"{form} needs {error.name}, which is not installed; {_EXTRA}")
    except BadFont as error:
        fail(str(error))
    if missing:
        note(f"{missing} characters are in no font at hand and stand as boxes or by name; take html, or name a font that has them (--font)")
    return data


def _portfolio(binder: Binder, scheme: Path, pseudonyms: Path | None) -> Book:
    import yaml
    from pydantic import BaseModel, ValidationError

    from bot.accreditation import Scheme, bind
    from bot.aliases import Pseudonyms, proposed

    def read(path: Path, kind: type[BaseModel]) -> BaseModel:
        try:
            return kind.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
        except (yaml.YAMLError, UnicodeDecodeError):
            fail(f"{path}: it is no YAML")
        except ValidationError as error:  # its message would quote names
            fail(f"{path}: {', '.join('.'.join(map(str, e['loc'][:2])) for e in error.errors())}: not as it has to be")

    wanted = read(SHIPPED if scheme == DEFAULT else scheme, Scheme)
    assert isinstance(wanted, Scheme)  # noqa: S101 - for the type checker
    known: Pseudonyms | None = None
    if pseudonyms and pseudonyms.exists():
        had = read(pseudonyms, Pseudonyms)
        assert isinstance(had, Pseudonyms)  # noqa: S101 - for the type checker
        known = had
    names = proposed(binder.sheaf, binder, known)
    if pseudonyms and (known is None or known != names):
        _write(pseudonyms, yaml.safe_dump(names.model_dump(), allow_unicode=True, sort_keys=False).encode())
        if known is None:
            fail(f"{pseudonyms} has been written: look through the names, change what you like, and run this again")
        note(f"{pseudonyms} has new names in it: look through them before you hand this in")
    made = bind(binder, wanted, names)
    least, most = wanted.pages
    note(f"about {made.pages} pages ({least} to {most} are asked for), {len(made.gaps)} weeks without aims")
    return made.book


def _write(file: Path, data: bytes) -> None:
    """Readable for its owner alone; what was there is replaced whole or not at all."""
    draft = file.with_name(f".{file.name}.part")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as made:
        made.write(data)
    draft.replace(file)
