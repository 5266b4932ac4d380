"""A host's pace and its end, on a clock of the test's own."""

import pytest

from pipelines.errors import FetchError
from pipelines.hosts import Budget, Host, Hosts

DEADLINE_S = 20.0


def host(at_once: int = 8, sharers: int = 1) -> Host:
    return Host(Budget(at_once, sharers), DEADLINE_S)


def turns(one: Host, now: float, number: int) -> list[float]:
    return [one.turn_s(now, now + DEADLINE_S) for _ in range(number)]


def test_a_host_that_says_nothing_is_not_slowed_down() -> None:
    assert turns(host(), 0.0, 5) == [0.0] * 5


def test_a_busy_host_is_asked_one_request_after_another_and_half_as_often_each_time() -> None:
    one = host()
    one.busy(0.0, 0.0)
    assert turns(one, 0.0, 3) == pytest.approx([0.0, 0.1, 0.2])
    one.busy(1.0, 0.0)
    assert turns(one, 1.0, 3) == pytest.approx([0.0, 0.2, 0.4])


def test_lanes_that_share_a_host_share_its_pace() -> None:
    one = host(sharers=4)
    one.busy(0.0, 0.0)
    assert turns(one, 0.0, 2) == pytest.approx([0.0, 0.4])


def test_nobody_waits_longer_for_the_pace_than_the_deadline() -> None:
    one = host(at_once=8)
    for _ in range(50):
        one.busy(0.0, 0.0)
    assert turns(one, 0.0, 8)[-1] < DEADLINE_S


def test_retry_after_is_obeyed() -> None:
    one = host()
    one.busy(5.0, wait_s=7.0)
    assert one.turn_s(6.0, 100.0) == 6.0


def test_a_host_that_wants_to_be_left_alone_past_the_deadline_is_left_alone() -> None:
    one = host()
    one.busy(0.0, wait_s=3600.0)
    for _ in range(2):  # a refusal takes no turn
        with pytest.raises(FetchError) as error:
            one.turn_s(0.0, DEADLINE_S)
        assert error.value.reason == "host-busy"
    assert one.turn_s(3600.0, 3600.0 + DEADLINE_S) == 0.0


def test_answers_bring_the_pace_back() -> None:
    one = host()
    one.busy(0.0, 0.0)
    for _ in range(30):
        one.answered()
    assert turns(one, 10.0, 3) == [0.0] * 3


def test_a_host_is_given_up_after_deadlines_one_after_another() -> None:
    one = host()
    for _ in range(8):  # in flight together
        one.passed_a_deadline(0.0, DEADLINE_S)
    assert not one.given_up
    one.answered()
    one.passed_a_deadline(DEADLINE_S, 2 * DEADLINE_S)
    one.passed_a_deadline(3 * DEADLINE_S - 0.1, 3 * DEADLINE_S)  # it had hardly any time
    assert not one.given_up
    one.passed_a_deadline(2 * DEADLINE_S, 3 * DEADLINE_S)
    assert one.given_up
    with pytest.raises(FetchError) as error:
        one.turn_s(0.0, DEADLINE_S)
    assert error.value.reason == "host-unresponsive"


def test_planned_hosts_have_their_own_budget_and_others_another() -> None:
    hosts = Hosts(Budget(4), Budget(1, sharers=4), DEADLINE_S)
    hosts.plan({"a.org:80"})
    assert hosts.is_own("a.org:80")
    assert not hosts.is_own("b.org:80")
    assert hosts.of("a.org:80") is hosts.of("a.org:80")
    assert not hosts.of("a.org:80").slots.locked()
    shared = Hosts(Budget(1, sharers=2), Budget(1), DEADLINE_S)
    shared.plan({"a.org:80"})
    assert not shared.is_own("a.org:80")
