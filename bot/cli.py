"""The program: its commands put together, and its errors told. Exit codes are 0 done, 1 failed, 2 wrong usage.

Everything heavy is imported by the command that needs it: `--help` stays quick.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from bot.commands import keeping, logbook, mentoring, playing, searching, talking, wording
from bot.commands.ground import fail

app = typer.Typer(
    name="brokercoach",
    help="A coach for partnership brokers: daily reflection, a private logbook, and guidance with its sources.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    *(talking.chat, talking.serve, playing.replay, playing.review),
    *(searching.search, searching.ingest, searching.evaluate, searching.cards),
    *(keeping.people, keeping.forget, keeping.doctor, keeping.version),
    *(logbook.export, logbook.verify, logbook.find),
):
    app.command()(command)
app.command("import")(logbook.import_)
app.add_typer(wording.prompts, name="prompts")
app.add_typer(keeping.db, name="db")
app.add_typer(keeping.keys, name="keys")
app.add_typer(mentoring.mentor, name="mentor")

KNOWLEDGE = "knowledge"  # the name of the thread that opens it


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
        fail(str(error))
    except ValidationError as error:
        fail("\n".join(f"setting BROKERCOACH_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()))
    except ArgumentError:
        fail("BROKERCOACH_DATABASE is not a database URL; take sqlite:////path/to/file.db or postgresql://user@host/name, or leave it out")
    except BrokenPipeError:
        # whoever read us has enough; Python flushes stdout once more at its end, and that must not fail as well
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except OSError as error:
        fail(f"{error.filename or 'the output'}: {error.strerror}; make it writable and give it room, or choose another BROKERCOACH_HOME")
