"""DeepAR's contracts: there and back, and what is refused."""

import json
import math
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.forecasting import deepar_json, frequency
from shared.forecasting.deepar_json import Configuration, FormatError, Prediction, Request, Series

START = datetime(2025, 3, 5, 2, 10)  # noqa: DTZ001
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


def test_a_training_line_is_written_as_deepar_reads_it() -> None:
    line = deepar_json.write_series(Series(START, (1.5, math.nan, 3.0)))
    assert line == '{"start":"2025-03-05 02:10:00","target":[1.5,"NaN",3.0]}'


@pytest.mark.parametrize("missing", ['"NaN"', "null"])
def test_a_missing_value_has_two_spellings(missing: str) -> None:
    line = f'{{"start":"2025-03-05 02:10:00","target":[1,{missing}]}}'
    target = deepar_json.read_series(line).target
    assert target[0] == 1 and math.isnan(target[1])


@given(
    st.lists(NUMBERS, max_size=9),
    st.lists(st.integers(0, 9), max_size=3),
    st.lists(st.lists(NUMBERS, max_size=3), max_size=2),
)
def test_a_series_comes_back_as_it_went(
    target: list[float], cat: list[int], rows: list[list[float]]
) -> None:
    series = Series(START, tuple(target), tuple(cat), tuple(map(tuple, rows)))
    assert deepar_json.read_series(deepar_json.write_series(series)) == series


@given(st.lists(st.floats(0.01, 0.99).map(lambda x: round(x, 4)), min_size=1, unique=True))
def test_a_request_comes_back_as_it_went(levels: list[float]) -> None:
    configuration = Configuration(7, ("quantiles", "samples"), tuple(sorted(levels)))
    request = Request((Series(START, (1.0,)), Series(START, ())), configuration)
    assert deepar_json.read_request(deepar_json.write_request(request)) == request


@given(st.lists(NUMBERS, min_size=1, max_size=4).map(tuple))
def test_a_prediction_comes_back_as_it_went(values: tuple[float, ...]) -> None:
    prediction = Prediction(values, {0.1: values, 0.9: values}, (values, values))
    line = deepar_json.write_prediction(prediction)
    assert deepar_json.read_prediction(line) == prediction
    body = deepar_json.write_response([prediction, prediction])
    assert deepar_json.read_response(body) == (prediction, prediction)
    assert list(json.loads(line)["quantiles"]) == ["0.1", "0.9"]


def test_without_a_configuration_mean_and_deciles_are_told() -> None:
    body = '{"instances":[{"start":"2025-03-05 02:10:00","target":[1]}]}'
    assert deepar_json.read_request(body).configuration == Configuration(
        100, ("mean", "quantiles"), (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
    )


@pytest.mark.parametrize("text", ["[0.9, 0.1]", "0.1,0.9", '["0.1", "0.9"]'])
def test_quantiles_may_be_listed_either_way(text: str) -> None:
    assert deepar_json.read_quantiles(text) == (0.1, 0.9)
    assert deepar_json.write_quantiles((0.1, 0.9)) == '["0.1","0.9"]'


SERIES = '{"start":"2025-03-05 02:10:00","target":%s}'
CONFIGURED = '{"instances":[{"start":"2025-03-05 02:10:00","target":[1]}],"configuration":%s}'


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"\xff', "the body is not UTF-8"),
        ("{", "the body is not JSON: .* at character 2"),
        ("[" * 100_000, "too deep"),
        ('{"instances":[%s]}' % ("9" * 5_000), "too long a number"),
        ("[]", "the body is a list; it must be a JSON object"),
        ("{}", "the body has no instances"),
        ('{"instances":[]}', "instances is empty"),
        ('{"instance":[]}', "unknown field 'instance'; known are configuration, instances"),
        ('{"instances":[3]}', r"instances\[0\] is a number; it must be a JSON object"),
        ('{"instances":[{"target":[1]}]}', r"instances\[0\] has no start"),
        ('{"instances":[{"start":"now","target":[1]}]}', "start is 'now'; it must be a time"),
        ('{"instances":[{"start":"2025-03-05T00:00:00Z","target":[1]}]}', "without a zone"),
        ('{"instances":[{"start":5,"target":[1]}]}', "start is 5"),
        ('{"instances":[%s]}' % (SERIES % "null"), "target is null; it must be a list"),
        ('{"instances":[%s]}' % (SERIES % '["x"]'), r"target\[0\] is 'x'; it must be a finite"),
        ('{"instances":[%s]}' % (SERIES % "[true]"), r"target\[0\] is True"),
        ('{"instances":[%s]}' % (SERIES % "[1e999]"), r"target\[0\] is inf"),
        ('{"instances":[%s]}' % (SERIES % "[NaN]"), 'write a missing value as "NaN" or null'),
        ('{"instances":[%s]}' % (SERIES % f"[1{'0' * 400}]"), "must be a finite number"),
        (CONFIGURED % '{"quantiles":["0.5","0.5"]}', "each once"),
        (CONFIGURED % '{"quantiles":["1.5"]}', "the quantile '1.5' is not between 0 and 1"),
        (CONFIGURED % '{"quantiles":["half"]}', "the quantile 'half'"),
        (CONFIGURED % '{"output_types":["median"]}', "lists some of mean, quantiles, samples"),
        (CONFIGURED % '{"output_types":[]}', "lists some of"),
        (CONFIGURED % '{"num_samples":0}', "whole number from 1 to 10000"),
        (CONFIGURED % '{"num_samples":1.5}', "num_samples is 1.5"),
    ],
)
def test_a_request_that_is_not_the_contract_says_where_and_why(
    body: str | bytes, message: str
) -> None:
    with pytest.raises(FormatError, match=message):
        deepar_json.read_request(body)


def test_a_forecast_that_is_not_finite_is_not_written() -> None:
    with pytest.raises(FormatError, match="not finite"):
        deepar_json.write_prediction(Prediction(mean=(math.inf,)))


@pytest.mark.parametrize(
    ("line", "message"), [("{}", "has none of"), ('{"mean":[null]}', r"mean\[0\] is None")]
)
def test_a_prediction_that_is_not_the_contract_is_refused(line: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        deepar_json.read_prediction(line)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (30, "30S"),
        (60, "1min"),
        (300, "5min"),
        (3_600, "1H"),
        (5_400, "90min"),
        (86_400, "1D"),
        (604_800, "1W"),
    ],
)
def test_frequencies_are_spelled_as_deepar_does(seconds: int, text: str) -> None:
    assert frequency.spell(seconds) == text
    assert frequency.parse(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "M", "0min", "-5min", "1.5H", "5 min", "5m"])
def test_another_spelling_of_a_frequency_is_refused(text: str) -> None:
    with pytest.raises(FormatError, match="is not S, min, H, D or W"):
        frequency.parse(text)


@pytest.mark.parametrize("seconds", [0, -60])
def test_a_frequency_below_a_second_has_no_spelling(seconds: int) -> None:
    with pytest.raises(FormatError, match="a second is the least"):
        frequency.spell(seconds)


@pytest.mark.parametrize(
    ("quantiles", "found"),
    [
        ({0.1: (1.0, 2.0), 0.9: (3.0, 4.0)}, None),
        ({0.1: (1.0, 2.0)}, "{0.1: 2}"),
        ({0.1: (1.0, 2.0), 0.9: (3.0,)}, "{0.1: 2, 0.9: 1}"),
        (None, "{}"),
    ],
)
def test_a_forecast_must_have_all_quantiles_and_steps(
    quantiles: dict[float, tuple[float, ...]] | None, found: str | None
) -> None:
    complete = Prediction(quantiles={0.1: (1.0, 2.0), 0.9: (3.0, 4.0)})
    forecasts = (complete, Prediction(quantiles=quantiles))
    if found is None:
        assert deepar_json.quantiles_of(forecasts, (0.1, 0.9), 2) == (quantiles, quantiles)
        return
    with pytest.raises(FormatError) as refused:
        deepar_json.quantiles_of(forecasts, (0.1, 0.9), 2)
    assert (
        str(refused.value) == f"forecast 2 has (quantile: steps) {found}, wanted {{0.1: 2, 0.9: 2}}"
    )
