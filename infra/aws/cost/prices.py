"""The dated price file."""

from datetime import date
from pathlib import Path

import yaml
from pydantic import Field

from shared.contracts.frozen import Frozen

FILE = Path(__file__).with_name("prices.yaml")


class Price(Frozen):
    """What so many of something cost."""

    usd: float = Field(gt=0)
    per: int = Field(ge=1)
    free: float = Field(default=0, ge=0)
    """So much of it an account has free of charge each month."""
    unit: str
    source: str


class Prices(Frozen):
    """A price list."""

    written: date
    checked: bool
    """Whether somebody compared it with AWS's pages on that day."""
    region: str
    hours_a_month: int
    prices: dict[str, Price]

    def usd(self, name: str, quantity: float) -> float:
        """Answer what a quantity costs; raises KeyError where there is no such price."""
        price = self.prices[name]
        return quantity * price.usd / price.per

    def usd_beyond_free(self, name: str, quantity: float) -> float:
        """Answer what a quantity costs in an account that needs nothing else of it."""
        return self.usd(name, max(0.0, quantity - self.prices[name].free))


def load() -> Prices:
    """Read the price file."""
    return Prices.model_validate(yaml.safe_load(FILE.read_text()))
