"""The archive's objects: in memory as in S3."""

import time
from datetime import timedelta
from typing import Any

import pytest

from services.journal.archive import Archive
from services.journal.aws import S3Shelf
from shared.contracts.lifecycle import RetrainRequested, TrainingStarted
from shared.messaging.errors import HandlingError
from tests.ports.conftest import BUCKET, Connect
from tests.services.journal.world import NOON, MemoryShelf, entry_of, said

A_SECOND = 1.1  # S3 tells times to the second


class ShelfContract:
    """What the archive relies on."""

    @pytest.fixture
    def shelf(self) -> Any:
        """A shelf; others use it, too."""
        raise NotImplementedError

    def test_what_is_put_first_stays(self, shelf: Any, fresh: str) -> None:
        assert shelf.put(f"{fresh}/a", b"\x00first") is True
        assert shelf.put(f"{fresh}/a", b"second") is False
        assert shelf.get(f"{fresh}/a") == b"\x00first"

    def test_names_are_told_in_order_between_two(self, shelf: Any, fresh: str) -> None:
        days = [f"{fresh}/2026/03/{day:02}" for day in range(1, 13)]
        for day in reversed(days):
            shelf.put(f"{day}/x", b"")
        shelf.put(f"{fresh}0/2026/03/05/x", b"")
        told = list(shelf.objects(f"{fresh}/", days[2], days[8] + "~"))
        assert [one.key for one in told] == [f"{day}/x" for day in days[2:9]]
        assert list(shelf.objects(f"{fresh}/", days[2], days[1] + "~")) == []

    def test_when_something_was_written_is_known(self, shelf: Any, fresh: str) -> None:
        shelf.put(f"{fresh}/b", b"")
        time.sleep(A_SECOND)
        shelf.put(f"{fresh}/a", b"")
        shelf.put(f"{fresh}/b", b"again")
        a, b = shelf.objects(f"{fresh}/", fresh, f"{fresh}/~")
        assert (a.key, b.key) == (f"{fresh}/a", f"{fresh}/b")
        assert b.written < a.written

    def test_more_names_than_a_page_are_told(self, shelf: Any, fresh: str) -> None:
        names = [f"{fresh}/{number:04}" for number in range(1_001)]
        for name in names:
            shelf.put(name, b"")
        told = shelf.objects(f"{fresh}/", fresh, f"{fresh}/~")
        assert [one.key for one in told] == names


class TestMemoryShelf(ShelfContract):
    """The fake."""

    @pytest.fixture
    def shelf(self) -> Any:
        return MemoryShelf()


class TestS3Shelf(ShelfContract):
    """S3 on the local AWS."""

    @pytest.fixture
    def shelf(self, connect: Connect) -> Any:
        return S3Shelf(connect("s3"), BUCKET)

    def test_what_is_not_there_is_refused(self, shelf: Any) -> None:
        with pytest.raises(HandlingError):
            shelf.get("journal/nothing")


class ArchiveContract:
    """What is told of the archive, wherever it lies."""

    @pytest.fixture
    def shelf(self) -> Any:
        """An empty shelf."""
        raise NotImplementedError

    def test_what_is_kept_is_told_once_in_the_order_of_causes(self, shelf: Any) -> None:
        wish = entry_of(said(RetrainRequested.example(), "wish", NOON))
        early = NOON - timedelta(seconds=1)  # by a clock that is slow
        started = entry_of(said(TrainingStarted.example(), "started", early, "wish"))
        later = entry_of(said(RetrainRequested.example(), "later", NOON + timedelta(days=40)))
        archive = Archive(shelf)
        archive.keep([started, later])
        archive.keep([started, wish])
        archive.keep([wish, started])
        assert list(archive.read()) == [wish, started, later]
        assert [day.folder for day in archive.days()] == [
            "journal/2026/03/01",
            "journal/2026/04/10",
        ]
        assert list(archive.read(since=later.occurred_at)) == [later]

    def test_an_empty_archive_tells_nothing(self, shelf: Any) -> None:
        assert list(Archive(shelf).read()) == []
        Archive(shelf).keep([])
        assert list(Archive(shelf).days()) == []


class TestMemoryArchive(ArchiveContract):
    """The fake."""

    @pytest.fixture
    def shelf(self) -> Any:
        return MemoryShelf()


class TestS3Archive(ArchiveContract):
    """S3 on the local AWS."""

    @pytest.fixture
    def shelf(self, connect: Connect, fresh: str) -> Any:
        bucket = f"modelcycle-archive-{fresh}"
        connect("s3").create_bucket(Bucket=bucket)
        return S3Shelf(connect("s3"), bucket)
