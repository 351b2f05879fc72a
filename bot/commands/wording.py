"""Commands about the guides, the words, and what was said with them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.ground import fail, settings_of

if TYPE_CHECKING:
    from prompts.library import Library

prompts = typer.Typer(help="The guides and the words.", no_args_is_help=True)


def _library(home: Path | None = None, *, checked: bool = False) -> Library:
    """The shipped prompts with the operator's own guides."""
    from prompts.own import load_with_own

    return load_with_own(home / "guides" if home else settings_of().guides_path, checked=checked)


@prompts.command("check")
def prompts_check(
    home: Annotated[Path | None, typer.Option("--home", help="Whose own guides are looked at; otherwise those of the settings.")] = None,
) -> None:
    """Look for faults in guides and words, the operator's own among them; lists all of them at once."""
    library = _library(home, checked=True)
    sys.stderr.write(f"{len(library.guides)} guides, {len(library.words)} languages, no faults\n")


@prompts.command("draw")
def prompts_draw(guide: Annotated[str | None, typer.Argument(help="One guide; all of them without it.")] = None) -> None:
    """Draw guides as Mermaid flowcharts, from the data the dialogue runs."""
    from prompts.drawing import draw

    library = _library()
    if guide is not None and guide not in library.guides:
        fail(f"there is no guide {guide!r}; there are {', '.join(library.guides)}")
    for name in [guide] if guide else list(library.guides):
        sys.stdout.write(f"%% {name}\n{draw(library.guides[name], library.words['en'])}")
