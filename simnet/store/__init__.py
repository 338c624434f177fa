"""Cache of results on disk, keyed by their inputs: shared by all runs and processes of a machine, bounded in size.

    get(kind, key) -> bytes, or None          put(kind, key, bytes)

A key identifies everything that its bytes depend on, so an entry is never out of date, and a missing entry is computed again.
Callers decide what to store and under which key. Nothing is ever unpickled: a process that can write to the folder can cause
cache misses, and nothing else.
"""

from simnet.store.store import DEFAULT_LIMIT_BYTES, PARTS, Store, StoreUsage, default_folder

__all__ = ["DEFAULT_LIMIT_BYTES", "PARTS", "Store", "StoreUsage", "default_folder"]
