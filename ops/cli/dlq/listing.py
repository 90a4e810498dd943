"""What `modelcycle dlq list` shows of dead letters, and what people are asked about."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from ops.cli import output
from ops.cli.dlq.box import HIDDEN_S, READ_MAX, Counts
from ops.cli.dlq.letter import ID_SHOWN, Kind, Letter
from shared.contracts.printable import shortened

FAULTS_SHOWN = 3
FAULT_CHARACTERS_SHOWN = 160
SOON = timedelta(days=2)  # a weekend: who looks on Friday still has time to decide


def show_summary(letters: Sequence[Letter], now: datetime) -> None:
    """Show a line for each service and kind."""
    groups: dict[tuple[str, Kind], list[Letter]] = {}
    for letter in letters:
        groups.setdefault((letter.service, letter.kind), []).append(letter)
    rows = [
        (service, kind, len(found), *age(found[0], now), faults(found))
        for (service, kind), found in sorted(groups.items())
    ]
    output.table(("service", "kind", ">letters", "oldest", "lives", "why"), rows)


def age(letter: Letter, now: datetime) -> tuple[str, str]:
    """Say how long ago a letter was sent, and how long it still lives."""
    return output.ago(letter.sent_at, now), output.span(letter.lives_until - now)


def faults(letters: Sequence[Letter]) -> str:
    """Say why letters of one kind are there, the commonest first."""
    counted = Counter(letter.fault for letter in letters).most_common()
    shown = [
        f"{count} × {shortened(fault, FAULT_CHARACTERS_SHOWN)}"
        for fault, count in counted[:FAULTS_SHOWN]
    ]
    if more := len(counted) - len(shown):
        shown.append(f"and {more} other reasons")
    return "\n".join(shown)


def show_each(letters: Sequence[Letter], now: datetime) -> None:
    """Show a line for each letter."""
    rows = [
        (
            letter.message_id[:ID_SHOWN],
            *age(letter, now),
            letter.kind,
            letter.content.event_type,
            letter.content.about,
            shortened(letter.fault, FAULT_CHARACTERS_SHOWN),
        )
        for letter in letters
    ]
    output.table(("id", "sent", "lives", "kind", "event", "of", "why"), rows)


def note_unseen(counts: dict[str, Counts], letters: Sequence[Letter]) -> None:
    """Say what is there besides what was seen."""
    seen = Counter(letter.service for letter in letters)
    for service, count in counts.items():
        if count.hidden:
            output.note(
                f"{service}: {count.hidden} more are in somebody's hands, as those of another "
                f"`modelcycle dlq`; they can be seen again within {HIDDEN_S // 60} minutes"
            )
        if seen[service] >= READ_MAX and count.visible > READ_MAX:
            output.note(f"{service}: the first {READ_MAX:,} of about {count.visible:,}")


def note_lives(letters: Sequence[Letter], now: datetime) -> None:
    """Warn of letters that SQS takes away soon, of each service."""
    soon = [one for one in letters if one.lives_until - now < SOON]
    for service, count in Counter(one.service for one in soon).items():
        first = min(one.lives_until for one in soon if one.service == service)
        output.note(
            f"{service}: SQS deletes {count:,} of these within {SOON.days} days, the first in "
            f"{output.span(first - now)}, and keeps nothing of them: redrive, or drop, which does"
        )
