"""What can go wrong with the store, as others see it.

Messages name what to do about it. They never carry a person's words, a key, or a bound value of a statement.
"""

from __future__ import annotations


class StoreDown(Exception):
    """The store cannot do what it was asked to; the message names the remedy."""


class VaultLocked(StoreDown):
    """The key that opens the logbook is missing, unsafe or another one."""


class Unreadable(StoreDown):
    """One sealed field cannot be opened: altered, moved from another row, or sealed with another key."""


class NoSuchPerson(LookupError):
    """Nobody has this id: never enrolled, or forgotten meanwhile. Nothing is wrong with the store."""
