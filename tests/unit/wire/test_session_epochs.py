"""Sequence numbers: every request is done once and in order, however often it is sent."""

import pytest

from simnet.errors import WireError
from simnet.wire.protocol.message_types import MESSAGE_TYPES
from simnet.wire.protocol.messages import Envelope, Message
from simnet.wire.protocol.session_replies import (
    REPLAYED,
    Replies,
    Requests,
    RequestStatus,
)

PLAN = {"decisions": [], "feedback": [], "wake_ns": None}


def _pair() -> tuple[Requests, Replies]:
    return Requests("run", epoch=1), Replies("run", epoch=1)


def _sent(requests: Requests, time_ns: int) -> Message:
    """Post a request and return it as it goes on the wire."""
    requests.post(_wake(time_ns))
    return requests.newest


def _wake(time_ns: int) -> Message:
    return Message("wake", {"time_ns": time_ns})


def test_repeated_request_runs_once_and_resends_its_reply() -> None:
    requests, replies = _pair()
    request = _sent(requests, 1)
    assert replies.classify(request) is RequestStatus.NEW
    assert replies.classify(request) is RequestStatus.WORKING
    kept = replies.keep(1, Message("stopped"))
    assert replies.classify(request) is RequestStatus.REPLIED
    assert replies.kept(1) == kept


def test_second_copy_of_a_reply_changes_nothing() -> None:
    requests, replies = _pair()
    replies.classify(_sent(requests, 1))
    reply = replies.keep(1, Message("plan", PLAN))
    assert requests.accept(reply) == 1
    assert requests.accept(reply) is None
    assert requests.take(1) == reply
    assert requests.take(1) is None
    assert requests.outstanding == []


def test_gap_holds_back_later_requests() -> None:
    requests, replies = _pair()
    first, second = _sent(requests, 1), _sent(requests, 2)
    assert replies.classify(second) is RequestStatus.EARLY
    assert [replies.classify(request) for request in requests.outstanding] == [RequestStatus.NEW, RequestStatus.NEW]
    assert [first, second] == requests.outstanding


def test_replies_are_forgotten_once_acknowledged() -> None:
    requests, replies = _pair()
    first = _sent(requests, 1)
    replies.classify(first)
    requests.accept(replies.keep(1, Message("plan", PLAN)))
    second = _sent(requests, 2)
    assert second.envelope.acknowledged == 2
    assert replies.classify(second) is RequestStatus.NEW
    assert replies.classify(first) is RequestStatus.STALE


def test_other_sessions_and_epochs_are_ignored() -> None:
    requests, replies = _pair()
    _sent(requests, 1)
    for envelope in (Envelope("other", 1, 1), Envelope("run", 0, 1), Envelope("run", 2, 1)):
        assert replies.classify(_wake(1).addressed(envelope)) is RequestStatus.STALE
    for envelope in (Envelope("other", 1, 1), Envelope("run", 0, 1)):
        assert requests.accept(Message("plan", PLAN, envelope=envelope)) is None


@pytest.mark.parametrize("envelope", [Envelope("run", 2, 1), Envelope("run", 1, 2), Envelope("run", 1, 2**63 - 1)])
def test_answers_to_requests_never_sent_are_refused(envelope: Envelope) -> None:
    requests, _ = _pair()
    _sent(requests, 1)
    with pytest.raises(WireError, match="expected one that was sent"):
        requests.accept(Message("plan", PLAN, envelope=envelope))


@pytest.mark.parametrize("kind", sorted(MESSAGE_TYPES.keys() - {"plan", "failed"}))
def test_answers_of_another_kind_are_refused(kind: str) -> None:
    requests, _ = _pair()
    _sent(requests, 1)
    with pytest.raises(WireError, match=f"answers 'wake' with '{kind}'; expected 'plan'"):
        requests.accept(Message(kind, envelope=Envelope("run", 1, 1)))


def test_returning_host_gets_replay_then_owed_requests() -> None:
    requests, _ = _pair()
    tickets = [requests.post(_wake(time_ns)) for time_ns in (1, 2, 3)]
    requests.accept(Message("plan", PLAN, envelope=Envelope("run", 1, 1)))
    assert requests.owed == set(tickets[1:])
    again = requests.restart([(REPLAYED, _wake(0)), (tickets[0], _wake(1))])
    assert [message.header["time_ns"] for message in again] == [0, 1, 2, 3]
    assert [message.envelope.sequence for message in again] == [1, 2, 3, 4]
    replies = Replies("run", epoch=2)
    assert [replies.classify(message) for message in again] == [RequestStatus.NEW] * 4
    assert requests.accept(replies.keep(1, Message("plan", PLAN))) == REPLAYED
    assert requests.accept(replies.keep(3, Message("plan", PLAN))) == tickets[1]
    assert requests.take(tickets[1]) is not None
    assert requests.take(tickets[0]) is not None
    assert requests.accept(Message("plan", PLAN, envelope=Envelope("run", 1, 2))) is None


def test_answered_requests_are_replayed_in_order() -> None:
    requests, _ = _pair()
    tickets = [requests.post(_wake(time_ns)) for time_ns in (1, 2, 3)]
    requests.accept(Message("plan", PLAN, envelope=Envelope("run", 1, 2)))
    again = requests.restart([(REPLAYED, _wake(0)), (tickets[1], _wake(2))])
    assert [message.header["time_ns"] for message in again] == [0, 1, 2, 3]
    assert requests.owed == {tickets[0], tickets[2]}


def test_skipped_request_still_has_a_ticket() -> None:
    requests, _ = _pair()
    assert requests.next_ticket == 1
    assert [requests.skip(), requests.post(_wake(1)), requests.skip()] == [1, 2, 3]
    assert requests.newest.envelope.sequence == 1
