"""What `modelcycle up` brings in, and how fast."""

import fcntl
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from infra.local.front_process import FrontError
from infra.local.function_host import FunctionBrokenError
from infra.local.http_server import PortTakenError
from infra.local.lambdas import QueueLostError
from infra.local.provision import ProvisionError
from infra.local.regimes import REGIMES, USUAL
from infra.local.simulation import Change
from infra.local.stack import NotQuietError
from ops.cli.demo import scene
from ops.cli.demo.scene import HISTORY_ENDS
from ops.cli.errors import misused
from ops.cli.up.command import world_of
from ops.cli.up.life import Life
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
    world = world_of("market", 7, "transactions", 600, "none", "12h")
    assert isinstance(world, Simulated)
    assert world.clock_start == HISTORY_ENDS
    with world.open() as source:
        assert source
        assert (source.name, source.series) == ("blockchain", "transactions")
        assert source.url.startswith("http://127.0.0.1:")
        assert source.url.endswith("&minutes=32")  # a step, and what two polls overlap


def test_the_real_source_is_polled_by_the_wall_clock_and_has_no_simulated_history() -> None:
    world = world_of("blockchain", 7, "transactions", 600, "none", "3d")
    assert isinstance(world, Blockchain)
    assert (world.clock_start, world.has_history) == (None, False)
    with world.open() as source:
        assert source
        assert source.url == BLOCKCHAIN_URL


@pytest.mark.parametrize(
    ("error", "is_stopping", "says"),
    [
        (QueueLostError("nobody polls dev-trainer"), False, "QueueLostError: nobody polls dev-tra"),
        (misused("no such file", "name another"), False, "nothing comes in any more: no such file"),
        (ConnectionRefusedError("the front has gone"), True, ""),
    ],
)
def test_what_ends_all_that_comes_in_is_said_unless_everything_ends(
    capsys: pytest.CaptureFixture[str], error: Exception, is_stopping: bool, says: str
) -> None:
    life = life_with(error)
    if is_stopping:
        life.stop()
    life.live()
    assert says in (told := capsys.readouterr().err)
    assert bool(told) is bool(says)


def test_a_mistake_of_ours_is_not_taken_for_an_end(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyError):
        life_with(KeyError("wait_s")).live()


def life_with(error: Exception) -> Life:
    """A life whose beginning fails."""
    nothing: Any = None
    stack: Any = SimpleNamespace(logs=Path("logs"))

    class Failing(Life):
        def begin(self) -> None:
            raise error

    return Failing(stack, nothing, Nothing(), nothing)


def scene_of_nothing() -> Any:
    """A scene of which only the series' name is read."""
    return SimpleNamespace(series=SimpleNamespace(series="transactions"))


def test_nothing_comes_in_where_nothing_is_wanted() -> None:
    world = world_of("none", 7, "transactions", 600, "none", "3d")
    assert isinstance(world, Nothing)
    with world.open() as source:
        assert source is None


def test_the_market_may_change_in_each_way_that_the_demo_knows(
    bare: Cli, unconfigured: pytest.MonkeyPatch
) -> None:
    asked: list[Change | None] = []
    unconfigured.setattr("infra.local.market.Market", lambda _, __, change: asked.append(change))
    for name in REGIMES:
        world_of("market", 7, "transactions", 600, name, "12h")
    at = HISTORY_ENDS + timedelta(hours=12)
    assert asked == [regime.begins(at) for regime in REGIMES.values()]
    told = bare("up", "--help").stdout
    assert f"[{'|'.join(REGIMES)}]" in told
    assert f"[default: {USUAL}]" in told


@pytest.mark.parametrize("change_after", ["soon", "*/5", "", "never"])
def test_a_change_at_no_time_is_refused(bare: Cli, change_after: str) -> None:
    code, told = lines(bare("up", "--change-after", change_after))
    assert code == 2
    assert told[0].startswith("Error: --change-after: ")
    assert told[1] == "Try: write it as 12h or 3d"


@pytest.mark.parametrize("command", ["up", "demo"])
def test_a_folder_is_for_one_and_a_second_start_touches_nothing_in_it(
    bare: Cli, tmp_path: Path, command: str
) -> None:
    kept = tmp_path / ".local" / command / "simulated-transactions.csv"
    kept.parent.mkdir(parents=True)
    kept.write_text("of the first")
    with (tmp_path / ".local" / f"{command}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        code, told = lines(bare(command))
    assert code == 1
    assert told == [
        f"Error: another `modelcycle {command}` is running in {tmp_path}",
        "Try: wait for it or end it, or use another folder",
    ]
    assert kept.read_text() == "of the first"


@pytest.mark.parametrize(
    ("error", "code", "fix"),
    [
        (PortTakenError("port 4577 cannot be used"), 2, "give another --port; 0 takes a free one"),
        (FrontError("the front does not answer"), 1, "see .local/up/logs"),
        (ProvisionError("pipeline.json is missing"), 1, "see .local/up/logs"),
        (FunctionBrokenError("trainer: does not start"), 1, "see .local/up/logs"),
        (NotQuietError("not quiet within 1 s"), 1, "see .local/up/logs"),
    ],
)
def test_what_the_local_aws_cannot_do_is_said_in_two_lines(
    bare: Cli, unconfigured: pytest.MonkeyPatch, error: Exception, code: int, fix: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    unconfigured.setattr("ops.cli.up.command.run", fail)
    unconfigured.setattr(scene, "simulated", lambda *_: scene_of_nothing())
    assert lines(bare("up", "--source", "none")) == (code, [f"Error: {error}", f"Try: {fix}"])
