"""The one door to language models: langchain's, opened only when a model is set up, and nothing else behind it.

Whatever a library would tell others of its own accord is switched off before it is imported: tracing to LangSmith, capturing of contents
by OpenTelemetry, debug logs of requests. Proxies named in the environment are not followed, because people agreed to one host.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError

from bot.settings import Settings
from bot.wording import Wording, tokens_in

TIMEOUT = 20.0  # seconds for one answer; the SDK's own default is 600, three times over
RETRIES = 1
LONGEST_ANSWER = 20_000  # characters; an answer that we would show has less than a tenth
ANSWER_TOKENS = 900
OPENAI = "https://api.openai.com/v1"

_QUIET = {
    "LANGSMITH_TRACING": "false",
    "LANGSMITH_TRACING_V2": "false",
    "LANGCHAIN_TRACING": "false",
    "LANGCHAIN_TRACING_V2": "false",
    "LANGSMITH_OTEL_ENABLED": "false",
    "LANGCHAIN_VERBOSE": "false",
    "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "false",
    "TRACELOOP_TRACE_CONTENT": "false",
}
_LOUD = ("OPENAI_LOG", "OPENAI_PROXY", "LANGCHAIN_DEBUG")
_TALKATIVE = ("openai", "httpx", "httpx2", "httpcore", "httpcore2", "langchain", "langchain_core", "langchain_openai", "langsmith")


def keep_quiet() -> None:
    os.environ.update(_QUIET)
    for name in _LOUD:
        os.environ.pop(name, None)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL)


keep_quiet()


class ModelDown(Exception):
    """The model gave no answer that can be used. The text names the kind of trouble, never what was said."""


class Answer(NamedTuple):
    """`value` is None when the answer has another shape than was asked for; `raw` is what came, to be named back to the model."""

    value: BaseModel | None
    raw: str = ""
    tokens: int = 0


class Turns(NamedTuple):
    """What is sent: instructions, data, and after a first answer that answer and what is wrong with it."""

    told: str
    data: str
    answer: str = ""
    again: str = ""

    @property
    def tokens(self) -> int:
        return sum(map(tokens_in, self))


class Model(Protocol):
    """One provider. `host` is what the person agreed to."""

    @property
    def host(self) -> str: ...

    async def ask(self, turns: Turns, shape: type[BaseModel] = Wording) -> Answer: ...


@dataclass
class Langchain:
    """A model by langchain's `init_chat_model`. Its libraries are loaded on first use, in a thread."""

    name: str
    host: str
    base: str | None
    key: str | None = field(repr=False, default=None)
    timeout: float = TIMEOUT
    _opened: Any = field(default=None, repr=False)
    _opening: threading.Lock = field(default_factory=threading.Lock, repr=False)

    async def ask(self, turns: Turns, shape: type[BaseModel] = Wording) -> Answer:
        """Raises ModelDown, whatever went wrong."""
        try:
            async with asyncio.timeout(self.timeout):
                chat = await asyncio.to_thread(self.open)
                return await self._ask(chat, turns, shape)
        except TimeoutError:
            raise ModelDown("no answer in time") from None
        except ModelDown:
            raise
        except Exception as error:  # noqa: BLE001 - SDKs raise bare JSON errors on garbage; their texts may quote what was said
            raise ModelDown(type(error).__name__) from None

    def open(self) -> Any:
        """The chat model, made once. Raises ModelDown when its library is not installed."""
        with self._opening:
            if self._opened is None:
                self._opened = self._open()
            return self._opened

    def _open(self) -> Any:
        try:
            from langchain.chat_models import init_chat_model
        except ImportError:
            raise ModelDown("not installed: install brokercoach[llm]") from None
        keep_quiet()  # once more: their own imports may have spoken meanwhile
        more: dict[str, Any] = {"timeout": self.timeout, "max_retries": RETRIES, "max_tokens": ANSWER_TOKENS}
        if self.base:
            more["base_url"] = self.base
        if not self._is_openai:
            if self.key:
                more["api_key"] = self.key
            return init_chat_model(self.name, **more)
        import openai

        more |= {
            "api_key": self.key or "none",
            "use_responses_api": False,
            "http_client": openai.DefaultHttpxClient(trust_env=False),
            "http_async_client": openai.DefaultAsyncHttpxClient(trust_env=False),
        }
        return init_chat_model(self.name, **more)

    def _shaped(self, chat: Any, shape: type[BaseModel]) -> Any:
        if not self._is_openai:
            return chat.with_structured_output(shape, include_raw=True)
        told = {"name": shape.__name__.lower(), "strict": True, "schema": shape.model_json_schema()}
        return chat.bind(response_format={"type": "json_schema", "json_schema": told})

    @property
    def _is_openai(self) -> bool:
        return self.name.partition(":")[0] == "openai"

    async def _ask(self, chat: Any, turns: Turns, shape: type[BaseModel]) -> Answer:
        from langsmith import tracing_context

        messages = [("system", turns.told), ("human", turns.data)]
        if turns.again:
            messages += [("ai", turns.answer), ("human", turns.again)]
        with tracing_context(enabled=False):
            got = await self._shaped(chat, shape).ainvoke(messages)
        message, parsed = (got["raw"], got["parsed"]) if isinstance(got, dict) else (got, None)
        raw = message.content if isinstance(message.content, str) else ""
        used = getattr(message, "usage_metadata", None) or {}
        tokens = used.get("total_tokens") or turns.tokens + tokens_in(raw[:LONGEST_ANSWER])
        return Answer(parsed if isinstance(parsed, shape) else _read(raw, shape), raw[:LONGEST_ANSWER], tokens)


@dataclass
class FailsAfter:
    """A model that answers so many times and then no more: for replays."""

    model: Model
    times: int

    @property
    def host(self) -> str:
        return self.model.host

    async def ask(self, turns: Turns, shape: type[BaseModel] = Wording) -> Answer:
        self.times -= 1
        if self.times < 0:
            raise ModelDown("as the script has it")
        return await self.model.ask(turns, shape)


def _read(raw: str, shape: type[BaseModel]) -> BaseModel | None:
    raw = raw.strip()
    if len(raw) > LONGEST_ANSWER:
        return None
    if raw.startswith("```"):
        raw = raw.strip("`").removeprefix("json")
    try:
        return shape.model_validate_json(raw)
    except ValidationError:
        return None


class Breaker:
    """Lets a model be that keeps failing: after some failures in a row nobody asks it for a while, each time for longer."""

    def __init__(self, after: int = 3, rest: float = 30.0, longest: float = 600.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._after, self._rest, self._longest, self._clock = after, rest, longest, clock
        self._failures = 0
        self._until = 0.0

    @property
    def open(self) -> bool:
        """Whether it is let be. Whoever finds it closed after a rest tries it, and nobody else until that is over."""
        if self._failures < self._after:
            return False
        if self._clock() < self._until:
            return True
        self._until = self._clock() + TIMEOUT  # one tries; the others go on without
        return False

    def worked(self) -> None:
        self._failures, self._until = 0, 0.0

    def failed(self) -> None:
        self._failures += 1
        if self._failures >= self._after:
            rest = self._rest * 2 ** min(self._failures - self._after, 10)
            self._until = self._clock() + min(rest, self._longest)


def open_models(settings: Settings) -> tuple[Model, ...]:
    """The models that settings name, in the order in which they are asked; none without BROKERCOACH_MODEL. Loads nothing."""
    rows = (
        (settings.model, settings.model_api, settings.model_key),
        (settings.model_second, settings.model_second_api, settings.model_second_key),
    )
    found = []
    for name, base, key in rows:
        if name:
            found.append(Langchain(name, host_of(name, base), base or _usual(name), key.get_secret_value().strip() if key else None))
    return tuple(found) if settings.model else ()


def hosts(models: Sequence[Model]) -> str:
    """All hosts that may be asked, as consent names them."""
    return ", ".join(dict.fromkeys(model.host for model in models))


def host_of(name: str, base: str | None) -> str:
    """Where words go: the host of the base URL, or what the provider is called where only its library knows."""
    base = base or _usual(name)
    return (urlsplit(base).netloc.rpartition("@")[2] if base else "") or name.partition(":")[0]


def _usual(name: str) -> str | None:
    return OPENAI if name.partition(":")[0] == "openai" else None
