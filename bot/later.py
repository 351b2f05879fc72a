"""Something that is looked up when it is first looked into, and not at all when nobody does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar, overload

T = TypeVar("T")


class Later(Sequence[T]):
    """Not for several threads at once."""

    def __init__(self, look_up: Callable[[], Sequence[T]]) -> None:
        self._look_up = look_up
        self._found: Sequence[T] | None = None

    @property
    def known(self) -> bool:
        return self._found is not None

    def _all(self) -> Sequence[T]:
        if self._found is None:
            self._found = self._look_up()
        return self._found

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[T]: ...
    def __getitem__(self, place: int | slice) -> T | Sequence[T]:
        return self._all()[place]

    def __len__(self) -> int:
        return len(self._all())
