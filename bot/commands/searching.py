"""Commands about the knowledge: searching it, measuring it, adding to it."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.ground import Json, bar, fail, finder_of, out, row_out, rows_of, settings_of


def search(
    text: Annotated[str | None, typer.Argument(metavar="TEXT")] = None,
    k: Annotated[int | None, typer.Option("-k", min=1, max=50, help="How many at most. [default: 5, with --batch 10]")] = None,
    batch: Annotated[
        Path | None, typer.Option("--batch", metavar="FILE.jsonl", help='Rows of {"id","text"}; answers with ranked topics.')
    ] = None,
    as_json: Json = False,
) -> None:
    """Find what the cards say about something. Prints nothing where they are silent."""
    settings = settings_of()
    if (text is None) == (batch is None):
        sys.stderr.write("brokercoach: search takes a TEXT, or --batch FILE.jsonl\n")
        raise SystemExit(2)
    rows = rows_of(batch, {"id", "text"}) if batch else []
    finder = finder_of(settings)
    for row in rows:
        ranking = finder.rank(str(row["text"]), k or 10)
        cards = [{"id": card, "score": round(score, 4)} for card, score in ranking.cards] if ranking.topics else []
        out({"id": row["id"], "topics": list(ranking.topics), "cards": cards})
    for passage in finder.find(text, k=k or 5) if text is not None else ():
        first = passage.sources[0]
        where = f"{first.doc} {first.lines}: {first.where}"
        if as_json:
            out(
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
    settings = settings_of()
    found = kept(root_of(settings.home))
    known = found.documents if found else ()
    if listing:
        for document in known:
            licence = document.licence or "no licence noted"
            about = (document.kind, f"{document.pieces} pieces", document.added, licence, document.sha256[:12])
            row_out(asdict(document), f"{document.name}\n    {' · '.join(about)}", as_json)
        return
    new: list[New] = []
    gone, outcomes = named(paths or [], known) if remove else ([], [])
    if not remove:
        with bar("Reading the files") as progress:
            new, outcomes = gather([Path(path) for path in paths or []], known, licence, now().date(), progress)
    if new or gone:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        with bar("Indexing the pieces") as progress:
            change(settings.home, new, {document.sha256 for document in gone}, open_embedder(settings.home), settings.chroma, progress)
    for outcome in outcomes:
        if outcome.fate != "refused" or as_json:
            told = {"added": f"{outcome.pieces} pieces", "known": f"is there already, as {outcome.reason}", "removed": "removed"}
            row_out(asdict(outcome), f"{outcome.name}: {told.get(outcome.fate)}", as_json)
        if outcome.fate == "refused":
            sys.stderr.write(f"brokercoach: {outcome.name}: {outcome.reason}\n")
    if any(outcome.fate == "refused" for outcome in outcomes):
        raise SystemExit(1)


def evaluate(file: Annotated[Path, typer.Argument(metavar="FILE.jsonl")], as_json: Json = False) -> None:
    """Measure the search on messages with known answers: lexical, dense, fused and shipped, side by side."""
    from knowledge.evaluate import evaluate as measure
    from knowledge.evaluate import table

    rows = rows_of(file, {"id", "text", "gold", "ok"})
    for row in rows:
        if not all(isinstance(row[key], list) and all(isinstance(topic, str) for topic in row[key]) for key in ("gold", "ok")):
            fail(f"{file}: gold and ok of {row['id']} must be lists of topics")
    if not any(row["gold"] for row in rows):
        fail(f"{file}: no message with a gold topic, so there is nothing to measure")
    report = measure(finder_of(settings_of()), rows)
    if as_json:
        out(report.as_dict())
    else:
        sys.stdout.write(table(report))


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
                    out({"topic": topic, "label": label})
                else:
                    sys.stdout.write(f"{topic}: {label}\n")
        return
    for card in loaded:
        sources = [f"{source.doc} {source.lines}" for source in card.sources]
        if as_json:
            out(
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
