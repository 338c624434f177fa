"""A run's own record of what its hosts answered, so that a broker that was killed can go on: `simnet run --resume DIR`.

It lives in the run's folder while the run lasts. The one who resumes runs the same clock from the start, fed with the recorded
answers, which takes no node and little time; where they end, hosts are told what they have to know (`replay`).

    begin    version, scenario, hosts, what the user typed
    answer   host, ticket, reply             a ticket is the number of a host's request: the same in every run of the scenario
    score    stream, sequence, digest, figures             no figures of a frame that was not to be scored
    change   stream, sequence, squared       what side information changed in a picture, where fusion allots rates by it
    lost     host, ticket, why               the run went on without this host from here on
"""

from __future__ import annotations

import shlex
import shutil
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import msgpack

from simnet.engine.recovery import journal_records
from simnet.engine.recovery.journal_records import KEPT
from simnet.engine.recovery.write_ahead_log import WriteAheadLog
from simnet.errors import InputError, OutputError, SimnetError
from simnet.output_files import writing
from simnet.records import Scenario
from simnet.records.plain_data import MismatchError, from_plain, to_plain
from simnet.records.score import Score
from simnet.runfolder.run_manifest import has_manifest
from simnet.version import __version__
from simnet.wire.protocol.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDER, LOG, PICTURES = "journal", "answers.log", "pictures"
FORMAT = 2
COME_BY_THEMSELVES = -1
"""In place of the number of hosts: they are started by others."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """The scenario, hosts and invocation (command, overrides, text of the scenario) that a run began with."""

    scenario: Scenario
    hosts: int
    invocation: dict[str, Any]

    @property
    def began_with(self) -> str:
        """How the run was begun, as a user would say it."""
        if self.hosts == COME_BY_THEMSELVES:
            return "begun by simnet broker"
        return f"begun with --hosts {self.hosts}" if self.hosts else "begun without --hosts"


class Journal:
    """The journal of the run in `folder`. Scores may come from any thread."""

    def __init__(self, folder: Path, log: WriteAheadLog) -> None:
        self._folder, self._log = folder / FOLDER, log
        self.pictures = self._folder / PICTURES
        self._answers: dict[tuple[str, int], int] = {}
        """Where the recorded answers are, by host and ticket; those that have been used are gone."""
        self._scores: dict[tuple[str, int], tuple[str, Score | None]] = {}
        self._changes: dict[tuple[str, int], int] = {}
        self._lost: dict[tuple[str, int], str] = {}
        self._records = 0

    @classmethod
    def create(cls, folder: Path, beginning: Beginning) -> Journal:
        """Begin the journal of a run; OutputError where that cannot be written, and nothing of it stays."""
        with writing(folder / FOLDER):
            (folder / FOLDER).mkdir(parents=True)
        with ExitStack() as undo:
            undo.callback(shutil.rmtree, folder / FOLDER, ignore_errors=True)
            journal = cls(folder, WriteAheadLog(folder / FOLDER / LOG))
            undo.callback(journal.close)
            journal._append("begin", FORMAT, __version__, to_plain(beginning))
            undo.pop_all()
        return journal

    @classmethod
    def resume(cls, folder: Path) -> tuple[Journal, Beginning]:
        """Open the journal that an interrupted run left in `folder`.

        Raises:
            InputError: There is none, it is of another version or damaged, or its run has ended or still goes on.
        """
        file = folder / FOLDER / LOG
        if not file.is_file():
            if has_manifest(folder):
                raise InputError(f"{folder}: the run has ended; expected one that was interrupted")
            raise InputError(f"{folder}: holds no journal; expected the folder of a run that was interrupted")
        journal = cls(folder, WriteAheadLog(file))
        try:
            return journal, journal._read_back()
        except BaseException:
            journal.close()
            raise

    @property
    def is_spent(self) -> bool:
        """Whether every recorded answer has been used: what comes next happens now."""
        return not self._answers

    @property
    def is_blank(self) -> bool:
        """Whether nothing is on record but what the run began with."""
        return self._records <= 1

    def answer(self, host: str, ticket: int) -> Message | None:
        """Return the recorded reply to a request and forget it; None where there is none."""
        at = self._answers.pop((host, ticket), None)
        if at is None:
            return None
        _, (_, _, kind, header, payloads) = journal_records.unpack(self._log.read(at))
        return Message(kind, header, tuple(payloads))

    def has(self, host: str, ticket: int) -> bool:
        """Whether the reply to a request is on record."""
        return (host, ticket) in self._answers

    def record(self, host: str, ticket: int, reply: Message) -> None:
        """Record a reply, if it is of a kind that is recorded."""
        if reply.kind in KEPT:
            self._append("answer", host, ticket, reply.kind, reply.header, list(reply.payloads))

    def score(self, stream: str, sequence: int) -> tuple[str, Score | None] | None:
        """Return the recorded digest and score of a picture."""
        return self._scores.get((stream, sequence))

    def record_score(self, stream: str, sequence: int, digest: str, score: Score | None) -> None:
        """Record that a picture has been scored, if it was to be, and kept where it is to be."""
        self._append("score", stream, sequence, digest, to_plain(score) if score else {})

    def change(self, stream: str, sequence: int) -> int | None:
        """Return what side information is on record to have changed in a picture."""
        return self._changes.get((stream, sequence))

    def record_change(self, stream: str, sequence: int, squared: int) -> None:
        """Record what side information changed in a picture."""
        self._append("change", stream, sequence, squared)

    def loss(self, host: str, ticket: int) -> str | None:
        """Return why the run went on without `host` when it waited for this reply, if it did."""
        return self._lost.get((host, ticket))

    def record_loss(self, host: str, ticket: int, reason: str) -> None:
        """Record that the run continues without `host`."""
        self._append("lost", host, ticket, reason)

    def close(self) -> None:
        """Close the journal; another process may go on with it."""
        self._log.close()

    def remove(self) -> None:
        """Remove the journal: its run has ended."""
        with writing(self._folder):
            shutil.rmtree(self._folder)

    def _append(self, kind: str, *values: Any) -> None:
        self._records += 1
        self._log.append(cast("bytes", msgpack.packb([kind, *values], use_bin_type=True)))

    def _read_back(self) -> Beginning:
        beginning: Beginning | None = None
        for at, record in self._log.scan():
            self._records += 1
            try:
                beginning = self._take(at, record, is_first=beginning is None) or beginning
            except MismatchError as error:
                raise InputError(
                    f"{self._folder / LOG}: not a run's journal: record {self._records} (byte {at}) {error}; "
                    "expected one that simnet run wrote"
                ) from error
        if beginning is None:
            raise InputError(
                f"{self._folder / LOG}: not a run's journal: it is empty; expected one that simnet run wrote"
            )
        return beginning

    def _take(self, at: int, record: bytes, *, is_first: bool) -> Beginning | None:
        """Take in a record; return what the run began with if this one says it."""
        kind, values = journal_records.unpack(record)
        if is_first != (kind == "begin"):
            raise MismatchError(f"is of kind {kind}; expected begin first, and once")
        if kind == "begin":
            return self._begun(values)
        if kind == "answer":
            self._answers[values[0], values[1]] = at
        elif kind == "change":
            self._changes[values[0], values[1]] = values[2]
        elif kind == "score":
            stream, sequence, digest, score = values
            self._scores[stream, sequence] = (digest, from_plain(Score, score) if score else None)
        else:
            self._lost[values[0], values[1]] = values[2]
        return None

    def _begun(self, values: list[Any]) -> Beginning:
        if values[:2] != [FORMAT, __version__]:
            raise InputError(
                f"{self._folder.parent}: begun by simnet {values[1][:32]} (journal format {values[0]}); expected to go on with "
                f"that, this is {__version__} (format {FORMAT})"
            )
        plain = values[2]
        journal_records.check_beginning(plain)
        return Beginning(from_plain(Scenario, plain["scenario"]), plain["hosts"], plain["invocation"])


def has_journal(folder: Path) -> bool:
    """Return whether a run in `folder` can be gone on with."""
    return (folder / FOLDER / LOG).is_file()


@contextmanager
def kept(resumed: Journal | None, folder: Path, beginning: Beginning) -> Iterator[Journal]:
    """Keep a journal of the run in an existing `folder` until the run has ended: the resumed one, or a new one.

    A run that fails leaves it to whoever goes on. Where it failed before a host had said anything there is nothing to go on
    with, and the folder is free again for the same command.
    """
    journal = resumed or Journal.create(folder, beginning)
    with closing(journal):
        try:
            yield journal
        except SimnetError as error:
            if resumed is None and journal.is_blank:
                journal.remove()
            elif isinstance(error, OutputError):
                raise OutputError(f"{error}; go on with simnet run --resume {shlex.quote(str(folder))}") from error
            raise
        journal.remove()
