"""Artifacts that nobody should train: nothing is written outside of their folder, nor too much."""

import gzip
import io
import json
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from algorithms.lightgbm import artifact
from infra.local.sagemaker import storage
from infra.local.sagemaker.storage import JobError

FILE, FOLDER = tarfile.REGTYPE, tarfile.DIRTYPE
SYMLINK, HARDLINK = tarfile.SYMTYPE, tarfile.LNKTYPE
MESSAGE_CHARACTERS_MAX = 400
Entry = tuple[str, bytes, str]
"""Name, kind, and where a link leads to."""


def packed(*entries: Entry, content: bytes = b"x") -> bytes:
    """Answer a tar.gz with these entries; each file holds `content`."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w:gz") as archive:
        for name, kind, leads_to in entries:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, leads_to
            info.size = len(content) if kind == FILE else 0
            archive.addfile(info, io.BytesIO(content))
    return written.getvalue()


def claiming(size: int, kind: bytes = FILE) -> bytes:
    """Answer a tar.gz whose one entry says that it is so long."""
    info = tarfile.TarInfo("model.txt")
    info.size, info.type = size, kind
    return gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + b"x" * 1_000)


GOOD = ("model.json", FILE, "")
ARCHIVES = [
    pytest.param(packed(GOOD, ("../x", FILE, "")), "not a path below", id="parent"),
    pytest.param(packed(GOOD, ("a/../../x", FILE, "")), "not a path below", id="parent-within"),
    pytest.param(packed(GOOD, ("/x", FILE, "")), "not a path below", id="absolute"),
    pytest.param(packed(("../x", FOLDER, "")), "not a path below", id="folder-parent"),
    pytest.param(packed(("../" * 99 + "x" * 5_000, FILE, "")), "not a path", id="parent-5000"),
    pytest.param(packed(("", FILE, "")), "Is a directory", id="no-name"),
    pytest.param(packed(("x" * 5_000, FILE, "")), "too long", id="name-5000"),
    pytest.param(packed(("d/" * 3_000 + "x", FILE, "")), "too long", id="depth-3000"),
    pytest.param(packed(("l", SYMLINK, "/etc/hostname")), "not found", id="symlink-absolute"),
    pytest.param(packed(("l", SYMLINK, "../../x")), "not found", id="symlink-parent"),
    pytest.param(packed(("l", SYMLINK, "l")), "leads to itself", id="symlink-to-itself"),
    pytest.param(
        packed(("a", SYMLINK, "b"), ("b", SYMLINK, "a")), "leads to itself", id="symlinks-in-a-loop"
    ),
    pytest.param(
        packed(("d", SYMLINK, "../.."), ("d/x", FILE, "")), "not found", id="through-a-symlink"
    ),
    pytest.param(
        packed(("a", FOLDER, ""), ("l", SYMLINK, "a")), "leads to no file", id="symlink-to-a-folder"
    ),
    pytest.param(packed(("h", HARDLINK, "/etc/hostname")), "not found", id="hard-link-absolute"),
    pytest.param(packed(("h", HARDLINK, "../x")), "not found", id="hard-link-parent"),
    pytest.param(packed(("h", HARDLINK, "h")), "not found", id="hard-link-to-itself"),
    pytest.param(packed(("c", tarfile.CHRTYPE, "")), "c is neither", id="character-device"),
    pytest.param(packed(("b", tarfile.BLKTYPE, "")), "b is neither", id="block-device"),
    pytest.param(packed(("f", tarfile.FIFOTYPE, "")), "f is neither file", id="pipe"),
    pytest.param(packed(("\x1b[2J", tarfile.FIFOTYPE, "")), r"\x1b[2J is", id="of-a-terminal"),
    pytest.param(packed(("a", FILE, ""), ("a/b", FILE, "")), "exists", id="file-then-folder"),
    pytest.param(packed(("a/b", FILE, ""), ("a", FILE, "")), "directory", id="folder-then-file"),
    pytest.param(packed(GOOD)[:-8] + bytes(8), "CRC check failed", id="other-check-sum"),
    pytest.param(packed(GOOD)[:40], "ended before", id="cut-short"),
    pytest.param(claiming(8**11 - 1), "unpacks to more than", id="claims-8-gigabytes"),
    pytest.param(claiming(2**60), "unpacks to more than", id="claims-an-exabyte"),
    pytest.param(claiming(2**60, tarfile.XHDTYPE), "", id="header-of-an-exabyte"),
    pytest.param(claiming(-1), "", id="claims-less-than-nothing"),
    pytest.param(gzip.compress(b"x" * 100_000), "invalid header", id="no-tar"),
    pytest.param(gzip.compress(b""), "empty", id="empty"),
    pytest.param(b"PK\x03\x04", "Not a gzipped file", id="zip"),
    pytest.param(b"", "empty", id="nothing"),
]


@pytest.mark.parametrize(("body", "reason"), ARCHIVES)
def test_an_archive_is_refused_and_nothing_is_written_outside(
    tmp_path: Path, body: bytes, reason: str
) -> None:
    folder = tmp_path / "deep" / "model"
    with pytest.raises(JobError) as refused:
        storage.unpack(body, folder)
    message = str(refused.value)
    assert message.startswith("ClientError: ")
    assert reason in message
    assert message.isprintable()
    assert len(message) <= MESSAGE_CHARACTERS_MAX
    outside = [path for path in tmp_path.rglob("*") if folder not in (path, *path.parents)]
    assert outside == [tmp_path / "deep"]
    assert not any(path.is_symlink() for path in tmp_path.rglob("*"))


def test_an_archive_that_unpacks_to_too_much_is_refused_before_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "UNPACKED_BYTES_MAX", 10_000_000)
    body = packed(GOOD, content=bytes(20_000_000))
    assert len(body) < 100_000
    with pytest.raises(JobError, match="unpacks to more than 10000000 bytes"):
        storage.unpack(body, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_links_that_multiply_a_file_are_counted_as_its_copies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "UNPACKED_BYTES_MAX", 10_000_000)
    links: Sequence[Entry] = [(f"l{number}", SYMLINK, "model.json") for number in range(100)]
    body = packed(GOOD, *links, content=bytes(1_000_000))
    with pytest.raises(JobError, match="unpacks to more than 10000000 bytes"):
        storage.unpack(body, tmp_path)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 10_000_000


def test_an_archive_of_too_many_entries_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "ENTRIES_MAX", 10)
    body = packed(*[(f"f{number}", FILE, "") for number in range(11)])
    with pytest.raises(JobError, match="more than 10 entries"):
        storage.unpack(body, tmp_path)


def test_an_archive_within_an_archive_stays_packed(tmp_path: Path) -> None:
    storage.unpack(packed(("a.tar.gz", FILE, ""), content=packed(("../x", FILE, ""))), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["a.tar.gz"]


SCALE = {"kind": "log", "unit": 1.0}
DESCRIPTION = {
    "algorithm": "lightgbm",
    "format_version": 1,
    "horizon": 6,
    "season": 24,
    "frequency_s": 3_600,
    "quantiles": [],
    "scale": SCALE,
    "reference": "recent",
    "context_min": 30,
    "trained_to": "2026-03-01T00:00:00Z",
}


def described(**changes: object) -> str:
    """Answer a model.json."""
    return json.dumps({**DESCRIPTION, **changes})


MODELS = [
    pytest.param("[" * 100_000, "RecursionError", id="deep"),
    pytest.param("[]", "TypeError", id="list"),
    pytest.param("null", "TypeError", id="null"),
    pytest.param("\0", "JSONDecodeError", id="nul"),
    pytest.param(described(quantiles=["../../secret"]), "ValueError", id="quantile-parent"),
    pytest.param(described(quantiles=[float("nan")]), "quantile-nan.txt", id="quantile-nan"),
    pytest.param(described(quantiles=[10**400]), "OverflowError", id="quantile-401-digits"),
    pytest.param(described(quantiles={"../x": 1}), "ValueError", id="quantiles-object"),
    pytest.param(described(quantiles=[0.5]), "LightGBMError", id="booster"),
    pytest.param(described(scale={"__class__": 1}), "TypeError", id="scale-fields"),
    pytest.param(described(scale=[]), "TypeError", id="scale-list"),
    pytest.param(
        described(trained_to="0001-01-01T00:00:00+14:00"), "OverflowError", id="before-the-year-1"
    ),
    pytest.param(described(trained_to=7), "TypeError", id="time-number"),
]


@pytest.mark.parametrize(("text", "reason"), MODELS)
def test_a_model_that_cannot_be_loaded_is_one_kind_of_error(
    tmp_path: Path, text: str, reason: str
) -> None:
    (tmp_path / "model.json").write_text(text)
    (tmp_path / "quantile-0.5.txt").write_text("no booster")
    (tmp_path.parent / "secret").write_text("hunter2")
    with pytest.raises(artifact.BrokenArtifactError, match="holds no model that can") as refused:
        artifact.load(tmp_path)
    assert reason in str(refused.value)
    assert "hunter2" not in str(refused.value)
