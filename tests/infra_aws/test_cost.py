"""Costs: from synthesized resources, measured usage and dated prices; the README says the same."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from infra.aws import environments
from infra.aws.cost import prices, resources, tables
from infra.aws.cost.bill import CANNOT, DAYS_A_MONTH, Bill, Mode, bill
from infra.aws.cost.usage import ASSUMED
from infra.aws.environments import Dashboards
from ops.cli.main import main
from shared.contracts.tables import TABLES

PRICES, RESOURCES = prices.load(), resources.load()
MODES = list(Mode)


def month(models: int, mode: Mode = Mode.SERVERLESS, polls: bool = False) -> Bill:
    return bill(models, mode, RESOURCES, PRICES, polls=polls)


def test_the_committed_count_of_resources_is_what_is_synthesized(
    templates: Mapping[str, Mapping[str, Any]],
) -> None:
    assert resources.count(templates) == RESOURCES, (
        "make synth, then: python -m infra.aws.cost.resources build/cdk.out/dev"
    )
    assert resources.FILE.read_text() == resources.written(RESOURCES)


def test_the_readme_has_the_table_that_the_code_computes() -> None:
    said = tables.README.read_text().split(tables.BEGIN)[1].split(tables.END)[0]
    assert said == tables.markdown(RESOURCES, PRICES), "run python -m infra.aws.cost.tables"


def test_prices_have_a_date_a_unit_and_a_source() -> None:
    assert PRICES.written <= datetime.now(UTC).date()
    assert all(price.unit and price.source for price in PRICES.prices.values())


def test_every_price_is_needed() -> None:
    bills = [month(1, mode, polls=True) for mode in MODES]
    assert {line.price for one in bills for line in one.lines} == PRICES.prices.keys()


def test_one_model_costs_no_more_than_aimed_at_by_the_price_list_alone() -> None:
    """In an account that does nothing else it is less: the README says both."""
    assert month(1).usd_beyond_free < month(1).usd <= tables.AIM_USD


def test_custom_metrics_are_paid_for_by_the_hours_in_which_they_are_written() -> None:
    def months(models: int) -> float:
        lines = (line for line in month(models).lines if line.price == "custom_metrics")
        return sum(line.quantity for line in lines)

    always = ASSUMED.metrics_always
    assert always < months(1) < always + 0.2
    assert months(10_000) == RESOURCES.custom_metrics  # something happens in every hour


def quantity(price: str, recovered: tuple[str, ...] = RESOURCES.recovered) -> float:
    """Answer how much a month of one model has of something."""
    counted = RESOURCES.changed(recovered=recovered)
    lines = bill(1, Mode.SERVERLESS, counted, PRICES, polls=False).lines
    return sum(line.quantity for line in lines if line.price == price)


def test_what_stays_in_tables_is_paid_for_and_so_is_bringing_it_back_where_that_is_possible() -> (
    None
):
    others = {table.service for table in TABLES} - {"journal"}
    assert set(RESOURCES.recovered) == others
    stored, of_others = quantity("dynamodb_gb"), quantity("dynamodb_recovery_gb")
    assert 0 < of_others < 0.1 * stored  # most of it is the journal's
    assert quantity("dynamodb_recovery_gb", ("journal", *others)) == pytest.approx(stored)
    assert quantity("dynamodb_recovery_gb", ()) == 0


def test_what_the_archive_and_logs_hold_is_paid_for_as_long_as_it_is_there() -> None:
    for said, kept, days in (
        ("events_archived_gb", "events_kept_gb", ASSUMED.archive_days),
        ("logs_gb", "logs_kept_gb", ASSUMED.log_days),
    ):
        assert quantity(kept) == pytest.approx(quantity(said) * days / DAYS_A_MONTH)
    shipped = [environments.load(path.stem) for path in environments.FOLDER.glob("*.yaml")]
    assert max(one.archive_days for one in shipped) <= ASSUMED.archive_days
    assert max(one.log_days for one in shipped) <= ASSUMED.log_days


def test_what_ships_is_what_the_table_reckons_with() -> None:
    for path in environments.FOLDER.glob("*.yaml"):
        shipped = environments.load(path.stem)
        assert shipped.source is None  # a poller runs for most of each minute: ask for it
        assert shipped.region == PRICES.region
        assert not shipped.journal.recovery
        assert shipped.dashboards is Dashboards.TOGETHER


def test_the_poller_is_as_large_as_is_reckoned_with(
    templates: Mapping[str, Mapping[str, Any]],
) -> None:
    functions = resources.of_kind(templates, "AWS::Lambda::Function")
    (size,) = (one["MemorySize"] for one in functions if resources.is_polling(one))
    assert size == RESOURCES.poller_mb


def test_nothing_runs_all_the_time_unless_it_is_asked_for() -> None:
    hours = {line.price: line.quantity for line in month(1).lines if line.price.startswith("ml.")}
    assert sum(hours.values()) < PRICES.hours_a_month / 100


@given(st.integers(1, 20_000), st.integers(1, 20_000), st.sampled_from(MODES), st.booleans())
def test_more_models_never_cost_less(one: int, other: int, mode: Mode, polls: bool) -> None:
    few, many = sorted((one, other))
    assert month(few, mode, polls).usd <= month(many, mode, polls).usd


@given(st.integers(1, 20_000), st.sampled_from(MODES), st.booleans())
def test_what_is_free_of_charge_is_taken_once(models: int, mode: Mode, polls: bool) -> None:
    one = month(models, mode, polls)
    worth = sum(PRICES.usd(name, price.free) for name, price in PRICES.prices.items())
    assert one.usd - worth - 1e-6 <= one.usd_beyond_free <= one.usd
    assert all(line.usd_beyond_free >= 0 for line in one.lines)


@given(st.integers(1, 20_000), st.sampled_from(MODES))
def test_subjects_add_up_to_the_total(models: int, mode: Mode) -> None:
    one = month(models, mode)
    assert sum(one.by_subject().values()) == pytest.approx(one.usd)


def test_a_schedule_of_another_kind_is_no_surprise() -> None:
    assert resources.minutes("rate(5 minutes)") == 5
    with pytest.raises(ValueError, match="rates in minutes only"):
        resources.minutes("cron(0 3 * * ? *)")


def test_the_command_shows_all_modes_and_what_they_rest_on() -> None:
    answer = CliRunner().invoke(main, ["cost", "--models", "100"])
    assert answer.exit_code == 0
    for mode in MODES:
        assert tables.dollars(month(100, mode).usd) in answer.stdout
    assert "us-east-1" in answer.stderr


def test_the_command_answers_programs() -> None:
    answer = CliRunner().invoke(main, ["cost", "--models", "3", "--json"])
    document = json.loads(answer.stdout)
    assert document["models"] == 3
    assert document["modes"].keys() == {mode.value for mode in CANNOT}
    serverless = document["modes"]["serverless"]
    assert serverless["usd_a_month"] == round(month(3).usd, 2)


def test_no_models_cost_no_guess() -> None:
    answer = CliRunner().invoke(main, ["cost", "--models", "0"])
    assert answer.exit_code == 2
