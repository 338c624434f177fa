"""Sequence numbers: every request is done once and in order, however often it is sent."""

from simnet.wire.messages import Envelope, Message
from simnet.wire.session import Replies, Requests, Verdict


def _pair() -> tuple[Requests, Replies]:
    return Requests("run", epoch=1), Replies("run", epoch=1)


def _wake(time_ns: int) -> Message:
    return Message("wake", {"time_ns": time_ns})


def test_a_request_sent_twice_is_done_once_and_its_reply_sent_again() -> None:
    requests, replies = _pair()
    request = requests.post(_wake(1))
    assert replies.judge(request) is Verdict.NEW
    assert replies.judge(request) is Verdict.WORKING
    kept = replies.keep(1, Message("stopped"))
    assert replies.judge(request) is Verdict.REPLIED
    assert replies.kept(1) == kept


def test_a_second_copy_of_a_reply_changes_nothing() -> None:
    requests, replies = _pair()
    replies.judge(requests.post(_wake(1)))
    reply = replies.keep(1, Message("announced"))
    assert requests.accept(reply)
    assert not requests.accept(reply)
    assert requests.take(1) == reply
    assert requests.take(1) is None
    assert requests.outstanding == []


def test_a_gap_holds_back_what_follows_until_both_come_again() -> None:
    requests, replies = _pair()
    first, second = requests.post(_wake(1)), requests.post(_wake(2))
    assert replies.judge(second) is Verdict.EARLY
    assert [replies.judge(request) for request in requests.outstanding] == [Verdict.NEW, Verdict.NEW]
    assert [first, second] == requests.outstanding


def test_replies_are_forgotten_once_acknowledged() -> None:
    requests, replies = _pair()
    first = requests.post(_wake(1))
    replies.judge(first)
    requests.accept(replies.keep(1, Message("announced")))
    second = requests.post(_wake(2))
    assert second.envelope.acknowledged == 2
    assert replies.judge(second) is Verdict.NEW
    assert replies.judge(first) is Verdict.STALE


def test_other_sessions_and_epochs_are_ignored() -> None:
    requests, replies = _pair()
    requests.post(_wake(1))
    for envelope in (Envelope("other", 1, 1), Envelope("run", 2, 1)):
        assert replies.judge(_wake(1).addressed(envelope)) is Verdict.STALE
        assert not requests.accept(Message("announced", envelope=envelope))
