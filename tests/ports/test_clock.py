"""What time it is: by the wall, by a clock that is driven, and by one that is served over HTTP."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.local import driven_clock
from infra.local.driven_clock import DrivenClock as LocalClock
from infra.local.http_server import HttpServer
from shared.messaging.clock import ServedClock, WallClock
from tests.fakes.messaging import START, DrivenClock


class ClockContract:
    """What decisions rely on."""

    @pytest.fixture
    def clock(self) -> Any:
        """The port."""
        raise NotImplementedError

    def test_time_is_in_utc_and_survives_being_written_down(self, clock: Any) -> None:
        now = clock.now()
        assert now.utcoffset() == timedelta(0)
        assert datetime.fromisoformat(now.isoformat()) == now

    def test_time_never_goes_back(self, clock: Any) -> None:
        times = [clock.now() for _ in range(20)]
        assert times == sorted(times)


class TestWallClock(ClockContract):
    """The machine's own."""

    @pytest.fixture
    def clock(self) -> Any:
        return WallClock()

    def test_it_is_the_time_of_this_machine(self, clock: Any) -> None:
        assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


class DrivenContract(ClockContract):
    """A clock that stands still until somebody moves it."""

    def forward(self, clock: Any, **duration: float) -> None:
        """Move it."""
        raise NotImplementedError

    def test_it_stands_still_until_it_is_moved(self, clock: Any) -> None:
        before = clock.now()
        assert clock.now() == before
        self.forward(clock, days=1, microseconds=1)
        assert clock.now() == before + timedelta(days=1, microseconds=1)


class TestFake(DrivenContract):
    """The tests' own."""

    @pytest.fixture
    def clock(self) -> Any:
        return DrivenClock()

    def forward(self, clock: Any, **duration: float) -> None:
        clock.forward(**duration)


class TestServedClock(DrivenContract):
    """The one that the local AWS serves."""

    @pytest.fixture
    def clock(self) -> Iterator[Any]:
        self.driven = LocalClock(START)
        server = HttpServer(self.page, 0)
        server.start()
        yield ServedClock(server.url + driven_clock.PATH)
        server.close()

    def page(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        """Answer the clock's page as WSGI does."""
        reply = driven_clock.answer(self.driven, environ)
        start_response(f"{reply.status} OK", list(reply.headers.items()))
        return [reply.body]

    def forward(self, clock: Any, **duration: float) -> None:
        self.driven.move_to(self.driven() + timedelta(**duration))
