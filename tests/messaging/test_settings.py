"""A function has the settings of its row: what is missing is named, what is too much is found."""

from importlib import import_module
from typing import Any

import pytest

from infra.local import account
from services.ingest.polling import app as polling
from shared.contracts.subscriptions import SERVICES
from shared.messaging import runtime
from shared.messaging.settings import NEEDS, POLLER, VARIABLES, MisconfiguredError, Settings

LOCAL = account.function_environment("dev", "trainer", "http://127.0.0.1:9", 60)
SOURCE = {"MODELCYCLE_SOURCE": "blockchain", "MODELCYCLE_SOURCE_SERIES": "transactions"}


def test_every_function_has_its_row_and_every_setting_is_needed() -> None:
    assert NEEDS.keys() == {*SERVICES, POLLER}
    assert {one for row in NEEDS.values() for one in row} == VARIABLES.keys()
    assert VARIABLES.keys() == Settings.__annotations__.keys()


@pytest.mark.parametrize("function", NEEDS)
def test_each_setting_that_is_missing_is_named(function: str) -> None:
    given = LOCAL | SOURCE
    assert vars(Settings.read(function, given)).keys() == {"function", *NEEDS[function]}
    for setting in NEEDS[function]:
        name = VARIABLES[setting].name
        without = {key: value for key, value in given.items() if key != name}
        with pytest.raises(MisconfiguredError, match=f"{name} is not set.* {function}.* again"):
            Settings.read(function, without)


def test_all_that_is_missing_is_told_at_once() -> None:
    with pytest.raises(MisconfiguredError, match="MODELCYCLE_ENV, MODELCYCLE_BUCKET, .* are not"):
        Settings.read("journal", {})


@pytest.mark.parametrize(
    ("variable", "text"), [("LEASE_SECONDS", "soon"), ("OFFLINE_LAG_S", ""), ("LEASE_SECONDS", "")]
)
def test_what_cannot_be_read_is_told_with_its_text(variable: str, text: str) -> None:
    name = f"MODELCYCLE_{variable}"
    with pytest.raises(MisconfiguredError, match=f"{name} cannot be read, it is '{text}'"):
        Settings.read("trainer", LOCAL | {name: text})


def test_lists_answers_and_days_are_read() -> None:
    more = {"MODELCYCLE_SUBNETS": "subnet-1,subnet-2", "MODELCYCLE_RULES_ALLOWED": "yes"}
    deployer = Settings.read("deployer", LOCAL | more)
    assert (deployer.subnets, deployer.security_groups) == (("subnet-1", "subnet-2"), ())
    assert deployer.rules_allowed
    assert not Settings.read("deployer", LOCAL).rules_allowed
    assert Settings.read("journal", LOCAL).queries_days is None
    assert Settings.read("journal", LOCAL | {"MODELCYCLE_QUERIES_DAYS": "400"}).queries_days == 400


def test_a_setting_that_is_not_in_the_row_is_refused() -> None:
    with pytest.raises(MisconfiguredError, match="journal has no setting 'role_arn': its row"):
        _ = Settings.read("journal", LOCAL).role_arn


class Watched(Settings):
    """Settings that remember which were asked for."""

    asked: set[str]

    def __getattribute__(self, name: str) -> Any:
        if name in VARIABLES:
            Watched.asked.add(name)
        return super().__getattribute__(name)


@pytest.mark.parametrize("function", NEEDS)
def test_a_function_asks_for_all_of_its_row(function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime.client.cache_clear()
    for name, value in (LOCAL | SOURCE).items():
        monkeypatch.setenv(name, value)
    Watched.asked = set()
    module = polling if function == POLLER else import_module(f"services.{function}.app")
    monkeypatch.setattr(module, "Settings", Watched)
    module.build()
    runtime.client.cache_clear()
    assert Watched.asked == {*NEEDS[function]}
