"""A pipeline's definition that is not there, or broken, is told before anything is synthesized."""

from pathlib import Path

import pytest

from infra.aws import definitions
from infra.yaml_files import FileError


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, r"No such file or directory: make pipelines writes it"),
        ('{"Version": ', r"not JSON: Expecting value.*: make pipelines writes it"),
    ],
)
def test_it_is_told_by_name(tmp_path: Path, text: str | None, why: str) -> None:
    folder = tmp_path / "algorithms" / "lightgbm"
    folder.mkdir(parents=True)
    if text is not None:
        (folder / "pipeline.json").write_text(text)
    with pytest.raises(FileError, match=f"^algorithms/lightgbm/pipeline.json: {why}$"):
        definitions.read(tmp_path, "lightgbm")
