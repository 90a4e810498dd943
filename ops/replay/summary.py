"""What came of a replay, in numbers and words."""

from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from ops.replay.difference import Difference
from ops.replay.playing import Replay
from ops.replay.told import Told
from shared.contracts.lifecycle import (
    AccuracyDegraded,
    DeploymentStarted,
    ModelApproved,
    ModelRefused,
    ModelRegistered,
    PromotionApproved,
    TrainingStarted,
)

WORDS: Mapping[str, str] = MappingProxyType(
    {
        AccuracyDegraded.detail_type(): "degradation",
        TrainingStarted.detail_type(): "training",
        ModelRegistered.detail_type(): "registration",
        ModelApproved.detail_type(): "approval",
        DeploymentStarted.detail_type(): "roll-out",
        PromotionApproved.detail_type(): "promotion",
    }
)
"""What people count, in the order of the loop."""
REFUSED = ModelRefused.detail_type()


def counted(number: int, word: str) -> str:
    """Write ``2 roll-outs``."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def listed(words: Iterable[str]) -> str:
    """Write ``a, b and c``."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def lost(differences: Iterable[Difference]) -> Counter[str]:
    """Count what was said then and would not have been, by its kind."""
    return Counter(one.entry.detail_type for each in differences for one in each.lost)


def consequences(difference: Difference) -> str:
    """Say what would not have been without a decision; empty: nothing that people count."""
    found = lost([difference])
    words = [counted(found[kind], word) for kind, word in WORDS.items() if found[kind]]
    return f"so {listed(words)} would not have been" if words else ""


def headline(replay: Replay) -> str:
    """Say in a line what would have been otherwise; empty: nothing that people count."""
    found = lost(replay.differences)
    refused = sum(is_refusal(one) for one in replay.differences)
    passed = sum(is_pass(one) for one in replay.differences)
    said = [
        f"{counted(refused, 'version')} would have been refused" if refused else "",
        f"{counted(passed, 'version')} would have passed the gate" if passed else "",
        *(
            f"{counted(found[kind], WORDS[kind])} would not have been"
            for kind in (ModelApproved.detail_type(), PromotionApproved.detail_type())
            if found[kind]
        ),
    ]
    return ", ".join(filter(None, (*said, trainings(found[TrainingStarted.detail_type()]))))


def trainings(number: int) -> str:
    """Say how many would not have been begun when they were; empty: none.

    They may have been later, so nobody is told that they were saved: a wish that is refused is
    remembered, and a model that falls short may do so once more.
    """
    return f"{counted(number, 'training')} would not have been begun then" if number else ""


def is_refusal(difference: Difference) -> bool:
    """Tell whether the gate says no now where it did not then."""
    now = difference.now
    return now is not None and REFUSED in set(now.kinds[1]) - set(difference.then.kinds[1])


def is_pass(difference: Difference) -> bool:
    """Tell whether the gate says yes now where it said no then."""
    now = difference.now
    return now is not None and REFUSED in set(difference.then.kinds[1]) - set(now.kinds[1])


def is_all_told(replay: Replay) -> bool:
    """Tell whether the record tells all that would have been: no life is left out or ends before
    it does, and nothing is begun of which nobody knows what came."""
    all_of_them = (one for root in replay.differences for one in (root, *root.follows))
    return not (replay.stopped or replay.skipped or any(one.begins for one in all_of_them))


def document(replay: Replay) -> dict[str, Any]:
    """Describe a replay for programs."""
    header = replay.recording.header
    return {
        "recording": header.model_dump(mode="json"),
        "events": len(replay.recording.events),
        "decisions": dict(replay.decided),
        "differences": [described(one) for one in replay.differences],
        "would_not_have_been": dict(lost(replay.differences)),
        "untold": [
            {
                "service": whose.service,
                "model": whose.key,
                "line": life.stopped_at.number if life.stopped_at else None,
                "why": life.stopped,
                "decisions": life.untold,
            }
            for whose, life in replay.stopped.items()
        ],
        "skipped": [
            {"service": whose.service, "model": whose.key, "decisions": number}
            for whose, number in replay.skipped.items()
        ],
    }


def described(one: Difference) -> dict[str, Any]:
    """Describe a difference for programs."""
    record = one.one.record
    return {
        "line": one.one.number,
        "at": record.now.isoformat(),
        "service": record.service,
        "model": record.model,
        "cause": record.cause_type,
        "answered": record.answered,
        "then": told(one.then),
        "now": told(one.now) if one.now else None,
        "untold": one.untold or None,
        "begins": list(one.begins),
        "fields": [field._asdict() for field in one.fields],
        "would_not_have_been": [lost.envelope.metadata.event_id for lost in one.lost],
        "follow": len(one.follows),
    }


def told(one: Told) -> dict[str, Any]:
    """Describe a decision for programs."""
    return {"why": one.why, "actions": list(one.actions), "events": list(one.kinds[1])}
