"""Files of observations for tests, and every kind of bad row with the exact words it gets."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ops.cli import observations
from ops.cli.observations import Columns, Observations

NOW = datetime(2025, 4, 1, tzinfo=UTC)
COLUMNS = Columns("time", "value", "count")
HEADER = "time,value,count\n"
GOOD = "2025-03-05T00:00:00Z,10,2\n"
START = datetime(2025, 3, 5, tzinfo=UTC)


def read(folder: Path, content: str | bytes, **options: Any) -> Observations:
    path = folder / options.pop("name", "fees.csv")
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    columns = options.pop("columns", COLUMNS)
    return observations.read(path, columns, "fees", now=NOW, **options)


def read_parquet(folder: Path, columns: Mapping[str, Any], **options: Any) -> Observations:
    path = folder / "fees.parquet"
    pq.write_table(pa.table(dict(columns)), path)
    return observations.read(path, COLUMNS, "fees", now=NOW, **options)


BAD_ROWS = [
    (
        "2025-03-05T00:01:00Z,abc,2",
        "fees.csv: line 3, column 'value': 'abc' is not a number: "
        "write digits with a decimal point and no separators, as 1234.5",
    ),
    (
        '2025-03-05T00:01:00Z,"1,5",2',
        "fees.csv: line 3, column 'value': '1,5' is not a number: "
        "write digits with a decimal point and no separators, as 1234.5",
    ),
    (
        "2025-03-05T00:01:00Z,NaN,2",
        "fees.csv: line 3, column 'value': 'NaN' is not a finite number: "
        "leave the row out where nothing was measured",
    ),
    (
        "2025-03-05T00:01:00Z,-inf,2",
        "fees.csv: line 3, column 'value': '-inf' is not a finite number: "
        "leave the row out where nothing was measured",
    ),
    (
        "2025-03-05T00:01:00Z,1e999,2",
        "fees.csv: line 3, column 'value': '1e999' is not a finite number: "
        "leave the row out where nothing was measured",
    ),
    (
        "2025-03-05T00:01:00Z,-1e304,2",
        "fees.csv: line 3, column 'value': '-1e304' is beyond 1e+200, the most that a value may "
        "be: correct it or leave the row out",
    ),
    (
        "2025-03-05T00:01:00Z,1,1000000000001",
        "fees.csv: line 3, column 'count': '1000000000001' is more than 1,000,000,000,000, the "
        "most that a row may count: correct it or choose another column",
    ),
    (
        "2025-03-05T00:01:00Z,,2",
        "fees.csv: line 3, column 'value': '' is empty: give a value or leave the row out",
    ),
    (
        "2025-03-05T00:01:00Z,1,-2",
        "fees.csv: line 3, column 'count': '-2' is negative: "
        "a count is 0 or more; correct it or choose another column",
    ),
    (
        "2025-03-05T00:01:00Z,1,2.5",
        "fees.csv: line 3, column 'count': '2.5' is not a whole number: "
        "a count says how many events the value sums up; choose another column",
    ),
    (
        "2025-03-05T00:01:00Z,1,0",
        "fees.csv: line 3, column 'count': '0' counts nothing although the value is not 0: "
        "correct one of the two",
    ),
    (
        "2025-05-05T00:01:00Z,1,2",
        "fees.csv: line 3, column 'time': '2025-05-05T00:01:00Z' is in the future: "
        "check its time zone and this machine's clock",
    ),
    (
        "0001-01-01T00:00:00Z,1,2",
        "fees.csv: line 3, column 'time': '0001-01-01T00:00:00Z' is before 1971, as programs write "
        "a time that they do not know: correct it or leave the row out",
    ),
    (
        "2025-03-05 00:01,1,2",
        "fees.csv: line 3, column 'time': '2025-03-05 00:01' has no time zone although other rows "
        "have one (mixed): write one for every row, or give --assume-utc if those without are UTC",
    ),
    (
        "2025-02-30T00:00:00Z,1,2",
        "fees.csv: line 3, column 'time': '2025-02-30T00:00:00Z' is not a time: "
        "write it as 2025-03-05T02:12:13Z, or as seconds since 1970",
    ),
    (
        "5.3.2025,1,2",
        "fees.csv: line 3, column 'time': '5.3.2025' is not a time: "
        "write it as 2025-03-05T02:12:13Z, or as seconds since 1970",
    ),
    (
        "2025-03-05T00:00:00Z,11,2",
        "fees.csv: line 3, column 'time': '2025-03-05T00:00:00Z' was given before with another "
        "value or count (line 2): keep one of the two; the earlier row was taken",
    ),
    (
        "2025-03-05T01:00:00+01:00,11,2",
        "fees.csv: line 3, column 'time': '2025-03-05T01:00:00+01:00' was given before with "
        "another value or count (line 2): keep one of the two; the earlier row was taken",
    ),
    (
        "2025-03-05T00:01:00Z,1",
        "fees.csv: line 3: '2025-03-05T00:01:00Z,1' has another number of columns than line 1: "
        "quote texts that hold a comma",
    ),
    (
        '2025-03-05T00:01:00Z,"1,2',
        "fees.csv: line 3: '2025-03-05T00:01:00Z,\"1,2' opens a quote that the line does not "
        "close: close it on the same line",
    ),
]
