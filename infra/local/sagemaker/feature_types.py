"""What a feature group holds: values as the API takes them, typed as Parquet needs them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from infra.local.sagemaker.core import ServiceError

Value = str | int | float
FeatureType = Literal["String", "Integral", "Fractional"]

# The two spellings that SageMaker takes: seconds, or milliseconds, and the constant Z.
EVENT_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z")

READ: Mapping[FeatureType, Callable[[str], Value]] = {
    "String": str,
    "Integral": int,
    "Fractional": float,
}


def refused(message: str) -> ServiceError:
    """Answer the error of the feature store's runtime for a request that it cannot take."""
    return ServiceError("ValidationError", message)


@dataclass(frozen=True)
class Columns:
    """The features of a group.

    Parameters
    ----------
    types : Mapping
        Feature name → type.
    identifier, event_time : str
        The names of the two features that every record has.
    """

    types: Mapping[str, FeatureType]
    identifier: str
    event_time: str

    def read(self, record: list[Mapping[str, str]]) -> dict[str, Value]:
        """Answer a record's typed values by feature name.

        Raises
        ------
        ServiceError
            ValidationError for an unknown, missing or repeated feature and for a value that is not
            of its type.
        """
        values: dict[str, Value] = {}
        for given in record:
            name = given["FeatureName"]
            if name not in self.types or name in values:
                known = "is there twice" if name in values else "is not in the feature group"
                raise refused(f"Validation Error: feature {name} {known}")
            if "ValueAsString" not in given:
                raise refused(f"Validation Error: feature {name} has no ValueAsString")
            values[name] = self._typed(name, given["ValueAsString"])
        for name in (self.identifier, self.event_time):
            if name not in values:
                raise refused(f"Validation Error: the record has no feature {name}")
        return values

    def moment(self, event_time: Value) -> datetime:
        """Answer an event time in UTC.

        Raises
        ------
        ServiceError
            ValidationError if it is not spelled as SageMaker takes it.
        """
        try:
            if not isinstance(event_time, str):
                return datetime.fromtimestamp(event_time, UTC)
            if EVENT_TIME.fullmatch(event_time):
                return datetime.fromisoformat(event_time)
        except (ValueError, OverflowError, OSError):
            pass  # a thirteenth month, or a number beyond the calendar: said below
        raise refused(
            f"Validation Error: {self.event_time} {event_time!r} is no event time: write seconds"
            " since 1970, yyyy-MM-ddTHH:mm:ssZ or yyyy-MM-ddTHH:mm:ss.SSSZ"
        )

    def typed_time(self, event_time: str) -> Value:
        """Answer the event time of a deletion, which comes as text."""
        return self._typed(self.event_time, event_time)

    def typed_identifier(self, identifier: str) -> Value:
        """Answer the identifier of a deletion, which comes as text."""
        return self._typed(self.identifier, identifier)

    def _typed(self, name: str, text: str) -> Value:
        try:
            return READ[self.types[name]](text)
        except ValueError:
            kind = self.types[name]
            raise refused(f"Validation Error: {name} {text!r} is not {kind}") from None
