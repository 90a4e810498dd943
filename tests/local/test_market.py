"""The local market tells the simulation's minutes as blockchain.com would."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.market import LAST, Market, parted
from infra.local.simulation import Change, observations
from services.ingest.polling.sources import blockchain

SEED, START = 7, datetime(2026, 3, 15, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
FIELDS = (
    *("hash", "time", "fee", "size", "weight", "vin_sz", "vout_sz", "ver", "lock_time", "tx_index"),
    *("relayed_by", "double_spend", "block_index", "block_height", "inputs", "out"),
)


def sold(market: Market, minutes: int | None = None) -> list[dict[str, Any]]:
    """Answer the transactions that a market tells now."""
    transactions: list[dict[str, Any]] = json.loads(market.body(minutes))["txs"]
    return transactions


def by_minute(transactions: list[dict[str, Any]]) -> tuple[Counter[int], Counter[int]]:
    """Count transactions, and sum their fees, by minute."""
    counts: Counter[int] = Counter()
    fees: Counter[int] = Counter()
    for one in transactions:
        counts[one["time"] // 60] += 1
        fees[one["time"] // 60] += one["fee"]
    return counts, fees


@pytest.mark.parametrize(
    "change", [None, Change(START + HOUR / 2, level=3), Change(START, noise=3)]
)
def test_an_hours_transactions_add_up_to_the_simulations_minutes(change: Change | None) -> None:
    market = Market(SEED, START, change)
    market.clock.move_to(START + HOUR)
    counts, fees = by_minute(sold(market, 60))
    simulated = observations(SEED, START, 60, change)
    first = int(START.timestamp()) // 60
    assert [counts[first + n] for n in range(60)] == simulated.counts.tolist()
    assert [fees[first + n] for n in range(60)] == simulated.values.tolist()


def test_a_poll_an_hour_sees_every_transaction_once_or_twice() -> None:
    market, seen = Market(SEED, START), Counter[str]()
    for hour in range(1, 4):
        market.clock.move_to(START + hour * HOUR)
        seen.update(one["hash"] for one in sold(market, 62))
    assert len(seen) == observations(SEED, START, 180).counts.sum()
    assert set(seen.values()) == {1, 2}


def test_it_tells_the_last_hundred_the_latest_first_and_nothing_of_the_future() -> None:
    market = Market(SEED, START)
    assert sold(market) == []
    now = START + HOUR + timedelta(seconds=30)
    market.clock.move_to(now)
    times = [one["time"] for one in sold(market)]
    assert len(times) == LAST
    assert times == sorted(times, reverse=True)
    assert now.timestamp() - 60 < times[0] < now.timestamp()


def test_a_transaction_has_the_fields_of_blockchain_com() -> None:
    market = Market(SEED, START)
    market.clock.move_to(START + HOUR)
    told = sold(market)
    assert all(list(one) and set(one) == set(FIELDS) for one in told)
    assert len(blockchain(market.body()).sound) == LAST
    assert len({one["hash"] for one in told}) == LAST
    assert all(len(one["hash"]) == 64 and one["fee"] >= 0 for one in told)


def test_the_same_seed_tells_the_same_in_whatever_pieces_it_is_asked() -> None:
    one, other = Market(SEED, START), Market(SEED, START)
    one.clock.move_to(START + 10 * MINUTE)
    one.body(10)
    for market in (one, other):
        market.clock.move_to(START + HOUR)
    assert one.body(62) == other.body(62)
    assert one.body() != Market(SEED + 1, START + HOUR).body()


def test_over_http_an_unchanged_answer_is_not_sent_twice() -> None:
    with Market(SEED, START) as market:
        market.clock.move_to(START + HOUR)
        with urlopen(market.url()) as answer:  # noqa: S310 - loopback
            tag, body = answer.headers["ETag"], answer.read()
        assert body == market.body()
        with pytest.raises(HTTPError) as unchanged:
            urlopen(Request(market.url(), headers={"If-None-Match": tag}))  # noqa: S310
        unchanged.value.close()
        assert unchanged.value.code == 304
        with urlopen(market.url(62)) as answer:  # noqa: S310
            assert len(json.load(answer)["txs"]) > 10 * LAST


@pytest.mark.parametrize(("query", "status"), [("&minutes=x", 400), ("&minutes=9999999", 400)])
def test_a_question_that_makes_no_sense_is_refused(query: str, status: int) -> None:
    with Market(SEED, START) as market, pytest.raises(HTTPError) as refused:
        urlopen(market.url() + query)  # noqa: S310
    refused.value.close()
    assert refused.value.code == status


@given(
    st.integers(min_value=0, max_value=10**12),
    st.lists(st.floats(min_value=1e-3, max_value=1e3), min_size=1, max_size=500),
)
def test_parts_are_whole_not_negative_and_add_up(value: int, weights: list[float]) -> None:
    parts = parted(value, np.array(weights))
    assert parts.sum() == value
    assert (parts >= 0).all()
