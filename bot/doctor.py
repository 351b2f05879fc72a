"""Looks at everything the coach needs and says what is wrong, with the remedy. Changes nothing but an empty home."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from tempfile import TemporaryFile

from bot.settings import Settings

LITTLE = 200 * 1024 * 1024  # bytes free below which a logbook with its index may run into a full disk


@dataclass(frozen=True, slots=True)
class Finding:
    part: str
    ok: bool
    says: str


def examine(settings: Settings, progress: Callable[[int, int], None] | None = None) -> list[Finding]:
    """`progress` is told (done, all) where an index has to be built."""
    looks: list[tuple[str, Callable[[Settings], str]]] = [
        ("prompts", _prompts),
        ("home", _home),
        ("logbook", _logbook),
        ("wall", _wall),
        ("post", _post),
        ("model", _model),
        ("voice", _voice),
        ("search", partial(_search, progress=progress)),
    ]
    if settings.telegram_token:
        looks.append(("telegram", _telegram))
    if settings.slack_bot_token or settings.slack_app_token or settings.slack_client_id:
        looks.append(("slack", _slack))
    return [_look(part, look, settings) for part, look in looks]


def _look(part: str, look: Callable[[Settings], str], settings: Settings) -> Finding:
    from bot.door import Refused
    from knowledge.card import BadCards
    from knowledge.index import IndexDown
    from prompts.library import BadPrompts
    from storage.faults import StoreDown

    try:
        return Finding(part, True, look(settings))
    except (StoreDown, IndexDown, BadCards, BadPrompts, Refused) as error:
        return Finding(part, False, str(error))
    except OSError as error:
        return Finding(
            part,
            False,
            f"{error.filename or settings.home}: {error.strerror}; make it writable for you, or choose another BROKERCOACH_HOME",
        )


def _slack(settings: Settings) -> str:
    from bot.door import Refused
    from bot.parts import slack_account

    try:
        from adapters.slack_checkup import faults
    except ImportError:
        raise Refused("a token is set and its library is not there; install brokercoach[slack]") from None
    account = slack_account(settings)
    installed = {} if account.bot_token else _workspaces(settings)
    if found := asyncio.run(faults(account, installed)):
        raise Refused("; ".join(found))
    by = "Socket Mode" if account.app_token else "signed requests"
    return f"by {by}" if account.bot_token else f"by {by}, in {len(installed)} workspaces"


def _workspaces(settings: Settings) -> dict[str, str | None]:
    """The tokens of those that installed the coach; None for one that cannot be read."""
    from bot.parts import open_store
    from storage.faults import Unreadable

    store = open_store(settings)
    tokens: dict[str, str | None] = {}
    try:
        for team in store.slack_teams():
            try:
                tokens[team] = store.slack_token(team)
            except Unreadable:
                tokens[team] = None
        return tokens
    finally:
        store.close()


def _prompts(settings: Settings) -> str:
    from prompts.own import load_with_own

    library = load_with_own(settings.guides_path)
    return f"{len(library.guides)} guides, languages: {', '.join(library.words)}"


def _home(settings: Settings) -> str:
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with TemporaryFile(dir=settings.home):  # the rights alone do not tell: a disk can be read-only as a whole
        free = shutil.disk_usage(settings.home).free
    if free < LITTLE:
        raise OSError(28, f"only {free // 2**20} MB are free on its disk", str(settings.home))
    return f"{settings.home}, {free // 2**20} MB free"


def _logbook(settings: Settings) -> str:
    from bot.parts import open_store
    from storage.faults import StoreDown

    store = open_store(settings)
    try:
        if faults := store.check():
            raise StoreDown("; ".join(faults))
        return f"{len(store.people())} people; keep a copy of {settings.key_path} apart from the database: without it nothing can be read"
    finally:
        store.close()


def _wall(settings: Settings) -> str:
    """The second wall between people, beside every question's own; PostgreSQL has one."""
    from bot.parts import open_store
    from storage.faults import StoreDown

    store = open_store(settings)
    try:
        if gaps := store.gaps():
            raise StoreDown("; ".join(gaps))
    finally:
        store.close()
    postgres = settings.database_url.startswith("postgres")
    return "row-level security keeps people apart" if postgres else "every question names one person; row-level security is PostgreSQL's"


def _voice(settings: Settings) -> str:
    """Asks nobody, as for the model."""
    from bot.parts import now, open_store
    from bot.transcribing import missing, open_transcriber
    from storage.faults import StoreDown

    transcriber = open_transcriber(settings)
    if transcriber is None:
        return "voice notes are not listened to"
    if wanted := missing(settings):
        raise StoreDown(f"BROKERCOACH_TRANSCRIBE is {settings.transcribe} and its library is not installed: install {wanted}")
    store = open_store(settings)
    try:
        month = now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        limit = f" of {settings.transcribe_budget_month}" if settings.transcribe_budget_month is not None else ""
        used = f"{store.spent(month, what='seconds')}{limit} seconds this month"
        return f"voice notes are listened to {f'at {transcriber.host}' if transcriber.host else 'on this machine'}; {used}"
    finally:
        store.close()


def _model(settings: Settings) -> str:
    """Asks nobody: looking is free, and a provider would count it."""
    from importlib.util import find_spec

    from bot.llm import hosts, open_models
    from bot.parts import now, open_store
    from storage.faults import StoreDown

    models = open_models(settings)
    if not models:
        return "none; everything works without one"
    if any(find_spec(name) is None for name in ("langchain", "langchain_openai", "spellchecker")):
        raise StoreDown("BROKERCOACH_MODEL is set and a library is missing: install brokercoach[llm], or leave the setting out")
    store = open_store(settings)
    try:
        month = now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        agreed = sum(store.consents(person.id).get("model", False) for person in store.people())
        limit = f" of {settings.model_budget_month}" if settings.model_budget_month is not None else ""
        return f"{settings.model} at {hosts(models)}; {agreed} people agreed to it; {store.spent(month)}{limit} tokens this month"
    finally:
        store.close()


def _post(settings: Settings) -> str:
    """Counts alone: what waits, what was given up on, and whom nobody reaches."""
    from bot.parts import now, open_store

    store = open_store(settings)
    try:
        stands = store.standing()
    finally:
        store.close()
    waits = f"{stands.undone} messages wait for their turn"
    if stands.oldest:
        waits += f", the oldest for {max(0, round((now() - stands.oldest).total_seconds()))} s"
    return (
        f"{waits}; {stands.set_aside} were set aside; {stands.unsent} letters are unsent, {stands.uncertain} uncertain, "
        f"{stands.let_go} let go; {stands.unreachable} addresses unreachable"
    )


def _search(settings: Settings, progress: Callable[[int, int], None] | None) -> str:
    from knowledge.index import IndexDown
    from knowledge.search import Finder

    finder = Finder.open(settings.home, settings.chroma, progress)
    if finder.missing:
        return f"by words alone; for meaning install brokercoach[rag] (missing: {', '.join(finder.missing)})"
    if finder.fault:
        raise IndexDown(finder.fault)
    return "by words and by meaning"


def _telegram(settings: Settings) -> str:
    from bot.door import Refused

    try:
        from adapters.telegram import base_url, secret_for
        from adapters.telegram_checkup import checkup
    except ImportError:
        raise Refused("a token is set and its library is not there; install brokercoach[telegram]") from None
    token = settings.telegram_token.get_secret_value().strip() if settings.telegram_token else ""
    secret_for(token, settings.telegram_secret.get_secret_value() if settings.telegram_secret else None)
    return asyncio.run(checkup(token, base_url(token, settings.telegram_api), settings.telegram_webhook))
