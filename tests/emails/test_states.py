"""The ladder of statuses: order and repetition of facts cannot matter."""

from itertools import permutations

import pytest

from emails.states import FACT_RANK, HOLD_REASONS, RANK, SKIP_REASONS, Reason, Status, fold

FACTS = [Status.SENT, Status.DEFERRED, Status.DELIVERED, Status.BOUNCED, Status.COMPLAINED]


def test_all_120_orders_of_the_same_facts_end_in_the_same_status() -> None:
    assert {fold(order) for order in permutations(FACTS)} == {Status.COMPLAINED}


def test_each_order_doubled_ends_the_same() -> None:
    assert {fold(order + order) for order in permutations(FACTS)} == {Status.COMPLAINED}


@pytest.mark.parametrize("facts", [FACTS[:n] for n in range(1, 6)])
def test_more_facts_never_lower_a_status(facts: list[Status]) -> None:
    assert RANK[fold(facts)] == max(RANK[fact] for fact in facts)


def test_folding_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="empty"):
        fold([])


@pytest.mark.parametrize("status", [Status.SKIPPED, Status.HELD, Status.CANCELLED, "nonsense"])
def test_what_is_no_fact_about_a_send_is_refused(status: str) -> None:
    with pytest.raises(KeyError):
        fold([Status.SENT, status])


def test_ranks_are_distinct_and_ambiguity_is_below_every_answer() -> None:
    assert len(set(RANK.values())) == len(RANK)
    assert all(RANK[s] > RANK[Status.UNKNOWN] for s in Status if RANK.get(s, 0) > RANK[Status.UNKNOWN])
    assert FACT_RANK < RANK[Status.UNKNOWN] < RANK[Status.FAILED] < RANK[Status.SENT]


def test_every_reason_is_for_skipping_or_for_holding() -> None:
    assert set(Reason) == SKIP_REASONS | HOLD_REASONS
    assert not SKIP_REASONS & HOLD_REASONS
