"""Rows, handlers and effects belong together."""

from services.monitor.domain.actions import ScoreOrigins
from services.monitor.effects import EFFECTS
from services.monitor.handlers import HANDLERS
from shared.contracts.subscriptions import SCHEDULES, subscriptions_of


def test_every_row_has_a_handler_of_its_name_and_every_handler_a_row() -> None:
    rows = {row.event: row.handler for row in subscriptions_of("monitor")}
    rows |= {row.wish: "sweep_requested" for row in SCHEDULES if row.service == "monitor"}
    assert {event: handler.__name__ for event, handler in HANDLERS.items()} == rows


def test_every_action_has_an_effect() -> None:
    assert set(EFFECTS) == {ScoreOrigins}
