"""Files that nobody should import: one refusal with a fix, or bad rows aside and good ones in."""

import os
import random
import threading
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.cli import observations
from ops.cli.observations import ObservationsRefused
from ops.cli.observations import load as loading
from tests.cli.observation_files import COLUMNS, GOOD, HEADER, NOW, START, read, read_parquet

MESSAGE_CHARACTERS_MAX = 2_000
LONG = "x" * 200_000
SPLIT = "split it and import the parts one by one"


def check_message(message: str) -> None:
    """Check that a message can be shown."""
    assert message.isprintable(), message
    assert len(message) <= MESSAGE_CHARACTERS_MAX
    assert "Traceback" not in message


def both(folder: Path, content: str | bytes) -> Sequence[str]:
    """Answer how a file is refused, whether its columns are named or guessed."""
    refusals = []
    with pytest.raises(ObservationsRefused) as refused:
        read(folder, content)
    refusals.append(str(refused.value))
    with pytest.raises(ObservationsRefused) as refused:
        observations.guess(folder / "fees.csv", now=NOW)
    refusals.append(str(refused.value))
    return refusals


TEXT = HEADER + GOOD
ENCODED = [
    pytest.param(TEXT.encode("utf-16-le"), "is not text", id="utf-16-without-a-mark"),
    pytest.param(TEXT.encode("utf-32"), "UTF-16 text", id="utf-32"),
    pytest.param(TEXT.encode("cp037"), "is not UTF-8 text", id="ebcdic"),
    pytest.param((TEXT + "日,1,1\n").encode("shift-jis"), "line 3", id="shift-jis"),
    pytest.param(TEXT.encode() + b"\xc0\xaf,1,1\n", "line 3", id="overlong"),
    pytest.param(TEXT.encode() + b"\xed\xa0\x80,1,1\n", "line 3", id="surrogate"),
    pytest.param(TEXT.encode() + b"2025-03-05T00:01:00Z,1\0,1\n", "is not text", id="nul"),
    pytest.param(b"\x28\xb5\x2f\xfd" + b"\xff" * 99, "is not UTF-8", id="zstandard"),
    pytest.param(b"\xfd7zXZ\0" + b"\xff" * 99, "is not text", id="xz"),
    pytest.param(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "is not UTF-8", id="pdf"),
    pytest.param(b"PAR1" + b"\0" * 99 + b"PAR1", "is damaged", id="parquet-of-nothing"),
    pytest.param(b"PAR1" + b"\xff" * 99 + b"PAR1", "is damaged", id="parquet-of-too-much"),
    pytest.param(f"time,value,count,{LONG}\n{GOOD}", "the header has 200,017", id="name-200000"),
    pytest.param("time,value,count" + ",c" * 100_000, "the header has", id="100000-columns"),
    pytest.param("x;" + LONG + "\n1;2\n", "the header has", id="name-200000-elsewhere-split"),
    pytest.param(f"time;value\n1;{LONG}\n", "give --delimiter ';'", id="value-200000-and-;"),
    pytest.param(",,,\n,,,\n", "is data", id="commas"),
]


@pytest.mark.parametrize(("content", "reason"), ENCODED)
def test_a_file_that_is_no_table_is_refused_with_one_message(
    tmp_path: Path, content: str | bytes, reason: str
) -> None:
    for message in both(tmp_path, content):
        check_message(message)
        assert reason in message


NAMES = [
    pytest.param("ti\x1b[2Jme,value,count\n", r"'ti\x1b[2Jme'", id="orders-to-a-terminal"),
    pytest.param("\u202eemit,value,count\n", r"'\u202eemit'", id="right-to-left"),
    pytest.param("time\u200b,value,count\n", r"'time\u200b'", id="zero-width"),
    pytest.param("t\u0456me,value,count\n", "did you mean 't\u0456me'?", id="homoglyph"),
    pytest.param(f"t,{'y' * 90_000},c\n", "yyy…'", id="name-90000"),
    pytest.param("\ufeff\ufefftime,value,count\n", r"'\ufefftime'", id="two-marks"),
]


@pytest.mark.parametrize(("header", "shown"), NAMES)
def test_a_header_is_shown_so_that_one_sees_what_stands_there(
    tmp_path: Path, header: str, shown: str
) -> None:
    with pytest.raises(ObservationsRefused, match="there is no column") as refused:
        read(tmp_path, header + GOOD)
    check_message(str(refused.value))
    assert shown in str(refused.value)


MINUTE = "2025-03-05T00:01:00Z"
ROWS = [
    pytest.param(f"{MINUTE},\x1b[2J\x1b]0;x\x07,1", "is not a number", id="orders-to-a-terminal"),
    pytest.param(f"{MINUTE},\u202e12,1", r"'\u202e12' is not a number", id="right-to-left"),
    pytest.param(f"{MINUTE},\u0661\u0662,1", "is not a number", id="arabic-digits"),
    pytest.param(f"{MINUTE},\uff11,1", "is not a number", id="wide-digits"),
    pytest.param(f"{MINUTE},0x10,1", "is not a number", id="hexadecimal"),
    pytest.param(f"{MINUTE},1_000,1", "is not a number", id="underscore"),
    pytest.param(f"{MINUTE},=1+1,1", "is not a number", id="formula"),
    pytest.param(f"{MINUTE},{'9' * 5_000},1", "is not a finite number", id="5000-digits"),
    pytest.param(f"{MINUTE},1,{'9' * 5_000}", "is not a finite number", id="count-5000-digits"),
    pytest.param(f"{MINUTE},1,1e400", "is not a finite number", id="count-1e400"),
    pytest.param(f"{'9' * 99},1,1", "is not a time", id="time-99-digits"),
    pytest.param("0000-01-01T00:00:00Z,1,1", "is before 1971", id="year-0"),
    pytest.param("9999-12-31T23:59:59-14:00,1,1", "is in the future", id="year-10000"),
    pytest.param("2025-03-05T00:01:00+99:99,1,1", "is not a time", id="zone-99"),
    pytest.param(f"2025-03-05T00:01:00.{'1' * 99}Z,1,1", "is not a time", id="99-decimals"),
    pytest.param(f"\ufeff{MINUTE},1,1", r"'\ufeff2025", id="mark-within"),
    pytest.param('"' * 1_000_001, "opens a quote", id="1000001-quotes"),
    pytest.param('"' * 1_000_000, "another number of columns", id="1000000-quotes"),
    pytest.param("," * 1_000_000, "another number of columns", id="1000000-commas"),
]


@pytest.mark.parametrize(("row", "reason"), ROWS)
def test_a_bad_row_is_set_aside_and_shown_harmlessly(tmp_path: Path, row: str, reason: str) -> None:
    result = read(tmp_path, f"{TEXT}{row}\n2025-03-05T00:02:00Z,12,3\n")
    assert [record["value"] for record in result.records()] == [10.0, 12.0]
    [bad] = result.quarantine.first()
    check_message(str(bad))
    assert reason in str(bad)


TIMES = pa.array([START, START + timedelta(minutes=1)], pa.timestamp("us", "UTC"))
GOOD_COLUMNS: dict[str, Any] = {
    "time": TIMES,
    "value": pa.array([1.0, 2.0]),
    "count": pa.array([1, 1]),
}
FAR = 2**63 - 1
TYPED: list[Any] = [
    pytest.param("value", pa.array([[1.0], [2.0]]), "is not a number", id="lists"),
    pytest.param("value", pa.array([{"a": 1}, {"a": 2}]), "is not a number", id="structs"),
    pytest.param("value", pa.array([b"1", b"\xff"]), "is not a number", id="bytes"),
    pytest.param("value", pa.nulls(2), "is empty", id="nulls"),
    pytest.param("value", pa.array([1, 2], pa.duration("s")), "not a number", id="durations"),
    pytest.param("value", pa.array([float("nan"), float("-inf")]), "not a finite", id="nan"),
    pytest.param("value", pa.array(["\x1b[2J", "\0"]), r"'\x1b[2J' is", id="orders-to-a-terminal"),
    pytest.param("time", pa.array([FAR, -FAR], pa.timestamp("ms", "UTC")), "not a time", id="far"),
    pytest.param("time", pa.array([FAR] * 2, pa.timestamp("us", "UTC")), "future", id="far-us"),
    pytest.param("time", pa.array([2**31 - 1] * 2, pa.date32()), "not a time", id="far-days"),
    pytest.param("time", pa.array([1, 2], pa.time64("us")), "is not a time", id="times-of-day"),
    pytest.param("time", pa.array([0, 0], pa.timestamp("us", "Evil/Zone")), "1971", id="zone"),
    pytest.param("time", pa.array([float("nan"), 1e300]), "is not a time", id="1e300"),
    pytest.param("time", pa.array(["x" * 3_000_000] * 2), "is not a time", id="3000000"),
    pytest.param(
        "time", pa.array([b"\xff", MINUTE.encode()]).view(pa.string()), "UTF8", id="no-utf-8"
    ),
    pytest.param("count", pa.array([-(2**63), -1]), "is negative", id="count-int64"),
    pytest.param(
        "count", pa.array([2**64 - 1] * 2, pa.uint64()), "is more than", id="count-uint64"
    ),
]


@pytest.mark.parametrize(("name", "column", "reason"), TYPED)
def test_a_parquet_column_of_another_type_is_refused_in_words(
    tmp_path: Path, name: str, column: Any, reason: str
) -> None:
    with pytest.raises(ObservationsRefused) as refused:
        read_parquet(tmp_path, {**GOOD_COLUMNS, name: column})
    check_message(str(refused.value))
    assert reason in str(refused.value)


def test_a_time_that_wraps_around_is_not_taken_for_another(tmp_path: Path) -> None:
    wrapped = (int(START.timestamp()) * 10**6 + 2**64) // 10**3  # in microseconds: START again
    columns = {**GOOD_COLUMNS, "time": pa.array([wrapped, 1_741_132_800_000], TIMES_IN_MS)}
    result = read_parquet(tmp_path, columns)
    assert [record["value"] for record in result.records()] == [2.0]


TIMES_IN_MS = pa.timestamp("ms", "UTC")


def parquet_of_rows(path: Path, groups: int, rows: int) -> None:
    """Write a file of a few KB that unpacks to many rows."""
    zeros = pa.array(np.zeros(rows, dtype=np.int64))
    table = pa.table({"time": zeros, "value": zeros, "count": zeros})
    with pq.ParquetWriter(path, table.schema, compression="zstd") as writer:
        for _ in range(groups):
            writer.write_table(table, row_group_size=rows)


def parquet_of_texts(path: Path, characters: int, rows: int) -> None:
    """Write a file of a few KB that unpacks to many long texts."""
    indices = np.zeros(rows, dtype=np.int32)
    texts = pa.DictionaryArray.from_arrays(indices, pa.array(["x" * characters]))
    numbers = pa.array(np.ones(rows, dtype=np.int64))
    table = pa.table({"time": texts, "value": numbers, "count": numbers})
    pq.write_table(table, path, compression="zstd", store_schema=False)


def test_a_parquet_file_that_unpacks_to_too_many_rows_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "ROWS_MAX", 5_000_000)
    path = tmp_path / "fees.parquet"
    parquet_of_rows(path, groups=6, rows=1_000_000)
    assert path.stat().st_size < 100_000
    with pytest.raises(ObservationsRefused, match="6,000,000 rows, more than 5,000,000") as refused:
        observations.read(path, COLUMNS, "fees", now=NOW)
    assert str(refused.value).endswith(SPLIT)


def test_a_parquet_file_that_unpacks_to_too_long_texts_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "fees.parquet"
    parquet_of_texts(path, characters=1_000_000, rows=2_000)
    assert path.stat().st_size < 100_000
    with pytest.raises(ObservationsRefused, match="unpacks to 2,000,000,000 bytes") as refused:
        observations.read(path, COLUMNS, "fees", now=NOW)
    assert str(refused.value).endswith(SPLIT)


def test_a_parquet_file_that_was_merely_compressed_is_refused_by_what_it_unpacks_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "FILE_BYTES_MAX", 1_000_000)
    path = tmp_path / "fees.parquet"
    table = pa.table({**GOOD_COLUMNS, "note": pa.array(["x" * 600_000, "y" * 600_000])})
    pq.write_table(table, path, compression="zstd")
    assert path.stat().st_size < 10_000
    with pytest.raises(ObservationsRefused, match="unpacks to 1,20"):
        observations.read(path, COLUMNS, "fees", now=NOW)


def test_what_never_ends_is_read_no_further_than_a_file_may_be_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "FILE_BYTES_MAX", 1_000_000)
    endless = Path("/dev/zero")
    if not endless.exists():
        pytest.skip("there is no /dev/zero")
    with pytest.raises(ObservationsRefused, match="more than 1,000,000 bytes"):
        observations.read(endless, COLUMNS, "fees", now=NOW)


def test_a_pipe_is_read_as_a_file_is(tmp_path: Path) -> None:
    pipe = tmp_path / "fees.csv"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(TEXT,))
    writer.start()
    assert len(observations.read(pipe, COLUMNS, "fees", now=NOW)) == 1
    writer.join()


def test_a_link_to_itself_is_refused_by_its_path(tmp_path: Path) -> None:
    link = tmp_path / "fees.csv"
    link.symlink_to(link)
    with pytest.raises(ObservationsRefused, match=r"fees\.csv: the file cannot be read"):
        observations.read(link, COLUMNS, "fees", now=NOW)


@pytest.mark.parametrize("seed", range(60))
def test_a_parquet_file_with_other_bytes_is_read_or_refused_in_words(
    tmp_path: Path, seed: int
) -> None:
    path = tmp_path / "fees.parquet"
    pq.write_table(pa.table(GOOD_COLUMNS), path)
    chance = random.Random(seed)  # noqa: S311 - which bytes are another one's business
    content = bytearray(path.read_bytes())
    for _ in range(chance.randint(1, 4)):
        content[chance.randrange(4, len(content) - 4)] = chance.randrange(256)
    path.write_bytes(content)
    try:
        observations.read(path, COLUMNS, "fees", now=NOW)
    except ObservationsRefused as refusal:
        check_message(str(refusal))


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@given(st.lists(st.lists(CELLS, max_size=5), max_size=6))
@settings(deadline=None, max_examples=100)
def test_any_text_is_read_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    text = HEADER + "\n".join(",".join(row) for row in rows)
    try:
        result = read(tmp_path_factory.mktemp("any"), text)
    except ObservationsRefused as refusal:
        check_message(str(refusal))
    else:
        for bad in result.quarantine.first():
            check_message(str(bad))
