"""The composition root: the one place that knows every part and puts them together."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bot.detector import open_detector
from bot.manager import Finder, Manager
from bot.settings import Settings
from bot.tongue import Guess
from prompts.library import Library, load_library
from storage.store import Store

if TYPE_CHECKING:
    from bot.advising import Adviser
    from bot.pseudonyms import Tells
    from prompts.book import Book


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
        from knowledge.index import IndexDown
        from knowledge.search import Finder as Search

        try:
            search = Search.open(settings.home, settings.chroma, progress)
        except IndexDown as error:
            lazy.note = f"searching by words alone: {error}"
            return Search.by_words(home=settings.home)
        if search.missing:
            lazy.note = f"searching by words alone; for meaning install brokercoach[rag] (missing: {', '.join(search.missing)})"
        elif search.fault:
            lazy.note = search.fault
        return search

    lazy = LazyFinder(open_it)
    return lazy


def open_store(settings: Settings, clock: Callable[[], datetime] = now) -> Store:
    """Raises StoreDown with its remedy."""
    return Store.open(settings.database_url, settings.key_path, clock)


def build(
    finder: Callable[[], Finder],
    store: Store,
    clock: Callable[[], datetime] = now,
    settings: Settings | None = None,
    works: int | None = None,
) -> tuple[Manager, Library]:
    """With settings that name a language model, it may word replies for whoever agrees to that. `works`: how often, before it fails."""
    library, guess = load_library(), open_detector()
    adviser = open_adviser(settings, store, library, guess, clock, works) if settings and settings.model else None
    return Manager(library, store, finder, clock, guess, adviser), library


def open_adviser(
    settings: Settings, store: Store, library: Library, guess: Guess | None, clock: Callable[[], datetime] = now, works: int | None = None
) -> Adviser:
    """Its libraries and its vocabulary are loaded in the background, so that the first reply need not wait for them."""
    from bot.advising import Adviser, Limits
    from bot.llm import FailsAfter, open_models
    from prompts.book import load_book

    book, models = load_book(), open_models(settings)
    if works is not None:
        models = tuple(FailsAfter(model, works) for model in models)
    tells = Vocabulary(library, book)
    threading.Thread(target=_warm, args=(tells, models), name="model", daemon=True).start()
    return Adviser(models, store, library, book, tells, clock, Limits(settings.model_budget, settings.model_budget_month), guess)


def _warm(tells: Vocabulary, models: Sequence[Any]) -> None:
    tells()
    for model in models:
        with suppress(Exception):  # whoever asks it is told
            if opens := getattr(model, "open", None):
                opens()


class Vocabulary:
    """The words of our own texts, by language, from which names are told apart; read once. May block."""

    def __init__(self, library: Library, book: Book) -> None:
        self._library = library
        self._book = book
        self._reading = threading.Lock()
        self._read: dict[str, Tells] | None = None

    def __call__(self) -> Mapping[str, Tells]:
        with self._reading:
            if self._read is None:
                self._read = self._tells()
            return self._read

    def _tells(self) -> dict[str, Tells]:
        from bot.pseudonyms import Tells
        from bot.wording import texts_in
        from knowledge.card import load_cards
        from prompts.book import ordinary_words

        cards, found = load_cards(), {}
        for language, bounds in self._book.bounds.items():
            texts = texts_in([card.words[language].model_dump(mode="json") for card in cards if language in card.words])
            texts += texts_in(self._library.in_language(language).model_dump(mode="json"))
            sets = (bounds.before_others, bounds.doubtful, bounds.common)
            found[language] = Tells(ordinary_words(texts), *map(frozenset, sets))
        return found


def set_up_logging(form: str) -> None:
    """Warnings and errors of our own to stderr; libraries that would log requests are kept quiet."""
    shape = (
        '{"at":"%(asctime)s","level":"%(levelname)s","from":"%(name)s","what":"%(message)s"}'
        if form == "json"
        else "%(levelname)s %(name)s: %(message)s"
    )
    logging.basicConfig(level=logging.WARNING, format=shape)
    for chatty in ("httpx", "httpcore", "httpx2", "httpcore2", "openai", "langsmith", "chromadb", "asyncio", "sqlalchemy"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
