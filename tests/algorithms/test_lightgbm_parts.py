"""The pure parts of LightGBM: hyperparameters, scale, features, answers."""

import json
import math
from datetime import UTC, datetime
from pathlib import Path

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from algorithms.container import Failure
from algorithms.lightgbm import answer, features, learning, scale, settings
from algorithms.lightgbm.features import Shape
from algorithms.lightgbm.points import Points, UnusableSeriesError, usable
from shared.forecasting.deepar_json import Configuration, Series

REQUIRED = {"prediction_length": "6", "time_freq": "1H", "season_length": "24"}
START = datetime(2025, 3, 3)  # noqa: DTZ001


def test_defaults_are_filled_in() -> None:
    chosen = settings.parse(REQUIRED)
    assert (chosen.num_boost_round, chosen.learning_rate, chosen.num_leaves) == (60, 0.1, 8)
    assert (chosen.frequency_s, chosen.prediction_length) == (3600, 6)
    assert chosen.test_quantiles == (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def test_names_that_sagemaker_adds_are_ignored() -> None:
    added = {"sagemaker_program": "x", "_tuning_objective_metric": "y"}
    assert settings.parse(REQUIRED | added) == settings.parse(REQUIRED)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"num_leafs": "8"}, "num_leafs is unknown; did you mean num_leaves?"),
        ({"colour": "8"}, "colour is unknown; known are num_boost_round, "),
        ({"num_leaves": "1"}, "num_leaves is '1'; it must be a whole number from 2 to 255."),
        ({"num_leaves": "8.5"}, "num_leaves is '8.5'; it must be a whole number"),
        ({"learning_rate": "nan"}, "learning_rate is 'nan'; it must be a number from 0.001 to 1.0"),
        ({"learning_rate": "fast"}, "learning_rate is 'fast'"),
        ({"time_freq": "1M"}, "the frequency '1M' is not S, min, H, D or W"),
        ({"test_quantiles": "[0.5, 0.5]"}, "each once"),
        ({"test_quantiles": "[0]"}, "the quantile 0 is not between 0 and 1"),
    ],
)
def test_a_wrong_hyperparameter_is_one_sentence(changed: dict[str, str], message: str) -> None:
    with pytest.raises(Failure) as caught:
        settings.parse(REQUIRED | changed)
    assert message in str(caught.value)


def test_a_missing_hyperparameter_is_named() -> None:
    with pytest.raises(Failure, match="prediction_length is missing: Steps that a forecast"):
        settings.parse({"time_freq": "1H", "season_length": "24"})


@pytest.mark.parametrize(
    ("values", "kind"),
    [([1.0, 5.0], "log"), ([0.0, 5.0], "asinh"), ([0.0, 0.0], "asinh"), ([-1.0, 5.0], "identity")],
)
def test_the_training_values_choose_the_scale(values: list[float], kind: str) -> None:
    assert scale.choose(numpy.array(values)).kind == kind


@given(
    st.sampled_from(
        [scale.Scale("log", 3.0), scale.Scale("asinh", 0.5), scale.Scale("identity", 2)]
    ),
    st.floats(0.001, 1e6),
    st.floats(0.001, 1e6),
)
def test_a_scale_keeps_the_order_and_can_be_inverted(
    chosen: scale.Scale, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    scaled = chosen.apply(numpy.array([low, high]))
    assert scaled[0] <= scaled[1]
    assert chosen.invert(scaled).tolist() == pytest.approx([low, high])


def test_a_zero_after_positive_training_values_is_no_error() -> None:
    assert math.isfinite(scale.choose(numpy.array([1.0, 2.0])).apply(numpy.array([0.0]))[0])


@pytest.mark.parametrize(
    ("season", "lags", "windows"),
    [
        (288, [*range(1, 13), 18, 24, 36, 48, 72, 144, 288], [6, 12, 36, 72, 288]),
        (24, [*range(1, 13), 24], [6, 12, 24]),
        (1, [*range(1, 13)], [6, 12]),
    ],
)
def test_lags_and_windows_follow_from_the_season(
    season: int, lags: list[int], windows: list[int]
) -> None:
    shape = Shape(horizon=3, season=season, frequency_s=300)
    assert (shape.lags, shape.windows) == (lags, windows)


@given(st.integers(1, 30), st.integers(1, 40), st.integers(0, 9))
def test_features_know_nothing_of_the_future(horizon: int, season: int, seed: int) -> None:
    shape = Shape(horizon, season, 3600)
    values = numpy.random.default_rng(seed).normal(size=120)
    changed = values.copy()
    changed[60:] = 1e9
    origin = numpy.array([60])
    before = features.rows(values, 0, origin, shape)
    after = features.rows(changed, 0, origin, shape)
    numpy.testing.assert_array_equal(before.features, after.features)
    assert before.at.tolist() == list(range(60, 60 + horizon))


def test_level_season_and_time_are_those_of_the_origin_and_the_step() -> None:
    monday = int(datetime(2025, 3, 3, tzinfo=UTC).timestamp())
    table = features.rows(numpy.arange(40.0), monday, numpy.array([30]), Shape(2, 24, 3600))
    assert {name: values.tolist() for name, values in table.references.items()} == {
        "level": [26.5, 26.5],
        "season": [6, 7],
        "shifted season": [30, 31],
    }
    step, of_day, day = table.features[:, -3:].T
    assert step.tolist() == [0, 1]
    assert of_day.tolist() == [6 * 3600, 7 * 3600]
    assert day.tolist() == [1, 1]
    assert table.features[0, 0] == pytest.approx(29 - 26.5)
    assert table.features[:, -4].tolist() == pytest.approx([6 - 26.5, 7 - 26.5])


def test_strided_steps_cover_all_steps_over_the_origins() -> None:
    table = features.rows(
        numpy.arange(99.0), 0, numpy.array([50, 51, 52]), Shape(6, 12, 60), step_stride=3
    )
    assert sorted(table.features[:, -3].tolist()) == [0, 1, 2, 3, 4, 5]


def test_points_begin_at_the_first_known_value_and_have_no_holes() -> None:
    nan = math.nan
    points = usable(Series(START, (nan, 1.0, nan, 3.0)), 3600, 24)
    assert points.values.tolist() == [1.0, 1.0, 3.0]
    assert points.start_s == int(START.replace(tzinfo=UTC).timestamp()) + 3600


@pytest.mark.parametrize(
    ("series", "message"),
    [
        (Series(START, ()), "no known value"),
        (Series(START, (math.nan,)), "no known value"),
        (Series(START, (1.0,), cat=(1,)), "cat or dynamic_feat"),
    ],
)
def test_a_series_without_values_or_with_features_is_refused(series: Series, message: str) -> None:
    with pytest.raises(UnusableSeriesError, match=message):
        usable(series, 60, 1)


@pytest.mark.parametrize(
    ("slope", "amplitude", "noise", "reference"),
    [(0, 0, 1, "level"), (0, 9, 0.1, "season"), (0.2, 9, 0.1, "shifted season")],
)
def test_the_reference_is_the_simple_forecast_that_misses_least(
    slope: float, amplitude: float, noise: float, reference: str
) -> None:
    at = numpy.arange(300)
    walk = numpy.random.default_rng(0).normal(size=300) * noise
    walk = walk.cumsum() if reference == "level" else walk
    values = 100 + slope * at + amplitude * numpy.sin(at * math.pi / 12) + walk
    chosen = settings.parse(REQUIRED | {"num_boost_round": "10", "test_quantiles": "0.5"})
    assert learning.learn([Points(values, 0)], chosen).reference == reference


@pytest.mark.parametrize(
    "values",
    [
        numpy.zeros(300),
        numpy.full(300, 7.0),
        numpy.sin(numpy.arange(300)),
        numpy.maximum(0, numpy.sin(numpy.arange(300))),
        numpy.arange(86.0),
    ],
    ids=["zeros", "constant", "negative", "many zeros", "as short as can be"],
)
def test_any_kind_of_series_gives_ordered_finite_quantiles(values: scale.Values) -> None:
    chosen = settings.parse(REQUIRED | {"num_boost_round": "10", "test_quantiles": "0.1,0.5,0.9"})
    model = learning.learn([Points(values, 0)], chosen)
    forecast = model.forecast([Series(START, tuple(values.tolist()))])
    assert forecast.shape == (1, 3, 6)
    assert numpy.isfinite(forecast).all()
    assert (numpy.diff(forecast, axis=1) >= 0).all()


def test_a_series_too_short_to_learn_from_is_one_sentence() -> None:
    with pytest.raises(Failure, match="has 85 points; a horizon of 6 needs 86"):
        learning.learn([Points(numpy.ones(85), 0)], settings.parse(REQUIRED))


def test_a_long_horizon_over_a_long_season_stays_within_its_rows() -> None:
    chosen = settings.parse(
        REQUIRED
        | {"prediction_length": "400", "season_length": "500", "num_boost_round": "10"}
        | {"test_quantiles": "0.5"}
    )
    wave = 100 + numpy.sin(numpy.arange(2_000) / 80)
    model = learning.learn([Points(wave, 0), Points(wave, 0)], chosen)
    assert model.forecast([Series(START, tuple(wave))]).shape == (1, 1, 400)


LEVELS = numpy.array([0.1, 0.5, 0.9])


class Fixed:
    """A model that always forecasts 1, 5 and 13 for its three quantiles."""

    levels = tuple(LEVELS.tolist())

    def forecast(self, series: list[Series]) -> scale.Values:
        """Answer the same for each."""
        return numpy.tile(numpy.array([[1.0], [5.0], [13.0]]), (len(series), 1, 2))


def test_quantiles_between_the_trained_ones_are_interpolated() -> None:
    asked = Configuration(output_types=("quantiles",), quantiles=(0.1, 0.3, 0.7))
    (told,) = answer.predict(Fixed(), [Series(START, (1.0,))], asked)  # type: ignore[arg-type]
    assert told.quantiles == {
        0.1: (1.0, 1.0),
        0.3: (pytest.approx(3), pytest.approx(3)),
        0.7: (pytest.approx(9), pytest.approx(9)),
    }
    assert told.mean is None and told.samples is None


def test_the_mean_is_that_of_the_quantile_function() -> None:
    asked = Configuration(output_types=("mean",))
    (told,) = answer.predict(Fixed(), [Series(START, (1.0,))], asked)  # type: ignore[arg-type]
    assert told.mean == pytest.approx((0.1 * 1 + 0.4 * 3 + 0.4 * 9 + 0.1 * 13,) * 2)


def test_samples_are_distributed_as_the_quantiles_and_the_same_for_the_same_series() -> None:
    asked = Configuration(num_samples=2_000, output_types=("samples",))
    series = [Series(START, (1.0,)), Series(START, (2.0,)), Series(START, (1.0,))]
    one, other, again = answer.predict(Fixed(), series, asked)  # type: ignore[arg-type]
    assert one == again and one != other
    drawn = numpy.array(one.samples)
    assert drawn.shape == (2_000, 2)
    assert (drawn <= 5).mean() == pytest.approx(0.5, abs=0.03)
    assert (drawn <= 1).mean() == pytest.approx(0.1, abs=0.03)


def test_a_quantile_outside_of_the_trained_ones_is_refused() -> None:
    asked = Configuration(quantiles=(0.05, 0.5))
    with pytest.raises(answer.UnknownQuantileError, match=r"0.05 was asked for; .* 0.1 to 0.9"):
        answer.predict(Fixed(), [Series(START, (1.0,))], asked)  # type: ignore[arg-type]


def test_the_specification_of_hyperparameters_is_one_that_sagemaker_takes() -> None:
    rows = json.loads(Path(settings.SPECIFICATION).read_text())
    for row in rows:
        assert set(row) <= {
            *("Name", "Description", "Type", "Range", "IsTunable", "IsRequired", "DefaultValue")
        }
        assert row["IsRequired"] == ("DefaultValue" not in row)
        assert row["Type"] in {"Integer", "Continuous", "FreeText"}
        assert ("Range" in row) == (row["Type"] != "FreeText")
