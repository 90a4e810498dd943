"""The offline store: Parquet under the layout of an AWS Glue table.

``<S3Uri>/<account>/sagemaker/<region>/offline-store/<group>-<epoch>/data/year=/month=/day=/hour=/``,
by event time in UTC, one file an hour and flush, appended to and never rewritten.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

import pyarrow
import pyarrow.parquet

from infra.local.sagemaker.core import Surroundings
from infra.local.sagemaker.feature_types import Columns, Value

ARROW: dict[str, pyarrow.DataType] = {
    "String": pyarrow.string(),
    "Integral": pyarrow.int64(),
    "Fractional": pyarrow.float64(),
}
OWN_COLUMNS: tuple[
    tuple[str, pyarrow.DataType], ...
] = (  # that SageMaker adds to the group's features
    ("write_time", pyarrow.timestamp("ms", tz="UTC")),
    ("api_invocation_time", pyarrow.timestamp("ms", tz="UTC")),
    ("is_deleted", pyarrow.bool_()),
)


@dataclass(frozen=True)
class Row:
    """One version of a record as it was written."""

    values: dict[str, Value]
    event_time: datetime
    api_invocation_time: datetime
    is_deleted: bool = False


class OfflineStore:
    """The rows of one feature group that wait to be written, and their way to S3.

    Parameters
    ----------
    uri : str
        The folder that Describe calls ResolvedOutputS3Uri, ending in ``/data``.
    lag : timedelta
        How long after its arrival a row is written, by the engine's clock; up to 15 minutes in AWS.
    """

    def __init__(
        self, surroundings: Surroundings, uri: str, columns: Columns, lag: timedelta
    ) -> None:
        self.uri = uri
        self._surroundings = surroundings
        self._columns = columns
        self._lag = lag
        self._waiting: list[Row] = []
        features = [(name, ARROW[kind]) for name, kind in columns.types.items()]
        self._schema = pyarrow.schema([*features, *OWN_COLUMNS])

    def append(self, row: Row) -> None:
        """Take a row; it is in S3 once the lag has passed."""
        self._waiting.append(row)

    def tick(self) -> None:
        """Write everything if the oldest row is due: one flush takes all that came meanwhile."""
        due = self._surroundings.now() - self._lag
        if self._waiting and self._waiting[0].api_invocation_time <= due:
            self.flush()

    def flush(self) -> None:
        """Write all rows now."""
        rows, self._waiting = self._waiting, []
        rows.sort(key=lambda row: row.event_time)
        for hour, part in groupby(rows, key=_hour):
            self._write(hour, list(part))

    def _write(self, hour: datetime, rows: Sequence[Row]) -> None:
        name = f"{rows[-1].event_time:%Y%m%dT%H%M%SZ}_{self._surroundings.suffix()}.parquet"
        table = pyarrow.table(self._arrays(rows), schema=self._schema)
        written = io.BytesIO()
        pyarrow.parquet.write_table(table, written, compression="snappy")
        folder = f"{self.uri}/year={hour:%Y}/month={hour:%m}/day={hour:%d}/hour={hour:%H}"
        self._surroundings.blobs.put(f"{folder}/{name}", written.getvalue())

    def _arrays(self, rows: Sequence[Row]) -> dict[str, list[Any]]:
        now = self._surroundings.now()
        return {
            **{name: [row.values.get(name) for row in rows] for name in self._columns.types},
            "write_time": [now] * len(rows),
            "api_invocation_time": [row.api_invocation_time for row in rows],
            "is_deleted": [row.is_deleted for row in rows],
        }


def _hour(row: Row) -> datetime:
    return row.event_time.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
