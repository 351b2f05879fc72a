"""Commands about the guides and the words."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from bot.commands.ground import fail

prompts = typer.Typer(help="The guides and the words.", no_args_is_help=True)


@prompts.command("check")
def prompts_check() -> None:
    """Look for faults in guides and words; lists all of them at once."""
    from prompts.library import load_library

    library = load_library()
    sys.stderr.write(f"{len(library.guides)} guides, {len(library.words)} languages, no faults\n")


@prompts.command("draw")
def prompts_draw(guide: Annotated[str | None, typer.Argument(help="One guide; all of them without it.")] = None) -> None:
    """Draw guides as Mermaid flowcharts, from the data the dialogue runs."""
    from prompts.library import draw, load_library

    library = load_library()
    if guide is not None and guide not in library.guides:
        fail(f"there is no guide {guide!r}; there are {', '.join(library.guides)}")
    for name in [guide] if guide else list(library.guides):
        sys.stdout.write(f"%% {name}\n{draw(library.guides[name], library.words['en'])}")
