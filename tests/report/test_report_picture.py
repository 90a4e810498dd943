"""The report as a picture."""

from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pytest
from numpy.typing import NDArray

from ops import report
from ops.report import draw_report
from ops.report.kinds import TONES
from ops.report.picture_lanes import VERSION_COLOURS
from tests.report import world


def draw(path: Path, **changes: Any) -> NDArray[np.float64]:
    """Draw, and read back."""
    draw_report(path, world.report(**changes))
    return read(path)


def read(path: Path) -> NDArray[np.float64]:
    """Read a picture: shape (height, width, channels), each within 0 and 1."""
    return np.asarray(matplotlib.image.imread(path), dtype=np.float64)


def share_of(image: NDArray[np.float64], colour: str) -> float:
    """How much of a picture has this colour, within a hair."""
    wanted = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    return float((np.abs(image[..., :3] - wanted).max(axis=-1) < 0.02).mean())


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("picture") / "report.png"
    draw_report(path, world.report())
    return path


def test_it_is_a_png_of_the_promised_size_with_both_versions_and_the_breaches(file: Path) -> None:
    image = read(file)
    assert file.read_bytes().startswith(b"\x89PNG\r\n")
    assert image.shape[:2] == (report.HEIGHT_PIXELS, report.WIDTH_PIXELS)
    for colour in (*VERSION_COLOURS[:2], TONES["bad"], TONES["wait"]):
        assert share_of(image, colour) > 0.0005, colour


@pytest.mark.parametrize(
    "changes",
    [
        {"entries": ()},
        {"forecasts": ()},
        {"times": [world.START], "values": [1.0], "forecasts": (), "entries": ()},
    ],
    ids=["no events", "no forecasts", "one point"],
)
def test_whatever_is_missing_there_is_a_picture(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert draw(tmp_path / "report.png", **changes).shape[0] == report.HEIGHT_PIXELS


def test_simulated_data_are_labelled(tmp_path: Path, file: Path) -> None:
    labelled = read(file)
    real = draw(tmp_path / "real.png", simulated=False)
    bottom_right = slice(-50, None), slice(-350, None)
    assert share_of(labelled[bottom_right], TONES["bad"]) > 0.005
    assert share_of(real[bottom_right], TONES["bad"]) == 0
