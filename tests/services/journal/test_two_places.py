"""A message is done when both the book and the archive hold its event; whatever fails between."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.journal import mending
from services.journal.archive import BEGINNING, END, Archive
from services.journal.domain import Entry
from services.journal.entrance import JournalEntrance
from shared.contracts import limits
from shared.contracts.lifecycle import RetrainRequested
from shared.messaging.errors import Refused, Retryable
from tests.abuse.queues import Outcome, Taking
from tests.services.journal.world import NOON, MemoryBook, MemoryShelf, said

Failing = Callable[[], Exception | None]


class BadBook(MemoryBook):
    """A book that fails when told: before it writes."""

    def __init__(self, fails: Failing) -> None:
        super().__init__()
        self.fails = fails

    def keep(self, entry: Entry) -> bool:
        if error := self.fails():
            raise error
        return super().keep(entry)


class BadShelf(MemoryShelf):
    """A shelf that fails when told: before it writes, or so that nobody hears that it did."""

    def __init__(self, fails: Failing, heard: bool = True) -> None:
        super().__init__()
        self.fails = fails
        self.heard = heard

    def put(self, key: str, body: bytes) -> bool:
        error = self.fails()
        is_new = super().put(key, body) if self.heard or not error else False
        if error:
            raise error
        return is_new


def once(error: Exception) -> Failing:
    """Fail the first time."""
    errors: Iterator[Exception] = iter((error,))
    return lambda: next(errors, None)


def message(number: int) -> str:
    days = timedelta(days=number % 3)
    return json.dumps(said(RetrainRequested.example(), str(number), NOON + days))


class Journal:
    """The real entrance on a book and a shelf; each life of its process begins anew."""

    def __init__(self, book: MemoryBook, shelf: MemoryShelf) -> None:
        self.book = book
        self.shelf = shelf
        self.taking = Taking("modelcycle-dev-journal")

    def take(self, *bodies: str) -> Outcome:
        archive = Archive(self.shelf)
        entrance = JournalEntrance(self.book, archive, self.taking.dead_letters, self.taking.notes)
        return self.taking.take(entrance, *bodies)

    def kept(self) -> tuple[list[str], list[str]]:
        """Answer the ids that the book holds, and those that the archive tells."""
        archived = [entry.event_id for entry in Archive(self.shelf).read()]
        return sorted(one.event_id for one in self.book.entries.values()), sorted(archived)


ERRORS = [Retryable("SlowDown"), Refused("AccessDenied", "no"), RuntimeError("a bug")]
WAYS = ("unwritten", "written and unheard")


@pytest.mark.parametrize("error", ERRORS, ids=repr)
@pytest.mark.parametrize("way", WAYS)
def test_a_batch_that_the_archive_does_not_take_comes_back_and_is_kept_once(
    error: Exception, way: str
) -> None:
    shelf = BadShelf(once(error), heard=way == "written and unheard")
    journal = Journal(MemoryBook(), shelf)
    bodies = [message(number) for number in range(5)]
    assert journal.take(*bodies, "no event").back == ["m0", "m1", "m2", "m3", "m4"]
    assert journal.kept()[0] == list("01234")
    assert journal.take(*bodies).back == []
    assert journal.kept() == (list("01234"), list("01234"))
    assert len(journal.taking.letters.kept) == 1


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_a_message_that_the_book_does_not_take_comes_back_alone(error: Exception) -> None:
    journal = Journal(BadBook(once(error)), MemoryShelf())
    assert journal.take(message(1), message(2)).back == ["m0"]
    assert journal.kept() == (["2"], ["2"])
    assert journal.take(message(1)).back == []
    assert journal.kept() == (["1", "2"], ["1", "2"])


def test_what_s3_took_at_none_of_its_attempts_is_named_and_a_redrive_mends_it() -> None:
    away = [Retryable("ServiceUnavailable")]
    journal = Journal(MemoryBook(), BadShelf(lambda: next(iter(away), None), heard=False))
    bodies = [message(1), message(2)]

    def lacking() -> list[str]:
        days = mending.compare(Archive(journal.shelf), journal.book, BEGINNING, END)
        return [event_id for day in days for event_id in day.only_table]

    for _ in range(limits.QUEUE_RECEIVES_MAX):
        assert journal.take(*bodies).back == ["m0", "m1"]
    assert lacking() == ["1", "2"]
    away.clear()
    assert journal.take(*bodies).back == []
    assert lacking() == []
    assert journal.kept() == (["1", "2"], ["1", "2"])


def test_a_process_that_died_between_the_two_has_lost_nothing() -> None:
    journal = Journal(MemoryBook(), BadShelf(once(KeyboardInterrupt()), heard=False))  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        journal.take(message(1), message(2))
    assert journal.kept() == (["1", "2"], [])
    assert journal.take(message(1), message(2)).back == []
    assert journal.kept() == (["1", "2"], ["1", "2"])


def test_redelivery_in_other_company_leaves_each_event_told_once() -> None:
    journal = Journal(MemoryBook(), MemoryShelf())
    for batch in ([1, 2, 3], [2, 4], [4, 3, 2, 1], [1, 2, 3]):
        assert journal.take(*map(message, batch)).back == []
    assert journal.kept() == (list("1234"), list("1234"))


@given(st.data())
def test_whatever_fails_what_is_acknowledged_is_in_both(data: st.DataObject) -> None:
    def fails() -> Exception | None:
        return Retryable("later") if data.draw(st.booleans()) else None

    journal = Journal(BadBook(fails), BadShelf(fails, heard=data.draw(st.booleans())))
    acknowledged: set[str] = set()
    numbers = data.draw(st.lists(st.lists(st.integers(0, 8), min_size=1, max_size=4), max_size=6))
    for batch in numbers:
        back = journal.take(*map(message, batch)).back
        acknowledged |= {str(n) for index, n in enumerate(batch) if f"m{index}" not in back}
        in_book, in_archive = map(set, journal.kept())
        assert acknowledged <= in_book & in_archive
        assert in_archive <= in_book
