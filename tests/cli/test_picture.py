"""The picture of a forecast: a PNG that shows what it should, and says where its data are from."""

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ops.cli import picture
from ops.cli.picture import Caption, draw_forecast, scales, style, words
from ops.cli.picture import draw as drawing
from ops.cli.picture.style import Forecast

START = datetime(2025, 3, 1, tzinfo=UTC)
STEP = timedelta(minutes=5)
LEVELS = [level / 10 for level in range(1, 10)]
CAPTION = Caption("transactions", "mean fee, satoshi per transaction", "fees", 3)


def history(points: int = 100) -> dict[datetime, float]:
    return {START + i * STEP: 4_000 + 1_000 * math.sin(i / 10) for i in range(points)}


def times(points: int = 12) -> list[datetime]:
    return [START + (100 + i) * STEP for i in range(points)]


def fan(points: int = 12) -> dict[float, list[float]]:
    return {level: [3_000 + 3_000 * level] * points for level in LEVELS}


def draw(path: Path, caption: Caption = CAPTION, **changed: Any) -> NDArray[np.float64]:
    """Draw and read back: shape (height, width, channels), each within 0 and 1."""
    parts: dict[str, Any] = {"history": history(), "times": times(), "quantiles": fan()}
    draw_forecast(path, caption, **(parts | changed))
    return np.asarray(matplotlib.image.imread(path), dtype=np.float64)


def share_of(image: NDArray[np.float64], colour: str) -> float:
    """How much of a picture has this colour, within a hair."""
    wanted = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    return float((np.abs(image[..., :3] - wanted).max(axis=-1) < 0.02).mean())


def test_the_picture_is_a_png_of_the_promised_size(tmp_path: Path) -> None:
    image = draw(tmp_path / "forecast.png")
    assert (tmp_path / "forecast.png").read_bytes().startswith(b"\x89PNG\r\n")
    assert image.shape[:2] == (picture.HEIGHT_PIXELS, picture.WIDTH_PIXELS)


def test_history_fan_and_truth_have_their_colours(tmp_path: Path) -> None:
    without = draw(tmp_path / "without.png")
    assert share_of(without, style.OBSERVED) > 0.001
    assert share_of(without, style.FAN) > 0.0005
    assert share_of(without, style.CAME_TRUE) == 0
    paler = [drawing.tint(share) for share in (drawing.PALEST, drawing.DEEPEST)]
    for red, green, blue in paler:
        tint = "#" + "".join(f"{round(255 * part):02x}" for part in (red, green, blue))
        assert share_of(without, tint) > 0.003

    with_truth = draw(tmp_path / "with.png", truth=[4_000.0] * 5)
    assert share_of(with_truth, style.CAME_TRUE) > 0.0005


def test_simulated_data_are_labelled_in_the_picture(tmp_path: Path) -> None:
    simulated = Caption("transactions", CAPTION.unit, "fees", 3, simulated=True)
    real, labelled = draw(tmp_path / "a.png"), draw(tmp_path / "b.png", simulated)
    bottom_right = slice(-60, None), slice(-400, None)
    assert share_of(real[bottom_right], style.CAME_TRUE) == 0
    assert share_of(labelled[bottom_right], style.CAME_TRUE) > 0.01


def test_the_same_forecast_is_the_same_picture(tmp_path: Path) -> None:
    assert (draw(tmp_path / "a.png") == draw(tmp_path / "b.png")).all()


@pytest.mark.parametrize(
    "changed",
    [
        {"history": {START: 5.0}},
        {"history": dict.fromkeys(history(), 0.0), "quantiles": {0.5: [0.0] * 12}},
        {"history": history() | {START + 50 * STEP: math.nan, START + 99 * STEP: math.nan}},
        {"times": times(1), "quantiles": {0.1: [1.0], 0.9: [2.0]}},
        {"quantiles": {0.1: [-5.0] * 12, 0.5: [-1.0] * 12}},
        {"times": [START + timedelta(days=i) for i in range(90, 97)], "quantiles": fan(7)},
    ],
    ids=["one point", "all zero", "gaps", "one step", "negative", "days"],
)
def test_whatever_shape_the_data_have_there_is_a_picture(
    tmp_path: Path, changed: dict[str, Any]
) -> None:
    assert draw(tmp_path / "forecast.png", **changed).shape[0] == picture.HEIGHT_PIXELS


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"history": {}}, "no history to draw"),
        ({"history": {START: math.nan}}, "no history to draw"),
        ({"times": []}, "no forecast to draw"),
        ({"quantiles": {}}, "no forecast to draw"),
        ({"quantiles": {0.5: [1.0]}}, "quantile 0.5 has 1 values for 12 times"),
        ({"quantiles": {1.0: [1.0] * 12}}, "levels lie within"),
        ({"truth": [1.0] * 13}, "13 true values for 12 times"),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    tmp_path: Path, changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        draw(tmp_path / "forecast.png", **changed)
    assert not (tmp_path / "forecast.png").exists()


def test_levels_pair_around_the_median_the_widest_first() -> None:
    quantiles: dict[float, list[float]] = {level: [] for level in (0.05, 0.1, 0.3, 0.5, 0.7, 0.9)}
    assert drawing.bands(quantiles) == [(0.1, 0.9), (0.3, 0.7)]


def test_a_single_spike_is_cut_off_and_named_and_the_forecast_never_is() -> None:
    spiky = history() | {START + 40 * STEP: 90_000.0, START + 41 * STEP: 80_000.0}
    bottom, top = scales.value_range(spiky, Forecast(times(), fan(), [9_000.0]))
    assert bottom == 0
    assert 9_000 < top < 12_000
    assert scales.spikes(spiky, top, STEP) == [(START + 40 * STEP, 90_000.0)]


def test_of_spikes_too_near_each_other_only_the_highest_is_named() -> None:
    peaks = {10: 50_000.0, 14: 60_000.0, 40: 40_000.0}
    spiky = history() | {START + place * STEP: value for place, value in peaks.items()}
    named = scales.spikes(spiky, 10_000, 10 * STEP)
    assert named == [(START + 14 * STEP, 60_000.0), (START + 40 * STEP, 40_000.0)]


def test_a_modest_peak_is_shown_whole() -> None:
    peak = history() | {START + 40 * STEP: 6_500.0}
    assert scales.value_range(peak, Forecast(times(), fan(), []))[1] > 6_500


def test_the_words_say_version_score_and_horizon() -> None:
    caption = Caption("transactions", "sat", "fees", 3, START, loss=0.209, baseline_loss=0.287)
    origin = START + 99 * STEP
    assert words.title(caption, origin, times()) == "transactions, the next 60 minutes"
    assert words.subtitle(caption) == (
        "model fees, version 3, in production since 01 Mar 2025 00:00 UTC"
    )
    assert words.score(caption) == (
        "27% better than naive",
        "quantile loss 0.209 against 0.287",
    )
    assert words.subtitle(CAPTION) == "model fees, version 3, not in production"
    assert words.score(CAPTION) == ("", "")


def test_the_forecast_begins_at_its_first_time_and_not_at_the_last_observation() -> None:
    assert words.begins(times()) == "forecast from 01 Mar 2025 08:20 UTC"
    assert words.footer(START + 99 * STEP).startswith(
        "Modelcycle · last observation 01 Mar 2025 08:15 UTC"
    )


def test_the_line_stands_where_its_words_say_at_the_start_of_the_first_step() -> None:
    axes: Any = Figure().add_subplot()
    origin = (START + 99 * STEP, 4_000.0)
    drawing.draw_lines(axes, origin, history(), Forecast(times(), fan(), []))
    (line,) = (one for one in axes.lines if len(set(one.get_xdata())) == 1)
    assert line.get_xdata()[0] == times()[0]
    assert axes.texts[0].xy[0] == times()[0]
    assert "each value at the start of its step" in words.footer(origin[0])


def test_the_axis_of_time_says_no_second_date_in_its_corner() -> None:
    axes = Figure().add_subplot()
    scales.draw_scales(axes, history(), Forecast(times(), fan(), []))
    axes.figure.canvas.draw()
    assert axes.xaxis.get_offset_text().get_text() == ""
    assert any(label.get_text() for label in axes.get_xticklabels())


def test_a_model_worse_than_the_baseline_is_called_so() -> None:
    worse = Caption("s", "u", "m", 1, loss=0.33, baseline_loss=0.30)
    assert words.score(worse)[0] == "10% worse than naive"
    assert words.score(Caption("s", "u", "m", 1, loss=0.33)) == (
        "quantile loss 0.330",
        "mean over the backtest",
    )


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(seconds=30), "30 seconds"),
        (timedelta(minutes=60), "60 minutes"),
        (timedelta(minutes=150), "2.5 hours"),
        (timedelta(days=7), "7 days"),
    ],
)
def test_a_span_is_written_in_the_unit_people_would_use(length: timedelta, text: str) -> None:
    assert words.span(length) == text
