"""The composition root: the one place that knows every part and puts them together."""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from bot.detector import open_detector
from bot.door import Door
from bot.manager import Finder, Manager, origin
from bot.model import VoiceNote
from bot.printing import forms_here, press_of
from bot.settings import Settings
from bot.tongue import Guess
from prompts.library import Library
from prompts.own import load_with_own
from storage.store import Store

if TYPE_CHECKING:
    from adapters.slack_calls import Account
    from bot.advising import Adviser
    from bot.listening import Ear
    from bot.pseudonyms import Tells
    from prompts.book import Book, Other

USUAL = (
    2e-6  # of all words; in pyspellchecker's lists, which were counted in lower case, names are rarer than that but for some that we list
)
log = logging.getLogger(__name__)
_TOKEN = re.compile(r"(?<!\d)\d{5,}:[\w-]{30,}|\b(?:xox[a-z]|xapp|sk)-[\w-]{8,}")


def now() -> datetime:
    return datetime.now(UTC)


class Left(BaseException):
    """Whoever waited for the knowledge has gone. Not an Exception: the turn that waited is not answered now but at the next start."""


class LazyFinder:
    """Opens the knowledge in the background, so that nobody waits for it before it is needed. Calling it gives the finder.

    `note` says, once it is open, why it is less than it could be; else None.
    """

    def __init__(self, open_it: Callable[[Callable[[int, int], None]], Finder]) -> None:
        self._open_it = open_it
        self._found: Future[Finder] = Future()
        self._started = threading.Lock()
        self._thread: threading.Thread | None = None
        self.progress: tuple[int, int] | None = None
        self.note: str | None = None

    def start(self) -> None:
        with self._started:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="knowledge", daemon=True)
                self._thread.start()

    def __call__(self) -> Finder:
        """The finder, once it is open. Raises what opening it raised."""
        self.start()
        return self._found.result()

    async def opened(self) -> None:
        """Returns once the knowledge is open, or known not to open."""
        self.start()
        with suppress(Exception, Left):
            await asyncio.shield(asyncio.wrap_future(self._found))

    def let_go(self) -> None:
        """Ends the wait of whoever still waits, so that leaving does not last as long as building an index."""
        with suppress(InvalidStateError):
            self._found.set_exception(Left())

    def _run(self) -> None:
        try:
            finder = self._open_it(self._tell)
            with suppress(InvalidStateError):
                self._found.set_result(finder)
        except Exception as error:  # noqa: BLE001 - handed to whoever asks for the finder
            with suppress(InvalidStateError):
                self._found.set_exception(error)
        finally:
            self.progress = None

    def _tell(self, done: int, everything: int) -> None:
        self.progress = (done, everything)


def open_finder(settings: Settings) -> LazyFinder:
    """The knowledge for a chat. An index that can be neither read nor built stops nobody: the search is then by words alone."""

    def open_it(progress: Callable[[int, int], None]) -> Finder:
        from knowledge.card import BadCards
        from knowledge.index import IndexDown
        from knowledge.search import Finder as Search

        try:
            search = Search.open(settings.home, settings.chroma, progress)
        except IndexDown as error:
            lazy.note = f"searching by words alone: {error}"
            return Search.by_words(home=settings.home)
        except BadCards:
            raise
        except Exception as error:  # noqa: BLE001 - a fault of a library in opening must not silence the coach
            what = f"{type(error).__name__} at {origin(error)}"
            log.error("the index cannot be opened: %s; searching by words alone", what)  # noqa: TRY400
            lazy.note = (
                "searching by words alone: the index cannot be opened; delete the folder index in BROKERCOACH_HOME, it is built anew"
            )
            return Search.by_words(home=settings.home)
        search.read_on()
        if search.missing:
            lazy.note = f"searching by words alone; for meaning install brokercoach[rag] (missing: {', '.join(search.missing)})"
        elif search.fault:
            lazy.note = search.fault
        return search

    lazy = LazyFinder(open_it)
    return lazy


def open_store(settings: Settings, clock: Callable[[], datetime] = now) -> Store:
    """Raises StoreDown with its remedy."""
    return Store.open(settings.database_url, settings.key_path, clock, settings.retention)


def build(
    finder: Callable[[], Finder],
    store: Store,
    settings: Settings,
    clock: Callable[[], datetime] = now,
    works: int | None = None,
    ear: Ear | None = None,
) -> tuple[Manager, Library]:
    """With settings that name a language model, it may word replies for whoever agrees to that. `works`: how often, before it fails.
    `ear` listens to voice notes in the place of whom settings name.

    Raises BadPrompts where a guide of the operator's own has a fault.
    """
    from prompts.book import load_book

    library, guess, book = load_with_own(settings.guides_path), open_detector(), load_book()
    tells = Vocabulary(library, book)
    adviser = open_adviser(settings, store, library, tells, book, guess, clock, works) if settings.model else None
    ear = ear or open_ear(settings, store, clock)
    return Manager(library, store, finder, clock, guess, adviser, tells.names_in, ear, forms_here()), library


def open_adviser(
    settings: Settings,
    store: Store,
    library: Library,
    tells: Vocabulary,
    book: Book,
    guess: Guess | None,
    clock: Callable[[], datetime] = now,
    works: int | None = None,
) -> Adviser:
    """Its libraries and its vocabulary are loaded in the background, so that the first reply need not wait for them."""
    from bot.advising import Adviser
    from bot.budget import Limits
    from bot.llm import FailsAfter, open_models

    models = open_models(settings)
    if works is not None:
        models = tuple(FailsAfter(model, works) for model in models)
    threading.Thread(target=_warm, args=(tells, models), name="model", daemon=True).start()
    limits = Limits(settings.model_budget, settings.model_budget_month)
    return Adviser(models, store, library, book, tells, clock, limits, guess, uses=settings.model_for.split(","))


def open_ear(settings: Settings, store: Store, clock: Callable[[], datetime] = now) -> Ear | None:
    """Whoever listens to voice notes; None where settings name nobody. A platform's library is loaded when its first note is fetched."""
    from bot.budget import Limits
    from bot.listening import PATIENCE, Ear, Fetch
    from bot.transcribing import open_transcriber

    transcriber = open_transcriber(settings)
    if transcriber is None:
        return None

    @lru_cache(maxsize=1)
    def telegram() -> Fetch:
        from adapters.telegram_voice import TelegramVoices

        token = settings.telegram_token
        return TelegramVoices(token.get_secret_value().strip() if token else "", settings.telegram_api).fetch

    @lru_cache(maxsize=1)
    def slack() -> Fetch:
        from adapters.slack_calls import Calls
        from adapters.slack_voice import SlackVoices

        account = slack_account(settings)
        return SlackVoices(Calls(account, store, now), account.api).fetch

    async def from_telegram(note: VoiceNote, most: int) -> bytes:
        return await telegram()(note, most)

    async def from_slack(note: VoiceNote, most: int) -> bytes:
        return await slack()(note, most)

    limits = Limits(settings.transcribe_budget, settings.transcribe_budget_month)
    return Ear(transcriber, {"telegram": from_telegram, "slack": from_slack}, store, PATIENCE, limits, clock)


def _warm(tells: Vocabulary, models: Sequence[Any]) -> None:
    tells()
    for model in models:
        with suppress(Exception):  # whoever asks it is told
            if opens := getattr(model, "open", None):
                opens()


_NAMES = {"hear": {"doings": {"names"}}}  # first names, by which a doing is heard: in no language are they ordinary words


class Vocabulary:
    """The words of our own texts, by language, from which names are told apart; read once. May block."""

    def __init__(self, library: Library, book: Book) -> None:
        self._library = library
        self._book = book
        self._reading = threading.Lock()
        self._read: _Read | None = None

    def __call__(self) -> Mapping[str, Tells]:
        with self._reading:
            if self._read is None:
                self._read = _Read(self._tells(), self._book.others)
            return self._read

    def names_in(self, text: str, language: str, told: Sequence[str]) -> Sequence[str]:
        """What in a text is plainly a name. May block."""
        from bot.pseudonyms import names_in

        return names_in(text, self()[language], told)

    def _tells(self) -> dict[str, Tells]:
        from bot.pseudonyms import Tells
        from bot.wording import texts_in
        from knowledge.card import load_cards
        from prompts.book import ordinary_words

        cards, found = load_cards(), {}
        for language, bounds in self._book.bounds.items():
            texts = texts_in([card.words[language].model_dump(mode="json") for card in cards if language in card.words])
            texts += texts_in(self._library.in_language(language).model_dump(mode="json", exclude=_NAMES))
            before, doubtful, common = map(frozenset, (bounds.before_others, bounds.doubtful, bounds.common))
            found[language] = Tells(ordinary_words(texts), _dictionary(language), before, doubtful, common)
        return found


class _Read(dict[str, "Tells"]):
    """The languages that the coach speaks; others are read when the first message in one comes."""

    def __init__(self, tells: Mapping[str, Tells], others: Mapping[str, Other]) -> None:
        super().__init__(tells)
        self._others = others

    def __missing__(self, language: str) -> Tells:
        from bot.pseudonyms import Tells

        other = self._others[language]
        names = {lead + name for name in other.names for lead in ("", *other.leads)}
        words = (_usual(language) | other.spelt()) - names
        self[language] = Tells(words, doubtful=frozenset({*names, *other.doubtful}), capitals=other.capitals)
        return self[language]


def _usual(language: str) -> frozenset[str]:
    """The words of a language that are usual enough to be no names, flat; none where the library or its dictionary is not there."""
    from bot.spelling import flat

    counted: Counter[str] = Counter()
    with suppress(ImportError, ValueError):
        from spellchecker import SpellChecker

        told = SpellChecker(language=language, distance=1).word_frequency
        for word in told.words():
            counted[flat(word)] += told[word]
    least = USUAL * counted.total()
    return frozenset(word for word, times in counted.items() if times >= least)


def _dictionary(language: str) -> frozenset[str]:
    """The words of a language, flat; none where the library or its dictionary is not there."""
    from bot.spelling import flat

    try:
        from spellchecker import SpellChecker
    except ImportError:
        return frozenset()
    try:
        return frozenset(flat(word) for word in SpellChecker(language=language, distance=1).word_frequency.words())
    except ValueError:
        return frozenset()


def slack_account(settings: Settings) -> Account:
    from adapters.slack_calls import API, Account

    def secret(value: SecretStr | None) -> str | None:
        return value.get_secret_value().strip() if value else None

    return Account(
        bot_token=secret(settings.slack_bot_token),
        app_token=secret(settings.slack_app_token),
        signing_secret=secret(settings.slack_signing_secret),
        client_id=settings.slack_client_id,
        client_secret=secret(settings.slack_client_secret),
        api=settings.slack_api or API,
    )


def doors(settings: Settings, library: Library, manager: Manager, store: Store, clock: Callable[[], datetime] = now) -> list[Door]:
    """The platforms that are configured. Raises Refused where a setting cannot be right, ImportError where its library is not installed."""
    found: list[Door] = []
    press = press_of(store, library, clock)
    if settings.telegram_token:
        from adapters.telegram import Telegram

        found.append(
            Telegram(
                settings.telegram_token.get_secret_value().strip(),
                library.words,
                api=settings.telegram_api,
                webhook=settings.telegram_webhook,
                secret=settings.telegram_secret.get_secret_value() if settings.telegram_secret else None,
                press=press,
            )
        )
    if settings.slack_bot_token or settings.slack_client_id:
        from adapters.slack import Slack

        found.append(Slack(slack_account(settings), library, partial(manager.overview, "slack"), clock, store, press=press))
    return found


class Blotted(logging.Filter):
    """Blots out what looks like a token, whoever logs it: a Telegram bot's is part of every address of the Bot API."""

    def filter(self, record: logging.LogRecord) -> bool:
        with suppress(TypeError, ValueError):  # a line that cannot be put together is logging's own to complain about
            record.msg, record.args = _TOKEN.sub("***", record.getMessage()), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        record.exc_text = _TOKEN.sub("***", record.exc_text) if record.exc_text else record.exc_text
        return True


def set_up_logging(form: str) -> None:
    """Warnings and errors of our own to stderr; libraries that would log requests are kept quiet."""
    shape = (
        '{"at":"%(asctime)s","level":"%(levelname)s","from":"%(name)s","what":"%(message)s"}'
        if form == "json"
        else "%(levelname)s %(name)s: %(message)s"
    )
    logging.basicConfig(level=logging.WARNING, format=shape)
    for handler in logging.getLogger().handlers:
        handler.addFilter(Blotted())
    for chatty in ("httpx", "httpcore", "httpx2", "httpcore2", "openai", "langsmith", "chromadb", "asyncio", "sqlalchemy"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    for hopeless in ("procrastinate", "psycopg.pool"):  # they log every lost connection, with a traceback; ours say it once
        logging.getLogger(hopeless).setLevel(logging.CRITICAL)
