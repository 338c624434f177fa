"""What was worked out once, on disk, by content: shared by every run and process of a machine, bounded in size.

    get(kind, key) -> bytes, or None          put(kind, key, bytes)

A key says everything that its bytes depend on, so an entry is never out of date, and one that is gone is worked out again.
What is stored, and under which key, is the business of those who store it. Nothing here is ever unpickled: who can write into
the folder can make entries be missed, and no more.
"""

from simnet.store.store import DEFAULT_LIMIT_BYTES, Store, default_folder

__all__ = ["DEFAULT_LIMIT_BYTES", "Store", "default_folder"]
