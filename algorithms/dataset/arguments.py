"""The arguments of the prepare step: named, typed, bounded."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn, get_args

from algorithms.container import Failure
from shared.forecasting import deepar_json
from shared.forecasting.grid import Target


@dataclass(frozen=True)
class Arguments:
    """What to prepare.

    Parameters
    ----------
    season : int
        Points after which the rhythm repeats; long holes are filled from it.
    origins, stride : int
        Moments to forecast from in the backtest, and points from one to the next.
    context_points : int
        Points before an origin that a backtest instance holds, at most.
    max_points : int
        Latest points to use; 0 = all.
    min_points : int
        Points that there must be, those held out included.
    """

    model: str
    run_id: str
    series: str
    target: Target
    window_s: int
    frequency_s: int
    horizon: int
    quantiles: tuple[float, ...]
    season: int
    origins: int
    stride: int
    context_points: int
    max_points: int
    min_points: int

    @property
    def held_out(self) -> int:
        """Points from the first origin to the end of the last forecast."""
        return self.horizon + self.stride * (self.origins - 1)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise Failure(f"The prepare step's arguments are wrong: {message}.")


def parse(words: Sequence[str]) -> Arguments:
    """Read the arguments of the command line.

    Raises
    ------
    Failure
        If one is missing, unknown or out of bounds; the text names it.
    """
    parser = _Parser(prog="prepare", allow_abbrev=False, add_help=False)
    for name in ("model", "run-id", "series"):
        parser.add_argument(f"--{name}", required=True, type=_name)
    parser.add_argument("--target", required=True, choices=get_args(Target))
    for name in ("window-s", "frequency-s", "horizon", "season"):
        parser.add_argument(f"--{name}", required=True, type=_positive)
    parser.add_argument("--quantiles", required=True, type=_quantiles)
    parser.add_argument("--origins", type=_positive, default=20)
    parser.add_argument("--stride", type=_positive, required=True)
    parser.add_argument("--context-points", type=_positive, required=True)
    parser.add_argument("--max-points", type=_counted, default=0)
    parser.add_argument("--min-points", type=_counted, default=0)
    return Arguments(**vars(parser.parse_args(words)))


def _name(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("it is empty")
    return text


def _counted(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 0 or more")
    return int(text)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)


def _quantiles(text: str) -> tuple[float, ...]:
    try:
        return deepar_json.read_quantiles(text)
    except deepar_json.FormatError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
