"""Arguments that nobody should give: told in words, with an exit code, and nothing was done."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.yaml_files import FILE_BYTES_MAX
from tests.cli import world
from tests.cli.conftest import Cli, Clients, Files, aws, bare, cli, files, unconfigured, url

__all__ = ["aws", "bare", "cli", "files", "unconfigured", "url"]

OUTPUT_CHARACTERS_MAX = 2_500
LONG = "x" * 10_000
BYTE = os.fsdecode(b"\xff")  # how Python gives an argument that is no UTF-8
TERMINAL = "\x1b[2J\x1b]0;x\x07"

NAMES = [
    pytest.param("../fees", id="parent"),
    pytest.param("/etc/passwd", id="absolute"),
    pytest.param("%2e%2e", id="encoded"),
    pytest.param("fees\0", id="nul"),
    pytest.param(f"fees{TERMINAL}", id="orders-to-a-terminal"),
    pytest.param("\u202esmees", id="right-to-left"),
    pytest.param("f\u0435\u0435\u0455", id="homoglyphs"),
    pytest.param("fees\u200b", id="zero-width"),
    pytest.param("inbox#fees#x", id="of-an-inbox"),
    pytest.param(BYTE, id="no-utf-8"),
    pytest.param(LONG, id="10000"),
    pytest.param("", id="empty"),
]


def check(result: Any, *codes: int) -> None:
    """Check how a command ended, and that what it said can be shown."""
    said = result.stderr + result.stdout
    assert result.exit_code in codes, said
    assert result.stderr.startswith("Error: ")
    assert "\nTry: " in result.stderr
    assert "Traceback" not in said
    assert "Error: unexpected" not in said
    assert all(sign.isprintable() or sign == "\n" for sign in said), said
    assert len(said) <= OUTPUT_CHARACTERS_MAX


@pytest.fixture
def fees(cli: Cli, files: Files, aws: Clients) -> Cli:
    """A model is declared, and nothing more was said."""
    files("fees")
    assert cli("models", "apply", "fees.yaml").exit_code == 0
    world.heard(aws)
    return cli


COMMANDS = [
    pytest.param(["models", "show", "NAME"], id="models-show"),
    pytest.param(["models", "freeze", "NAME"], id="models-freeze"),
    pytest.param(["status", "NAME"], id="status"),
    pytest.param(["retrain", "NAME", "--reason", "x"], id="retrain"),
    pytest.param(["approve", "NAME", "1"], id="approve"),
    pytest.param(["rollback", "NAME", "--stage", "staging", "--reason", "x"], id="rollback"),
    pytest.param(["deploy", "NAME", "1", "--stage", "staging", "--reason", "x"], id="deploy"),
    pytest.param(["events", "show", "NAME"], id="events-show"),
    pytest.param(["events", "list", "--model", "NAME"], id="events-list"),
    pytest.param(["data", "import", "x.csv", "--series", "NAME"], id="data-import"),
    pytest.param(["dlq", "show", "NAME"], id="dlq-show"),
    pytest.param(["dlq", "drop", "NAME", "--reason", "x"], id="dlq-drop"),
    pytest.param(["dlq", "list", "NAME"], id="dlq-list"),
    pytest.param(["events", "trigger", "NAME"], id="events-trigger"),
    pytest.param(
        ["events", "trigger", "RetrainRequested", "--set", "model=NAME"], id="events-trigger-model"
    ),
    pytest.param(["events", "trigger", "RetrainRequested", "--set", "NAME=1"], id="events-set"),
    pytest.param(["events", "resend", "NAME"], id="events-resend"),
    pytest.param(["rules", "explain", "NAME"], id="rules-explain"),
    pytest.param(["archive", "cancel", "NAME"], id="archive-cancel"),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_name_that_nothing_can_have_is_not_found(
    fees: Cli, aws: Clients, command: list[str]
) -> None:
    for name in (str(one.values[0]) for one in NAMES):
        check(fees(*[word.replace("NAME", name) for word in command]), 2, 3)
    assert world.heard(aws) == []


ROLLBACK = ("events", "trigger", "RollbackRequested", "--set")
WRONG = [
    pytest.param(["approve", "fees", "9" * 5_000], "is no version", id="version-5000-digits"),
    pytest.param(["approve", "fees", "\u0663"], "is no version", id="version-arabic"),
    pytest.param(["approve", "fees", "\u00b2"], "is no version", id="version-superscript"),
    pytest.param(["approve", "fees", "NaN"], "is no version", id="version-nan"),
    pytest.param(["approve", "fees", "1e999"], "is no version", id="version-1e999"),
    pytest.param(["approve", "fees", LONG], "is no version", id="version-10000"),
    pytest.param(["retrain", "fees", "--reason", TERMINAL], "printed", id="reason-of-a-terminal"),
    pytest.param(["retrain", "fees", "--reason", "\u202ex"], "printed", id="reason-turned-around"),
    pytest.param(["retrain", "fees", "--reason", "a\u2028b"], "one line", id="reason-two-lines"),
    pytest.param(["retrain", "fees", "--reason", "a\rb"], "one line", id="reason-overwritten"),
    pytest.param(["retrain", "fees", "--reason", BYTE], "printed", id="reason-no-utf-8"),
    pytest.param(["retrain", "fees", "--reason", LONG], "1000 characters", id="reason-10000"),
    pytest.param(["retrain", "fees", "--reason", "\xa0"], "not be empty", id="reason-blank"),
    pytest.param(["retrain", "fees", "--reason", "\xa0rule: x"], "rules sign", id="reason-rule"),
    pytest.param(["--env", "../dev", "status"], "environment name", id="env-parent"),
    pytest.param(["--env", TERMINAL, "status"], "environment name", id="env-of-a-terminal"),
    pytest.param(["--env", LONG, "status"], "environment name", id="env-10000"),
    pytest.param(["events", "list", "--limit", "9" * 5_000], "--limit", id="limit-5000-digits"),
    pytest.param(["events", "list", "--since", "9" * 5_000 + "d"], "--since", id="since-5000"),
    pytest.param(
        ["events", "list", "--since", "0001-01-01T00:00+14:00"], "write a time", id="since-year-0"
    ),
    pytest.param(
        ["events", "list", "--since", "9999-12-31T23:59-14:00"], "write a time", id="since-10000"
    ),
    pytest.param(["events", "list", "--since", "2026-03-01\0"], "write a time", id="since-nul"),
    pytest.param(["models", "apply", f"no{TERMINAL}.yaml"], "No such file", id="file-terminal"),
    pytest.param(["models", "apply", f"{BYTE}.yaml"], "No such file", id="file-no-utf-8"),
    pytest.param(["models", "apply", "/dev/null"], "is empty", id="file-of-nothing"),
    pytest.param(["models", "apply", "/dev/zero"], f"{FILE_BYTES_MAX} bytes", id="file-endless"),
    pytest.param(
        ["data", "import", f"no{TERMINAL}", "--series", "transactions"], "no such", id="data-file"
    ),
    pytest.param(
        ["data", "import", f"{BYTE}.csv", "--series", "transactions"], "no such", id="data-no-utf-8"
    ),
    pytest.param(
        ["data", "import", "/", "--series", "transactions"], "is a directory", id="data-folder"
    ),
    pytest.param(["deploy", "fees", "1", "--stage", "../x", "--reason", "x"], "--stage", id="st"),
    pytest.param([*ROLLBACK, "version=NaN"], "must be a whole number", id="set-nan"),
    pytest.param([*ROLLBACK, "version=1e999"], "must be a whole number", id="set-1e999"),
    pytest.param([*ROLLBACK, f"version={'9' * 5_000}"], "must be a whole", id="set-5000-digits"),
    pytest.param([*ROLLBACK, f"version={'[' * 5_000}"], "must be a whole number", id="set-deep"),
    pytest.param([*ROLLBACK, f"reason={BYTE}"], "half of a character", id="set-no-utf-8"),
    pytest.param([*ROLLBACK, f"{'a.' * 5_000}b=1"], "there is no field", id="set-path-5000"),
    pytest.param(["dlq", "drop", "a", "--reason", TERMINAL], "printed", id="dlq-reason"),
    pytest.param(["rules", "explain", "/dev/zero"], "no JSON", id="rules-endless"),
    pytest.param(["archive", "replay", "--from", "9" * 5_000 + "d"], "--from", id="from-5000"),
    pytest.param(["archive", "replay", "--from", "1h", "--service", LONG], "--service", id="arch"),
    pytest.param(["up", "--speed", "nan"], "is not 0, or from", id="speed-nan"),
    pytest.param(["up", "--speed", "1e999"], "is not 0, or from", id="speed-1e999"),
    pytest.param(["up", "--speed", "1e-320"], "is not 0, or from", id="speed-1e-320"),
    pytest.param(["up", "--port", "9" * 5_000], "--port", id="port-5000-digits"),
    pytest.param(["up", "--change-after", "9" * 5_000 + "d"], "not a duration", id="after-5000"),
    pytest.param([TERMINAL], "No such command", id="verb-of-a-terminal"),
    pytest.param([BYTE], "No such command", id="verb-no-utf-8"),
    pytest.param([LONG], "No such command", id="verb-10000"),
    pytest.param([f"--{LONG}"], "No such option", id="option-10000"),
]


@pytest.mark.parametrize(("command", "reason"), WRONG)
def test_wrong_use_is_told_in_words_and_nothing_is_done(
    fees: Cli, aws: Clients, command: list[str], reason: str
) -> None:
    result = fees(*command)
    check(result, 2)
    assert reason.lower() in result.stderr.lower()
    assert world.heard(aws) == []


def test_a_bad_file_keeps_the_good_ones_beside_it_out_too(
    fees: Cli, aws: Clients, files: Files, tmp_path: Path
) -> None:
    files("more")
    (tmp_path / "bad.yaml").write_text(f"model: {LONG}\n")
    check(fees("models", "apply", "more.yaml", "bad.yaml"), 2)
    assert world.heard(aws) == []
    assert fees("models", "show", "more").exit_code == 3


def test_a_program_that_is_given_no_utf_8_says_so_where_people_read_ascii_only() -> None:
    program = "from ops.cli.main import main; main()"
    command: list[str | bytes] = [sys.executable, "-c", program, b"\xff\x1b[2J"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "NO_COLOR": "1"}
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert done.returncode == 2
    assert rb"No such command '\udcff\x1b[2J'" in done.stderr
