"""The demo's lines: an event each, with the reason where it says more."""

from difflib import SequenceMatcher

from rich.text import Text

from ops.cli.listening import Heard
from ops.cli.telling import SPEAKERS, plain, what

SAME_WORDS = 0.6  # share of letters; above it the reason says nothing new


def line(heard: Heard, *, days: bool = False) -> Text:
    """Write an event in one line: time, service, event, model, what, and why.

    Parameters
    ----------
    days : bool
        Whether days pass: then the time has a date, and no seconds.
    """
    metadata, event = heard.envelope.metadata, heard.envelope.data
    style = SPEAKERS.get(metadata.producer, "white")
    text = Text(f"{heard.at:{'%m-%d %H:%M' if days else '%H:%M:%S'}}  ", style="dim")
    text.append(f"{metadata.producer:<10}", style=style)
    text.append(f"{event.detail_type():<21}", style=f"bold {style}")
    text.append(f"{metadata.subject:<13}")
    told, why = what(event), plain(heard.why)
    text.append(told, style="default")
    if why and not alike(told, why):
        text.append(f"  ← {why}", style="dim")
    return text


def alike(told: str, why: str) -> bool:
    """Tell whether a reason only repeats what the event says."""
    return SequenceMatcher(None, told, why).ratio() > SAME_WORDS
