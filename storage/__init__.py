"""Where the coach remembers: one database, what people wrote sealed under a key of their own.

`store.py` is the only door; nothing outside this folder knows a table. Nothing here decides anything.
"""
