"""What `modelcycle up` brings in, and how fast."""

from datetime import timedelta

import pytest

from ops.cli.demo.scene import HISTORY_ENDS
from ops.cli.up.command import world_of
from ops.cli.up.worlds import Blockchain, Nothing, Simulated, rhythm
from services.ingest.polling.sources import BLOCKCHAIN_URL
from tests.cli.conftest import Cli
from tests.cli.world import lines


@pytest.mark.parametrize(
    ("speed", "minutes", "pace_s"),
    [
        (1, 5, 300.0),
        (60, 5, 5.0),
        (300, 20, 4.0),
        (600, 30, 3.0),
        (720, 60, 5.0),
        (3_600, 60, 1.0),
        (0, 60, 0.0),
    ],
)
def test_the_clock_moves_in_steps_that_look_smooth_and_cost_little(
    speed: float, minutes: int, pace_s: float
) -> None:
    step, pace = rhythm(speed)
    assert step == timedelta(minutes=minutes)
    assert pace == pytest.approx(pace_s)


def test_the_market_follows_the_history_and_is_polled_step_by_step() -> None:
    world = world_of("market", 7, "transactions", 600, "12h", 3.0)
    assert isinstance(world, Simulated)
    assert world.clock_start == HISTORY_ENDS
    with world.open() as source:
        assert source
        assert (source.name, source.series) == ("blockchain", "transactions")
        assert source.url.startswith("http://127.0.0.1:")
        assert source.url.endswith("&minutes=32")  # a step, and what two polls overlap


def test_the_real_source_is_polled_by_the_wall_clock_and_has_no_simulated_history() -> None:
    world = world_of("blockchain", 7, "transactions", 600, "3d", 3.0)
    assert isinstance(world, Blockchain)
    assert (world.clock_start, world.has_history) == (None, False)
    with world.open() as source:
        assert source
        assert source.url == BLOCKCHAIN_URL


def test_nothing_comes_in_where_nothing_is_wanted() -> None:
    world = world_of("none", 7, "transactions", 600, "3d", 3.0)
    assert isinstance(world, Nothing)
    with world.open() as source:
        assert source is None


@pytest.mark.parametrize("change_after", ["soon", "*/5", ""])
def test_a_change_at_no_time_is_refused(bare: Cli, change_after: str) -> None:
    code, told = lines(bare("up", "--change-after", change_after))
    assert code == 2
    assert told[0].startswith("Error: --change-after: ")
    assert told[1] == "Try: write it as 12h or 3d, or never"
