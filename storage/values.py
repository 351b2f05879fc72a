"""How values of bot.model are written down as text, and how that text is sealed for its place in the tables."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError
from sqlalchemy import Column

from bot.model import Alias, Conversation, Inbound, Message, Person, PersonId, Phase, Theme
from storage.faults import Unreadable
from storage.vault import DataKey

log = logging.getLogger(__name__)
V = TypeVar("V")
R = TypeVar("R")


class Form(Generic[V]):
    """The written form of one type of value."""

    def __init__(self, type_: type[V]) -> None:
        self._name = type_.__name__
        self._adapter = TypeAdapter(type_)

    def text(self, value: V) -> str:
        try:
            return self._adapter.dump_json(value, warnings="error").decode()
        except PydanticSerializationError:  # perhaps only for a lone surrogate, which json takes
            pass
        try:
            plain_value = self._adapter.dump_python(value, mode="json", warnings="error")
        except PydanticSerializationError:  # its message quotes the text
            raise TypeError(f"a {self._name} that holds something of another type than it says") from None
        return json.dumps(plain_value, ensure_ascii=False, separators=(",", ":"))

    def value(self, text: str) -> V:
        try:
            return self._adapter.validate_json(text)
        except ValidationError:  # its message quotes the text
            raise Unreadable(
                f"a stored {self._name} has a shape that this version of brokercoach does not know; install the version that wrote it"
            ) from None


@dataclass(frozen=True, slots=True)
class Marks:
    """What an entry is marked with, as it is stored."""

    phases: tuple[Phase, ...] = ()
    people: tuple[str, ...] = ()
    themes: tuple[Theme, ...] = ()


MARKS = Form(Marks)
PERSON = Form(Person)
CONVERSATION = Form(Conversation)
INBOUND = Form(Inbound)
MESSAGE = Form(Message)
ALIAS = Form(Alias)


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals and opens one person's fields. `row` is what the column's table names as telling its rows apart."""

    person: PersonId
    _key: DataKey = field(repr=False)

    def seal(self, column: Column[Any], text: str, *row: object) -> bytes:
        return self._key.seal(person=self.person, table=column.table.name, row=_row(row), field=column.name, text=text)

    def open(self, column: Column[Any], sealed: bytes, *row: object) -> str:
        return self._key.open(person=self.person, table=column.table.name, row=_row(row), field=column.name, sealed=sealed)


def _row(parts: tuple[object, ...]) -> str:
    return "/".join(map(str, parts))


def readable(rows: Iterable[R], read: Callable[[R], V]) -> Iterator[V]:
    """What can be read of `rows`: one spoilt row must not take the others with it. `Store.check` names the spoilt ones."""
    for row in rows:
        try:
            yield read(row)
        except Unreadable as error:
            log.warning("%s", error)


def plain(text: str) -> str:
    """Text for a column that is not sealed: PostgreSQL takes no NUL, and neither database takes a lone surrogate."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "?")
