"""Pages of the archive: what one batch brought of one day, as the bytes of one object.

Bytes and name follow from the entries: the same entries make the same page, wherever and however
often it is made, and a page that was changed since is not what its name says.
"""

import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from io import BytesIO
from itertools import groupby
from typing import Any, NamedTuple

from services.journal.domain import Entry, moment
from shared.contracts import limits

FOLDER = "journal"
KEY = re.compile(rf"(?P<folder>{FOLDER}/\d{{4}}/\d\d/\d\d)/[0-9a-f]{{64}}\.jsonl\.gz")
DAY_CHARACTERS = len("2026-03-01")


class DamagedError(ValueError):
    """An object of the archive that is not what the journal wrote; the text names it."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(f"{key}: {why}")
        self.key = key


class Page(NamedTuple):
    """One object of the archive."""

    key: str
    """``journal/2026/03/01/<sha256 of the lines>.jsonl.gz``"""
    body: bytes
    """A line of JSON for each entry, compressed."""


def pages(entries: Iterable[Entry]) -> Iterator[Page]:
    """Lay out entries, each once: a page for each day of ``occurred_at``. What has the same key and
    other words stays, behind what came before it."""
    once = {line(entry): entry for entry in entries}
    in_order = sorted(once, key=lambda text: once[text].key)
    for folder, of_day in groupby(in_order, key=lambda text: folder_of(once[text].occurred_at)):
        text = b"".join(of_day)
        yield Page(key_of(folder, text), gzip.compress(text, mtime=0))


def opened(page: Page) -> tuple[Entry, ...]:
    """Read the entries of a page.

    Raises
    ------
    DamagedError
        If it cannot be unpacked, or is not what its name says.
    """
    try:
        with gzip.GzipFile(fileobj=BytesIO(page.body)) as packed:
            text = packed.read(limits.JOURNAL_PAGE_BYTES_MAX + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DamagedError(page.key, f"cannot be unpacked: {error}") from error
    if len(text) > limits.JOURNAL_PAGE_BYTES_MAX:
        much = f"holds more than {limits.JOURNAL_PAGE_BYTES_MAX} bytes, which no batch brings"
        raise DamagedError(page.key, much)
    if key_of(folder_of_key(page.key), text) != page.key:
        raise DamagedError(page.key, "its content is not what its name says: it was changed")
    try:
        entries = tuple(map(read_line, text.splitlines()))
    except (ValueError, TypeError, KeyError) as error:
        raise DamagedError(page.key, f"holds a line that is no entry: {error!r}") from error
    if strange := [one for one in entries if folder_of(one.occurred_at) not in page.key]:
        raise DamagedError(page.key, f"holds event {strange[0].event_id}, which is of another day")
    return entries


def line(entry: Entry) -> bytes:
    """Write an entry as a line: all that is needed to keep it in the table again."""
    fields = {**dict(entry), "occurred_at": entry.occurred_at.isoformat()}
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


def read_line(text: bytes) -> Entry:
    """Read an entry from its line.

    Raises
    ------
    ValueError, TypeError, KeyError
        If it is none.
    """
    fields: dict[str, Any] = json.loads(text)
    return Entry(**{**fields, "occurred_at": datetime.fromisoformat(fields["occurred_at"])})


def folder_of(time: datetime) -> str:
    """Answer where the pages of a time's day are; texts sort as days do."""
    return f"{FOLDER}/{moment(time)[:DAY_CHARACTERS].replace('-', '/')}"


def folder_of_key(key: str) -> str:
    """Answer the folder that a page is in.

    Raises
    ------
    DamagedError
        If it is no name of a page.
    """
    found = KEY.fullmatch(key)
    if found is None:
        raise DamagedError(key, "is no name that the journal gives")
    return found["folder"]


def key_of(folder: str, text: bytes) -> str:
    """Name a page by its day and its content."""
    return f"{folder}/{hashlib.sha256(text).hexdigest()}.jsonl.gz"
