"""The page: all contracts to browse, self-contained, in light and dark; it opens offline."""

import json
import re
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from ops.contracts.catalogue.entries import (
    BASICS,
    DECIDING,
    EVERY_SERVICE,
    FAMILIES,
    SCHEDULE,
    Entry,
)
from ops.contracts.catalogue.fields import Field
from shared.contracts.subscriptions import SERVICES

HERE = Path(__file__).parent
NOTHING_FROM_OUTSIDE = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
SPEAKERS = (*SERVICES, "operator")
ABOUT = (
    "What crosses a boundary: the events of the bus, what AWS and our schedules send, and "
    "documents that one service writes and others read. An event travels as <code>{source, "
    "detail-type, detail: {metadata, data}}</code>; the fields below are those of its "
    "<code>data</code>. Inside a version a contract only ever gains fields that may be absent."
)
VERBS = {"aws": "heard by", "document": "read by", "event": "heard by", "wish": "wakes"}


def page(entries: Sequence[Entry]) -> str:
    """Answer the whole page."""
    style = (HERE / "page.css").read_text(encoding="utf-8")
    script = (HERE / "page.js").read_text(encoding="utf-8")
    basics = [entry for entry in entries if entry.kind == BASICS]
    families = {
        heading: [entry for entry in entries if entry.kind == kind]
        for kind, heading in FAMILIES.items()
    }
    events = families[FAMILIES["event"]]
    sections = "".join(family(heading, found) for heading, found in families.items())
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{NOTHING_FROM_OUTSIDE}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>Modelcycle: contracts</title>\n<style>{style}</style></head><body>\n"
        f"{side(basics, families)}\n<main>\n"
        f"<header><h1>Contracts</h1><p>{ABOUT}</p></header>\n"
        f"{matrix(events)}\n{family('Of every event', basics)}{sections}"
        '<p id="nothing" hidden>Nothing matches.</p>\n'
        "<footer>Generated from the code by <code>make catalogue</code>; the same for programs: "
        '<a href="asyncapi.yaml">asyncapi.yaml</a> (AsyncAPI 3.0) and '
        "<code>shared/contracts/schemas</code> (JSON Schema).</footer>\n"
        f"</main>\n<script>{script}</script></body></html>\n"
    )


def side(basics: Sequence[Entry], families: dict[str, list[Entry]]) -> str:
    """Answer the box to search in, and the list of all names."""
    groups = {"Of every event": list(basics), **families}
    lists = "".join(
        f"<h2>{escape(heading)}</h2><ul>{''.join(map(link, found))}</ul>"
        for heading, found in groups.items()
    )
    return (
        '<nav><a class="brand" href="#">Modelcycle</a>'
        '<label><span>Search contracts, fields, services</span><input id="search" type="search" '
        'placeholder="Search  ( / )" autocomplete="off" spellcheck="false"></label>'
        f'<p id="count" aria-live="polite"></p><div class="names">{lists}</div></nav>'
    )


def link(entry: Entry) -> str:
    """Answer a line of the list."""
    return f'<li data-of="{anchor(entry)}"><a href="#{anchor(entry)}">{escape(entry.name)}</a></li>'


def matrix(events: Sequence[Entry]) -> str:
    """Show who says and who hears each event, at a glance."""
    heads = "".join(f'<th scope="col"><span>{escape(one)}</span></th>' for one in SPEAKERS)
    rows = "".join(row_of_matrix(entry) for entry in events)
    return (
        '<section class="matrix"><h2>Who says, who hears</h2><p class="key">'
        f"<span>{mark('says')} says</span> <span>{mark('hears')} hears</span></p>"
        f'<div class="scroll"><table><thead><tr><th scope="col">event</th>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div></section>"
    )


def row_of_matrix(entry: Entry) -> str:
    """Show one event's line."""
    cells = "".join(f"<td>{cell(entry, one)}</td>" for one in SPEAKERS)
    return (
        f'<tr data-of="{anchor(entry)}"><th scope="row"><a href="#{anchor(entry)}">'
        f"{escape(entry.name)}</a></th>{cells}</tr>"
    )


def cell(entry: Entry, who: str) -> str:
    """Mark what a service has to do with an event."""
    says = who in (DECIDING if entry.said_by == EVERY_SERVICE else (entry.said_by,))
    marks = [mark("says")] * says + [mark("hears")] * (who in entry.heard_by)
    return "".join(marks)


def mark(kind: str) -> str:
    """Answer a sign whose shape and colour say the same."""
    return f'<i class="{kind}" title="{kind}"><b>{kind}</b></i>'


def family(heading: str, found: Sequence[Entry]) -> str:
    """Show contracts of one kind."""
    return (
        f'<section class="family"><h2>{escape(heading)}</h2>{"".join(map(card, found))}</section>\n'
    )


def card(entry: Entry) -> str:
    """Show one contract."""
    version = f'<span class="version">version {entry.version}</span>'
    history = "".join(f"<li>{escape(one)}</li>" for one in entry.history)
    return (
        f'<article id="{anchor(entry)}" data-text="{escape(searched(entry), quote=True)}">'
        f'<h3><a href="#{anchor(entry)}">{escape(entry.name)}</a>{version}</h3>'
        f'<p class="says">{prose(entry.says)}</p>{who(entry)}{table(entry.fields)}'
        f"<details><summary>Example</summary><pre>{example(entry)}</pre></details>"
        + (f"<details><summary>History</summary><ul>{history}</ul></details>" if history else "")
        + "</article>\n"
    )


def who(entry: Entry) -> str:
    """Say who says it, and who relies on it."""
    if entry.kind == BASICS:
        return ""
    said = ""
    if entry.said_by:
        verb = "sent by" if entry.said_by == SCHEDULE else "said by"
        said = f"<dt>{verb}</dt><dd>{chip(entry.said_by)}</dd>"
    heard = "".join(map(chip, entry.heard_by)) or "nobody"
    return f'<dl class="who">{said}<dt>{VERBS[entry.kind]}</dt><dd>{heard}</dd></dl>'


def chip(service: str) -> str:
    """Answer a service's name, to search by."""
    return f'<button type="button" class="chip">{escape(service)}</button>'


def table(found: Iterable[Field]) -> str:
    """Show the fields."""
    rows = "".join(map(row, found))
    if not rows:
        return '<p class="says">It carries nothing.</p>'
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("field", "type", "unit", "meaning"))
    return f'<table class="fields"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'


def row(field: Field) -> str:
    """Show one field."""
    above, dot, name = field.path.rpartition(".")
    path = f'<span class="above">{escape(above + dot)}</span>{escape(name)}'
    may = "" if field.needed else '<span class="may">may be absent</span>'
    return (
        f'<tr><th scope="row"><code>{path}</code>{may}</th><td>{escape(field.type)}</td>'
        f"<td>{escape(field.unit)}</td><td>{prose(field.says)}</td></tr>"
    )


def prose(text: str) -> str:
    """Show a docstring's text: names between backquotes as code."""
    return re.sub(r"`+([^`]+)`+", r"<code>\1</code>", escape(text))


def example(entry: Entry) -> str:
    """Show the example as JSON."""
    return escape(json.dumps(entry.example, indent=2, ensure_ascii=False))


def searched(entry: Entry) -> str:
    """Answer what is searched for words."""
    of_fields = (f"{field.path} {field.says} {field.unit}" for field in entry.fields)
    words = (entry.name, entry.says, entry.said_by, *entry.heard_by, *of_fields)
    return " ".join(words).lower()


def anchor(entry: Entry) -> str:
    """Answer what an address of an entry ends with."""
    return entry.name.replace(" ", "-")
