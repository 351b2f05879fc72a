"""The commands. Messages go to stderr, data to stdout; exit codes are 0 done, 1 failed, 2 wrong usage.

Everything heavy is imported by the command that needs it: `--help` stays quick.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from bot.commands import logbook

if TYPE_CHECKING:
    from adapters.terminal import Terminal
    from bot.parts import LazyFinder
    from bot.settings import Settings
    from storage.store import Store

app = typer.Typer(
    name="brokercoach",
    help="A coach for partnership brokers: daily reflection, a private logbook, and guidance with its sources.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
prompts_app = typer.Typer(help="The guides and the words.", no_args_is_help=True)
db_app = typer.Typer(help="The database.", no_args_is_help=True)
app.add_typer(prompts_app, name="prompts")
app.add_typer(db_app, name="db")

KNOWLEDGE = "knowledge"  # the name of the thread that opens it

Json = Annotated[bool, typer.Option("--json", help="One JSON object per line on stdout.")]
PersonOption = Annotated[str, typer.Option("--person", help="The person's id, as `brokercoach people` lists it.")]


def run() -> None:
    """The door of the program: typed errors become a line on stderr and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        with _told():
            try:
                app()
            finally:
                sys.stdout.flush()
    except SystemExit as end:
        if any(thread.name == KNOWLEDGE and thread.is_alive() for thread in threading.enumerate()):
            # It is inside onnxruntime, which aborts the process when Python ends beneath it. All of ours is committed, and an index is
            # built whole or not at all, so nothing is lost by going at once.
            sys.stderr.flush()
            os._exit(end.code if isinstance(end.code, int) else 0)
        raise


@contextmanager
def _told() -> Iterator[None]:
    """Errors that name their remedy are said in one line; nothing else of them is shown."""
    from pydantic import ValidationError
    from sqlalchemy.exc import ArgumentError

    from knowledge.card import BadCards
    from knowledge.index import IndexDown
    from prompts.library import BadPrompts
    from storage.faults import StoreDown

    try:
        yield
    except (StoreDown, IndexDown, BadPrompts, BadCards) as error:
        _fail(str(error))
    except ValidationError as error:
        _fail("\n".join(f"setting BROKERCOACH_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()))
    except ArgumentError:
        _fail("BROKERCOACH_DATABASE is not a database URL; take sqlite:////path/to/file.db or postgresql://user@host/name, or leave it out")
    except BrokenPipeError:
        # whoever read us has enough; Python flushes stdout once more at its end, and that must not fail as well
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except OSError as error:
        _fail(f"{error.filename or 'the output'}: {error.strerror}; make it writable and give it room, or choose another BROKERCOACH_HOME")


def _fail(message: str) -> NoReturn:
    sys.stderr.write(f"brokercoach: {message}\n")
    raise SystemExit(1)


def _settings() -> Settings:
    from bot.parts import set_up_logging
    from bot.settings import Settings

    settings = Settings()
    set_up_logging(settings.log)
    return settings


@contextmanager
def _store(settings: Settings) -> Iterator[Store]:
    from bot.parts import open_store

    store = open_store(settings)
    try:
        yield store
    finally:
        store.close()


def _out(row: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")


# --- talking


@app.command()
def chat(person: Annotated[str, typer.Option("--person", help="Whose chat it is, when several people share this machine.")] = "me") -> None:
    """Talk to the coach in this terminal. Everything is kept between two visits."""
    from adapters.terminal import Terminal
    from bot.parts import build, now, open_finder

    settings = _settings()
    with _store(settings) as store:
        finder = open_finder(settings)
        manager, library = build(finder, store)
        known = store.person_at("terminal", person)
        words = library.in_language(known.language if known else "en")
        terminal = Terminal(manager, words, person, now, building=lambda: finder.progress, note=lambda: finder.note)
        finder.start()
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            asyncio.run(_talk(terminal, finder))
        except KeyboardInterrupt:
            sys.stderr.write("\n")


async def _talk(terminal: Terminal, finder: LazyFinder) -> None:
    try:
        await terminal.run()
    finally:
        finder.let_go()  # here and not later: asyncio waits for its threads before it ends


@app.command()
def replay(
    script: Annotated[Path, typer.Argument(metavar="FILE.yaml")],
    as_json: Json = False,
    home: Annotated[Path | None, typer.Option("--home", help="Keep what is played there; otherwise it is thrown away.")] = None,
) -> None:
    """Play a scripted conversation on a virtual time, through the real manager, store and clock."""
    from adapters.replay import BadScript, Player, VirtualClock, read_script
    from bot.parts import build, open_store

    settings = _settings()
    try:
        played = read_script(script)
    except BadScript as error:
        _fail(str(error))
    finder = _finder(settings)
    with tempfile.TemporaryDirectory(prefix="brokercoach-") as thrown_away:
        clock = VirtualClock(played.start)
        place = settings.model_copy(update={"home": home or Path(thrown_away), "database": None, "key_file": None})
        store = open_store(place, clock)
        try:
            manager, _ = build(lambda: finder, store, clock)
            player = Player(played, manager, store, clock)
            asyncio.run(_play(player, as_json))
        finally:
            store.close()
    sys.stderr.writelines(f"{note}\n" for note in [*player.notes, *player.faults])
    if player.faults:
        raise SystemExit(1)


async def _play(player: Any, as_json: bool) -> None:
    async for line in player.play():
        if as_json:
            _out(line)
        else:
            _show(line)
    if as_json:
        _out(player.final())


def _show(line: dict[str, Any]) -> None:
    head = f"{line['at'][:16].replace('T', ' ')}  {line['who']} {'←' if line['direction'] == 'out' else '→'}"
    body = line["text"].replace("\n", "\n    ")
    sys.stdout.write(f"{head}\n    {body}\n")
    if line["choices"]:
        sys.stdout.write("    " + "  ".join(f"({n}) {label}" for n, label in enumerate(line["choices"], 1)) + "\n")
    for source in line["sources"]:
        sys.stdout.write(f"    · {source['card']}: {source['where']}\n")
    sys.stdout.write("\n")


# --- knowledge


@app.command()
def search(
    text: Annotated[str | None, typer.Argument(metavar="TEXT")] = None,
    k: Annotated[int | None, typer.Option("-k", min=1, max=50, help="How many at most. [default: 5, with --batch 10]")] = None,
    batch: Annotated[
        Path | None, typer.Option("--batch", metavar="FILE.jsonl", help='Rows of {"id","text"}; answers with ranked topics.')
    ] = None,
    as_json: Json = False,
) -> None:
    """Find what the cards say about something. Prints nothing where they are silent."""
    settings = _settings()
    if (text is None) == (batch is None):
        sys.stderr.write("brokercoach: search takes a TEXT, or --batch FILE.jsonl\n")
        raise SystemExit(2)
    rows = _rows(batch, {"id", "text"}) if batch else []
    finder = _finder(settings)
    for row in rows:
        ranking = finder.rank(str(row["text"]), k or 10)
        cards = [{"id": card, "score": round(score, 4)} for card, score in ranking.cards] if ranking.topics else []
        _out({"id": row["id"], "topics": list(ranking.topics), "cards": cards})
    for passage in finder.find(text, k=k or 5) if text is not None else ():
        first = passage.sources[0]
        where = f"{first.doc} {first.lines}: {first.where}"
        if as_json:
            _out(
                {
                    "card": passage.card,
                    "title": passage.title,
                    "topics": list(passage.topics),
                    "score": round(passage.score, 4),
                    "source": where,
                }
            )
        else:
            sys.stdout.write(f"{passage.score:.2f}  {passage.card}: {passage.title}\n      {', '.join(passage.topics)}\n      {where}\n")
    for quote in finder.quotes(text) if text is not None and not as_json else ():
        sys.stdout.write(f"{quote.score:.2f}  {quote.document}, {quote.where}\n      “{quote.text}”\n")


def _rows(path: Path, needed: set[str]) -> list[dict[str, Any]]:
    rows = []
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")  # splitlines() would split at what JSON allows within a text
    except (OSError, UnicodeDecodeError) as error:
        _fail(f"{path}: cannot be read ({type(error).__name__})")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            _fail(f"{path}: line {number} is not JSON")
        if not isinstance(row, dict) or needed - row.keys():
            _fail(f"{path}: line {number} needs the keys {', '.join(sorted(needed))}")
        rows.append(row)
    return rows


def _finder(settings: Settings) -> Any:
    """The knowledge, with a progress bar on stderr while its index is built."""
    from knowledge.search import Finder

    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _bar() as progress:
        finder = Finder.open(settings.home, settings.chroma, progress)
    if finder.fault:
        sys.stderr.write(f"brokercoach: {finder.fault}\n")
    if finder.missing:
        sys.stderr.write(
            f"brokercoach: searching by words alone, not by meaning; not installed: {', '.join(finder.missing)}. Install brokercoach[rag]\n"
        )
    return finder


@contextmanager
def _bar(what: str = "Reading the cards") -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None, visible=False)
        yield lambda done, everything: bar.update(task, completed=done, total=everything, visible=True)


@app.command()
def ingest(
    paths: Annotated[list[str] | None, typer.Argument(metavar="PATH...", help="Files and folders; with --remove names or sums.")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take documents out again.")] = False,
    listing: Annotated[bool, typer.Option("--list", help="Show what was taken in.")] = False,
    licence: Annotated[str, typer.Option("--licence", metavar="TEXT", help="What allows their use here; kept and shown by --list.")] = "",
    as_json: Json = False,
) -> None:
    """Take in documents of your own (PDF, DOCX, Markdown, text), so that they are quoted beside the cards."""
    from bot.parts import now
    from knowledge.documents import New, change, kept, root_of
    from knowledge.ingest import gather, named, open_embedder

    if listing == bool(paths) or (listing and remove):
        sys.stderr.write("brokercoach: ingest takes PATH..., --remove NAME_OR_SUM... or --list\n")
        raise SystemExit(2)
    settings = _settings()
    found = kept(root_of(settings.home))
    known = found.documents if found else ()
    if listing:
        for document in known:
            licence = document.licence or "no licence noted"
            about = (document.kind, f"{document.pieces} pieces", document.added, licence, document.sha256[:12])
            _row(asdict(document), f"{document.name}\n    {' · '.join(about)}", as_json)
        return
    new: list[New] = []
    gone, outcomes = named(paths or [], known) if remove else ([], [])
    if not remove:
        with _bar("Reading the files") as progress:
            new, outcomes = gather([Path(path) for path in paths or []], known, licence, now().date(), progress)
    if new or gone:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _bar("Indexing the pieces") as progress:
            change(settings.home, new, {document.sha256 for document in gone}, open_embedder(settings.home), settings.chroma, progress)
    for outcome in outcomes:
        if outcome.fate != "refused" or as_json:
            told = {"added": f"{outcome.pieces} pieces", "known": f"is there already, as {outcome.reason}", "removed": "removed"}
            _row(asdict(outcome), f"{outcome.name}: {told.get(outcome.fate)}", as_json)
        if outcome.fate == "refused":
            sys.stderr.write(f"brokercoach: {outcome.name}: {outcome.reason}\n")
    if any(outcome.fate == "refused" for outcome in outcomes):
        raise SystemExit(1)


def _row(row: dict[str, Any], said: str, as_json: bool) -> None:
    if as_json:
        _out(row)
    else:
        sys.stdout.write(f"{said}\n")


@app.command()
def evaluate(file: Annotated[Path, typer.Argument(metavar="FILE.jsonl")], as_json: Json = False) -> None:
    """Measure the search on messages with known answers: lexical, dense, fused and shipped, side by side."""
    from knowledge.evaluate import evaluate as measure
    from knowledge.evaluate import table

    rows = _rows(file, {"id", "text", "gold", "ok"})
    for row in rows:
        if not all(isinstance(row[key], list) and all(isinstance(topic, str) for topic in row[key]) for key in ("gold", "ok")):
            _fail(f"{file}: gold and ok of {row['id']} must be lists of topics")
    if not any(row["gold"] for row in rows):
        _fail(f"{file}: no message with a gold topic, so there is nothing to measure")
    report = measure(_finder(_settings()), rows)
    if as_json:
        _out(report.as_dict())
    else:
        sys.stdout.write(table(report))


@app.command()
def cards(
    as_json: Json = False,
    topics: Annotated[bool, typer.Option("--topics", help="List the topics that no card carries.")] = False,
) -> None:
    """Every knowledge card: its topics, phases, kind of broker and source."""
    import yaml

    from knowledge.card import load_cards
    from knowledge.lint import TOPICS

    loaded = load_cards()
    if topics:
        carried = {topic for card in loaded for topic in card.topics}
        for topic, label in yaml.safe_load(TOPICS.read_text(encoding="utf-8")).items():
            if topic not in carried:
                if as_json:
                    _out({"topic": topic, "label": label})
                else:
                    sys.stdout.write(f"{topic}: {label}\n")
        return
    for card in loaded:
        sources = [f"{source.doc} {source.lines}" for source in card.sources]
        if as_json:
            _out(
                {
                    "id": card.id,
                    "title": card.words["en"].title,
                    "topics": card.topics,
                    "phases": card.phases,
                    "broker": card.broker,
                    "source": sources,
                }
            )
        else:
            facets = ", ".join(card.phases) or "any phase"
            sys.stdout.write(
                f"{card.id}: {card.words['en'].title}\n    {', '.join(card.topics)} · {facets} · {card.broker} · {', '.join(sources)}\n"
            )


# --- prompts


@prompts_app.command("check")
def prompts_check() -> None:
    """Look for faults in guides and words; lists all of them at once."""
    from prompts.library import load_library

    library = load_library()
    sys.stderr.write(f"{len(library.guides)} guides, {len(library.words)} languages, no faults\n")


@prompts_app.command("draw")
def prompts_draw(guide: Annotated[str | None, typer.Argument(help="One guide; all of them without it.")] = None) -> None:
    """Draw guides as Mermaid flowcharts, from the data the dialogue runs."""
    from prompts.library import draw, load_library

    library = load_library()
    if guide is not None and guide not in library.guides:
        _fail(f"there is no guide {guide!r}; there are {', '.join(library.guides)}")
    for name in [guide] if guide else list(library.guides):
        sys.stdout.write(f"%% {name}\n{draw(library.guides[name], library.words['en'])}")


# --- keeping


app.command()(logbook.export)
app.command("import")(logbook.import_)
app.command()(logbook.verify)
app.command()(logbook.find)


@app.command()
def people(as_json: Json = False) -> None:
    """Who has a logbook here: ids and counts, no words of theirs."""
    with _store(_settings()) as store:
        for person in store.people():
            addresses = sorted(platform for platform, _ in store.addresses(person.id))
            entries = len(store.entries(person.id))
            if as_json:
                _out({"person": person.id, "platforms": addresses, "entries": entries})
            else:
                sys.stdout.write(f"{person.id}  {', '.join(addresses)}  {entries} entries\n")


@app.command()
def forget(person: PersonOption, yes: Annotated[bool, typer.Option("--yes", help="Really.")] = False) -> None:
    """Erase a person everywhere, with the key that opens their words; prints a receipt."""
    with _store(_settings()) as store:
        known = next((somebody for somebody in store.people() if somebody.id == person), None)
        if known is None:
            _fail(f"nobody here has the id {person}; `brokercoach people` lists the ids")
        if not yes:
            sys.stderr.write("brokercoach: this cannot be undone; say --yes if it is meant\n")
            raise SystemExit(2)
        _out({"forgotten": person, "rows": store.forget(known.id)})


@db_app.command("upgrade")
def db_upgrade() -> None:
    """Bring the database to this version of the program; every start does the same."""
    settings = _settings()
    with _store(settings):
        sys.stderr.write("the database is up to date\n")


@db_app.command("check")
def db_check() -> None:
    """Check the database and the key that opens it."""
    with _store(_settings()) as store:
        faults = store.check()
    sys.stderr.writelines(f"{fault}\n" for fault in faults)
    if faults:
        raise SystemExit(1)
    sys.stderr.write("all is well\n")


@app.command()
def doctor(as_json: Json = False) -> None:
    """Look at everything the coach needs, and name what is wrong with its remedy."""
    from bot.doctor import examine

    settings = _settings()
    with _bar() as progress:
        findings = examine(settings, progress)
    for finding in findings:
        if as_json:
            _out({"part": finding.part, "ok": finding.ok, "says": finding.says})
        else:
            sys.stdout.write(f"{'ok ' if finding.ok else 'BAD'}  {finding.part}: {finding.says}\n")
    if not all(finding.ok for finding in findings):
        raise SystemExit(1)


@app.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        sys.stdout.write(f"brokercoach {installed('brokercoach')}\n")
    except PackageNotFoundError:
        _fail("runs from a folder and is not installed, so it has no version; install it with: pip install --no-deps -e .")
