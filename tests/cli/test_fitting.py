"""Tables in windows of any width: no heading is broken inside a word, and no line ends in blanks
where it is piped."""

from collections.abc import Sequence
from io import StringIO

import pytest
from rich.console import Console

from ops.cli import output, version_rows
from ops.cli.questions import versions
from shared.contracts.names import Stage

OVERVIEW = ("model", "data until", "training", "staging", "production", ">live", "scores of")
STATUS = (*OVERVIEW, ">score", ">baseline", ">limit", "next")
FEES = ("fees", "3 min ago", "completed, 8 min ago", "v3", "v2", "0.051", "v2", "0.049", "0.071")
STATUS_ROW = (*FEES, "0.064", "approve fees 3 (modelcycle approve fees), or decline it")
IN_STATUS = (*version_rows.COLUMNS, *version_rows.SCORES, "last word")
IN_STATUS_ROW = ("v3", "2 h ago", "approved", "rolled back", *FEES[5:6] * 4, "alice, 3 min ago: ok")
VERSIONS = (*versions.COLUMNS, *(stage.value for stage in Stage), "stands")
SAID = "approved by rule, 3 min ago; promoted by alice, 2 min ago: looks good"
VERSIONS_ROW = ("v3", "fees-5b5b1f866d1c5c6e", *FEES[1:2], *FEES[5:6] * 4, SAID, *"12", "serves")
TABLES = {
    "status": (STATUS, STATUS_ROW),
    "status of one": (IN_STATUS, IN_STATUS_ROW),
    "versions": (VERSIONS, VERSIONS_ROW),
}


def at(width: int, names: Sequence[str], *rows: Sequence[str]) -> list[str]:
    """Answer the lines of a table in a window of that width."""
    screen = StringIO()
    console = Console(file=screen, force_terminal=True, width=width, color_system=None)
    console.print(output.drawn(names, rows))
    return screen.getvalue().splitlines()


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 160, 240])
@pytest.mark.parametrize("name", TABLES)
def test_at_no_width_a_word_of_a_heading_is_broken_nor_a_value_lost(name: str, width: int) -> None:
    names, row = TABLES[name]
    lines = at(width, names, row, row)
    assert max(map(len, lines)) <= width
    words = set(" ".join(lines).split())
    assert {word for one in names for word in one.removeprefix(">").split()} <= words
    assert all(word in words for cell in row for word in cell.split() if len(word) <= 12)


@pytest.mark.parametrize("name", TABLES)
def test_in_a_window_of_80_columns_a_row_takes_few_lines(name: str) -> None:
    names, row = TABLES[name]
    assert len(at(80, names, row)) <= len(names) + 1


def test_what_fits_is_as_wide_as_it_is_and_who_lacks_little_gets_it_first() -> None:
    names, row = ("id", "what"), ("5b5b1f86", "a long story of many words " * 4)
    assert at(200, names, row)[0].split() == ["id", "what"]
    lines = at(60, names, row)
    assert lines[1].startswith("5b5b1f86  a long story")
    assert len(lines) == 4


def test_where_rows_are_stacked_what_they_lack_is_left_out() -> None:
    lines = at(40, STATUS, ("fees", *[""] * 9, "import data"), ("blocks", *[""] * 10))
    assert [line.split(maxsplit=1) for line in map(str.rstrip, lines)] == [
        ["model", "fees"],
        ["next", "import data"],
        [],
        ["model", "blocks"],
    ]


def test_piped_no_line_ends_in_blanks_and_a_row_is_a_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output.table(STATUS, [STATUS_ROW, ("fees", *[""] * 10)])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert [line for line in lines if line != line.rstrip()] == []
