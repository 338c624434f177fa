"""The digest of a run's events in virtual order, without keeping them."""

from __future__ import annotations

import hashlib
import json

CHUNK = 2048


class EventDigest:
    """SHA-256 over one line of JSON an event: names, numbers, and lists of them. No name in it is a line's end."""

    def __init__(self) -> None:
        self._total = hashlib.sha256()
        self.lines: list[str] = []
        """Lines that wait to be taken in; who appends here calls `append_line` every now and then."""

    def append(self, event: tuple[object, ...]) -> None:
        """Take the next event."""
        self.append_line(json.dumps(event, separators=(",", ":")))

    def append_line(self, line: str) -> None:
        """Take the next event as the very JSON that `append` would make of it: far faster, for what each frame does."""
        self.lines.append(line)
        if len(self.lines) >= CHUNK:
            self._flush()

    def copy(self) -> hashlib._Hash:
        """Return the digest of all events so far, to go on with."""
        self._flush()
        return self._total.copy()

    def _flush(self) -> None:
        if self.lines:
            self.lines.append("")
            self._total.update("\n".join(self.lines).encode())
            self.lines.clear()
