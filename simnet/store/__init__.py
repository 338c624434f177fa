"""Cache on disk of results by content: shared by every run and process of a machine, bounded in size.

    get(kind, key) -> bytes, or None          put(kind, key, bytes)

A key names everything that its bytes depend on, so an entry is never out of date, and one that is gone is computed again.
Callers decide what is stored and under which key. Nothing is ever unpickled: whoever can write into the folder can cause
misses, and no more.
"""

from simnet.store.store import DEFAULT_LIMIT_BYTES, Store, default_folder

__all__ = ["DEFAULT_LIMIT_BYTES", "Store", "default_folder"]
