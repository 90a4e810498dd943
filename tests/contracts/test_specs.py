"""What a user declares: defaults fill in, one spelling is stored, mistakes are told one by one."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import limits, specs
from shared.contracts.specs import Approver, ModelSpec, SeriesSpec, SpecError

FEES: dict[str, Any] = {
    "model": "fees",
    "series": "transactions",
    "target": "mean",
    "frequency": "5m",
    "horizon": 12,
}
TRANSACTIONS: dict[str, Any] = {"series": "transactions"}


def fees(**changes: object) -> ModelSpec:
    return ModelSpec.parse(json.dumps({**FEES, **changes}))


def transactions(**changes: object) -> SeriesSpec:
    return SeriesSpec.parse(json.dumps({**TRANSACTIONS, **changes}))


def complaints(**changes: object) -> list[str]:
    with pytest.raises(SpecError) as refused:
        fees(**changes)
    return str(refused.value).splitlines()


# ---- defaults and what follows from the rest -----------------------------------------------------


def test_five_keys_make_a_model_and_the_rest_has_defaults() -> None:
    spec = fees()
    assert spec.frequency == timedelta(minutes=5)
    assert spec.quantiles == (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
    assert spec.backtest.origins == 20
    assert spec.gate.limit_ratio == 1.0
    assert spec.gate.threshold is None
    assert spec.monitor.consecutive == 3
    assert spec.approval.production is Approver.PERSON
    assert spec.approval.expires_after == timedelta(hours=72)
    assert spec.deployment.staging_ttl == timedelta(days=7)
    assert not spec.frozen


@pytest.mark.parametrize(
    ("changes", "season", "stride", "held_out", "history", "context"),
    [
        ({}, 288, 1, 31, 576 + 31, 576),
        ({"horizon": 30}, 288, 3, 87, 576 + 87, 576),
        ({"horizon": 30, "backtest": {"stride": 30}}, 288, 30, 600, 576 + 600, 576),
        ({"frequency": "1h"}, 24, 1, 31, 300 + 31, 288),
        ({"frequency": "1d"}, 7, 1, 31, 300 + 31, 288),
        ({"season": 2016}, 2016, 1, 31, 4032 + 31, 4032),
        ({"training": {"min_points": 331}}, 288, 1, 31, 331, 576),
    ],
)
def test_what_is_not_said_follows_from_frequency_and_horizon(
    changes: dict[str, object], season: int, stride: int, held_out: int, history: int, context: int
) -> None:
    spec = fees(**changes)
    assert spec.season_points == season
    assert spec.stride_points == stride
    assert spec.held_out_points == held_out
    assert spec.history_points == history
    assert spec.context_points == context


def test_a_threshold_takes_the_place_of_the_ratio() -> None:
    gate = fees(gate={"threshold": 0.3}).gate
    assert (gate.limit_ratio, gate.threshold) == (None, 0.3)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("90s", 90), ("15m", 900), ("1h30m", 5_400), ("72h", 259_200), ("3d", 259_200), ("PT15M", 900)]
    + [("P1D", 86_400), ("P1DT1H", 90_000), ("0s", 0)],
)
def test_a_duration_may_be_written_short_or_as_iso_8601(written: str, seconds: int) -> None:
    assert fees(training={"cool_down": written}).training.cool_down == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "schedule",
    [
        "rate(1 day)",
        "rate(90 minutes)",
        "cron(0 3 * * ? *)",
        "cron(0/15 8-18 ? * MON-FRI *)",
        "cron(0 3 L * ? 2026-2030)",
        "cron(30 4 15W 1,7 ? *)",
        "cron(0 0 ? * 2#1 *)",
        "cron(0 0 ? JAN,JUL fri *)",
    ],
)
def test_schedules_of_eventbridge_are_taken(schedule: str) -> None:
    assert fees(training={"schedule": schedule}).training.schedule == schedule


# ---- one spelling --------------------------------------------------------------------------------

DURATIONS = st.integers(60, limits.DURATION_DAYS_MAX * 86_400).map(lambda s: f"{s}s")
SPECS = st.fixed_dictionaries(
    {
        "model": st.sampled_from(["fees", "fees-5m"]),
        "series": st.just("transactions"),
        "target": st.sampled_from(["count", "sum", "mean"]),
        "frequency": st.sampled_from(["1m", "PT5M", "1h", "1d"]),
        "horizon": st.integers(3, limits.HORIZON_POINTS_MAX),
    },
    optional={
        "quantiles": st.sampled_from([[0.5], [0.1, 0.5, 0.9], [0.05, 0.5, 0.995]]),
        "season": st.none() | st.integers(1, limits.SEASON_POINTS_MAX),
        "hyperparameters": st.sampled_from([{}, {"num_leaves": 15}, {"learning_rate": 1}]),
        "backtest": st.fixed_dictionaries(
            {}, optional={"origins": st.integers(20, 200), "stride": st.integers(1, 400)}
        ),
        "gate": st.sampled_from(
            [{}, {"limit_ratio": 1}, {"limit_ratio": 0.9}, {"threshold": 0.3, "min_points": 20}]
        ),
        "monitor": st.fixed_dictionaries({}, optional={"every": DURATIONS}),
        "training": st.fixed_dictionaries(
            {},
            optional={
                "cool_down": DURATIONS,
                "schedule": st.sampled_from([None, "rate(1 day)"]),
                "min_points": st.none() | st.integers(200_000, 300_000),
            },
        ),
        "approval": st.fixed_dictionaries(
            {}, optional={"staging": st.sampled_from(["person", "rule"])}
        ),
        "deployment": st.fixed_dictionaries({}, optional={"strategy": st.just("canary")}),
        "frozen": st.booleans(),
    },
)


@given(declared=SPECS)
def test_what_is_stored_of_a_model_gives_it_back(declared: dict[str, object]) -> None:
    spec = ModelSpec.parse(json.dumps(declared))
    assert ModelSpec.parse(spec.compact()) == spec
    assert ModelSpec.model_validate_json(spec.model_dump_json()) == spec
    assert len(spec.compact().encode()) <= limits.SPEC_BYTES_MAX


@given(one=SPECS, other=SPECS)
def test_digests_are_equal_exactly_where_specs_are(
    one: dict[str, object], other: dict[str, object]
) -> None:
    first, second = ModelSpec.parse(json.dumps(one)), ModelSpec.parse(json.dumps(other))
    assert (first.digest() == second.digest()) == (first == second)
    assert (specs.changed_fields(first, second) == ()) == (first == second)


def test_only_what_differs_from_the_defaults_is_stored() -> None:
    spec = fees(horizon=30, backtest={"origins": 20, "stride": 30}, gate={"limit_ratio": 1.0})
    assert spec.compact() == (
        '{"backtest":{"stride":30},"frequency":"5m","horizon":30,'
        '"model":"fees","series":"transactions","target":"mean"}'
    )


def test_a_spec_that_would_not_fit_into_its_parameter_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "SPEC_BYTES_MAX", 80)
    assert complaints() == ["has 86 bytes as compact JSON: at most 80"]


def test_two_spellings_of_one_spec_have_one_digest() -> None:
    assert fees(frequency="PT5M", season=None).digest() == fees(frequency="300s").digest()
    assert fees(season=288).digest() != fees().digest()  # said, so that it stays if frequency moves


def test_a_series_is_stored_the_same_way() -> None:
    spec = transactions(window="5m", unit="satoshi")
    assert spec.compact() == '{"series":"transactions","unit":"satoshi","window":"5m"}'
    assert SeriesSpec.parse(spec.compact()) == spec
    assert spec.digest() != transactions().digest()


def test_changes_are_named_by_their_path() -> None:
    old = fees(hyperparameters={"num_leaves": 15})
    new = fees(gate={"threshold": 0.3}, hyperparameters={"seed": 1}, frozen=True)
    assert specs.changed_fields(old, new) == (
        "frozen",
        "gate.limit_ratio",
        "gate.threshold",
        "hyperparameters.num_leaves",
        "hyperparameters.seed",
    )


def test_of_a_new_model_everything_that_it_says_has_changed() -> None:
    assert specs.changed_fields(None, fees(gate={"threshold": 0.3})) == (
        "frequency",
        "gate.threshold",
        "horizon",
        "model",
        "series",
        "target",
    )


def test_a_spec_is_changed_by_a_checked_copy() -> None:
    spec = fees()
    assert spec.changed(frozen=True).frozen
    assert not spec.frozen
    with pytest.raises(ValueError, match="frozn"):
        spec.changed(frozn=True)


# ---- bad input -----------------------------------------------------------------------------------

NAN = float("nan")
BAD_MODELS: list[tuple[dict[str, object], str]] = [
    ({"horizn": 12}, "horizn: unknown key; did you mean 'horizon'?"),
    ({"gate": {"limit": 1.0}}, "gate.limit: unknown key; did you mean 'limit_ratio'?"),
    ({"window": "1m"}, "window: unknown key; known: 'algorithm', 'approval', 'backtest'"),
    ({"horizon": 0}, "horizon: must be >= 1 and <= 400, got 0"),
    ({"horizon": 401}, "horizon: must be >= 1 and <= 400, got 401"),
    ({"horizon": "12"}, "horizon: must be a whole number >= 1 and <= 400, got '12'"),
    ({"horizon": 1.5}, "horizon: must be a whole number >= 1 and <= 400, got 1.5"),
    ({"horizon": None}, "horizon: must be a whole number >= 1 and <= 400, got nothing"),
    ({"frequency": 5}, "frequency: needs a unit, got 5: write '15m' for minutes, or s, h, d"),
    ({"frequency": "5 minutes"}, "frequency: not a duration: '5 minutes'; write '90s', '15m'"),
    ({"frequency": "P1M"}, "frequency: not a duration: 'P1M'"),
    ({"frequency": "30s"}, "frequency: must be >= 1m and <= 1d, got 30s"),
    ({"frequency": "2d"}, "frequency: must be >= 1m and <= 1d, got 2d"),
    ({"frequency": "7m"}, "frequency: must be whole minutes that divide a day evenly, got 7m"),
    ({"frequency": "90s"}, "frequency: must be whole minutes that divide a day evenly, got 90s"),
    ({"target": "avg"}, "target: must be 'count', 'sum' or 'mean', got 'avg'"),
    ({"quantiles": [0.5, 1.0]}, "quantiles: must be between 0 and 1, both excluded, got 1.0"),
    ({"quantiles": [0, 0.5]}, "quantiles: must be between 0 and 1, both excluded, got 0.0"),
    ({"quantiles": [0.9, 0.5]}, "quantiles: must ascend, each once: write [0.5, 0.9]"),
    ({"quantiles": [0.5, 0.5]}, "quantiles: must ascend, each once: write [0.5]"),
    ({"quantiles": [0.1, 0.9]}, "quantiles: must contain 0.5: the median is the point forecast"),
    ({"quantiles": [0.12345, 0.5]}, "quantiles: must have at most three decimals, got 0.12345"),
    ({"quantiles": []}, "quantiles: must contain 0.5"),
    ({"quantiles": [0.5] * 22}, "quantiles: must have at most 21 items, has 22"),
    ({"quantiles": [NAN]}, "quantiles.0: must be a finite number, got NaN"),
    ({"quantiles": 0.5}, "quantiles: must be a list, got 0.5"),
    ({"season": 0}, "season: must be >= 1 and <= 10080, got 0"),
    ({"model": "Fees"}, "model: model name 'Fees': use 1 to 24 lower-case letters"),
    ({"model": "m" * 25}, f"model: model name '{'m' * 25}': use 1 to 24 lower-case letters"),
    ({"model": "series"}, "model: model name 'series' is reserved: choose another"),
    ({"series": "a b"}, "series: series name 'a b': use 1 to 48 lower-case letters"),
    ({"algorithm": "ligthgbm"}, "algorithm: unknown algorithm 'ligthgbm'; did you mean 'lightgbm'"),
    (
        {"hyperparameters": {"num_leafs": 3}},
        "hyperparameters.num_leafs: unknown to lightgbm; did you mean 'num_leaves'?",
    ),
    (
        {"hyperparameters": {"num_leaves": 999}},
        "hyperparameters.num_leaves: must be a whole number from 2 to 255, got 999",
    ),
    (
        {"hyperparameters": {"learning_rate": NAN}},
        "hyperparameters.learning_rate: must be a finite number or a text, got NaN",
    ),
    (
        {"hyperparameters": {"seed": None}},
        "hyperparameters.seed: must be a finite number or a text, got nothing",
    ),
    (
        {"hyperparameters": {"prediction_length": 3}},
        "hyperparameters.prediction_length: follows from the spec's 'horizon'",
    ),
    ({"backtest": {"origins": 1}}, "backtest.origins: must be >= 2 and <= 200, got 1"),
    ({"backtest": {"stride": 0}}, "backtest.stride: must be >= 1 and <= 400, got 0"),
    ({"backtest": 20}, "backtest: must be a mapping of keys to values, got 20"),
    (
        {"gate": {"limit_ratio": NAN}},
        "gate.limit_ratio: must be a finite number > 0 and <= 100, got NaN",
    ),
    (
        {"gate": {"limit_ratio": float("inf")}},
        "gate.limit_ratio: must be a finite number > 0 and <= 100, got infinity",
    ),
    ({"gate": {"threshold": 0}}, "gate.threshold: must be > 0 and <= 1000, got 0"),
    (
        {"gate": {"limit_ratio": 1.0, "threshold": 0.3}},
        "gate: limit_ratio and threshold exclude each other: remove one",
    ),
    (
        {"horizon": 1},
        "gate.min_points: the backtest has 20 points (origins x horizon), the gate wants 50: "
        "set backtest.origins to at least 50, or lower this",
    ),
    ({"monitor": {"points": 5}}, "monitor.points: must be >= 10 and <= 10000, got 5"),
    ({"training": {"cool_down": "-1h"}}, "training.cool_down: not a duration: '-1h'"),
    (
        {"training": {"cool_down": "400d"}},
        "training.cool_down: must be >= 0s and <= 366d, got 400d",
    ),
    ({"training": {"cool_down": "9" * 30 + "d"}}, "training.cool_down: too long: '999"),
    ({"training": {"daily_cap": 0}}, "training.daily_cap: must be >= 1 and <= 96, got 0"),
    (
        {"training": {"min_points": 330}},
        "training.min_points: must be >= 331 (300 to train lightgbm, 31 held out for the backtest)",
    ),
    ({"training": {"schedule": "daily"}}, "training.schedule: not a schedule: 'daily'; write"),
    (
        {"training": {"schedule": "rate(1 days)"}},
        "training.schedule: 'rate(1 days)': EventBridge wants 'rate(1 day)'",
    ),
    (
        {"training": {"schedule": "rate(5 day)"}},
        "training.schedule: 'rate(5 day)': EventBridge wants 'rate(5 days)'",
    ),
    ({"training": {"schedule": "rate(1 week)"}}, "training.schedule: not a rate: 'rate(1 week)'"),
    (
        {"training": {"schedule": "cron(0 3 * * *)"}},
        "training.schedule: 'cron(0 3 * * *)' has 5 fields: EventBridge wants 6",
    ),
    (
        {"training": {"schedule": "cron(0 3 * * * *)"}},
        "training.schedule: 'cron(0 3 * * * *)': exactly one of day of month and day of week",
    ),
    (
        {"training": {"schedule": "cron(0 24 * * ? *)"}},
        "training.schedule: 'cron(0 24 * * ? *)': hours '24' is not within 0 to 23",
    ),
    (
        {"training": {"schedule": "cron(0/0 3 * * ? *)"}},
        "training.schedule: 'cron(0/0 3 * * ? *)': minutes '0/0' is not within 0 to 59",
    ),
    ({"approval": {"staging": "me"}}, "approval.staging: must be 'person' or 'rule', got 'me'"),
    ({"approval": {"expires_after": 72}}, "approval.expires_after: needs a unit, got 72"),
    ({"deployment": {"bake": "2h"}}, "deployment.bake: must be >= 0s and <= 1h, got 2h"),
    (
        {"deployment": {"staging_ttl": "30m"}},
        "deployment.staging_ttl: must be >= 1h and <= 366d, got 30m",
    ),
    ({"deployment": {"staging_ttl": 7}}, "deployment.staging_ttl: needs a unit, got 7"),
    (
        {"deployment": {"strategy": "blue"}},
        "deployment.strategy: must be 'all-at-once', 'canary' or 'linear', got 'blue'",
    ),
    ({"frozen": "yes"}, "frozen: must be true or false, got 'yes'"),
]


@pytest.mark.parametrize(
    ("changes", "complaint"), BAD_MODELS, ids=[complaint for _, complaint in BAD_MODELS]
)
def test_a_mistake_in_a_model_is_told_in_one_line(
    changes: dict[str, object], complaint: str
) -> None:
    told = complaints(**changes)
    assert len(told) == 1
    assert told[0].startswith(complaint)


def test_all_mistakes_are_told_at_once() -> None:
    told = complaints(horizon=0, gate={"limit_ratio": NAN}, colour="red")
    assert [line.partition(":")[0] for line in told] == ["horizon", "gate.limit_ratio", "colour"]


def test_a_missing_key_is_told_with_an_example() -> None:
    with pytest.raises(SpecError) as refused:
        ModelSpec.parse('{"model": "fees", "series": "transactions", "target": "mean"}')
    assert str(refused.value).splitlines() == [
        "frequency: is missing: add it, for example 'frequency: 5m'",
        "horizon: is missing: add it, for example 'horizon: 12'",
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "invalid JSON"),
        ("[]", "must be a mapping of keys to values, got []"),
        ('{"series": "a", "window": "7m"}', "window: must divide a day evenly, got 7m"),
        ('{"series": "a", "window": "0s"}', "window: must be >= 1s and <= 1d, got 0s"),
        ('{"series": "a", "grace": "8d"}', "grace: must be >= 0s and <= 7d, got 8d"),
        (
            '{"series": "a", "window": "1h", "expected_every": "5m"}',
            "expected_every: must be at least the window (1h), got 5m",
        ),
        ('{"series": "a", "horizon": 3}', "horizon: unknown key; known: 'expected_every'"),
    ],
)
def test_a_mistake_in_a_series_is_told_in_one_line(text: str, complaint: str) -> None:
    with pytest.raises(SpecError) as refused:
        SeriesSpec.parse(text)
    assert str(refused.value).startswith(complaint)


def test_a_duration_made_in_python_has_no_fractions_of_a_second() -> None:
    with pytest.raises(ValueError, match=r"must be whole seconds, got 0\.5 s"):
        SeriesSpec(series="transactions", lateness=timedelta(seconds=0.5))


# ---- a model and its series ----------------------------------------------------------------------


def test_silence_of_five_windows_is_a_stall_unless_said_otherwise() -> None:
    assert transactions(window="5m").expected_interval == timedelta(minutes=25)
    assert transactions(expected_every="10m").expected_interval == timedelta(minutes=10)


@pytest.mark.parametrize("window", ["1m", "5m", "20s"])
def test_a_model_is_built_from_windows_that_divide_its_frequency(window: str) -> None:
    fees().check_against(transactions(window=window))


@pytest.mark.parametrize("window", ["2m", "10m", "1h"])
def test_a_frequency_that_is_no_multiple_of_the_window_is_refused(window: str) -> None:
    with pytest.raises(SpecError) as refused:
        fees().check_against(transactions(window=window))
    assert str(refused.value) == (
        f"frequency: must be a multiple of the window of series 'transactions' ({window}), got 5m"
    )


def test_a_model_is_not_checked_against_another_series() -> None:
    with pytest.raises(SpecError, match="reads 'transactions', the series is 'blocks'"):
        fees().check_against(transactions(series="blocks"))
