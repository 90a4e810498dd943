"""CI as it is written down: the same commands, one environment after the other, no keys."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.aws import environments

ROOT = Path(__file__).parents[2]
GITHUB, DEPLOY = ROOT / ".github/workflows/ci.yml", ROOT / ".github/workflows/deploy.yml"
GITLAB = ROOT / ".gitlab-ci.yml"
WAY = ["dev", "staging", "prod"]
DOCS = [ROOT / "docs" / "deploy.md", *sorted((ROOT / "docs" / "runbooks").glob("*.md"))]


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def test_both_run_what_everybody_runs() -> None:
    assert {"run": ".ci/run"} in read(GITHUB)["jobs"]["check"]["steps"]
    assert read(GITLAB)["check"]["script"] == [".ci/run"]


def test_github_deploys_one_environment_after_the_other_and_each_has_its_approval() -> None:
    jobs = read(GITHUB)["jobs"]
    assert [jobs[env]["needs"] for env in WAY] == ["check", "dev", "staging"]
    assert [jobs[env]["with"]["env"] for env in WAY] == WAY
    assert jobs["dev"]["if"] == "github.event_name == 'push'"
    assert read(DEPLOY)["jobs"]["deploy"]["environment"] == "${{ inputs.env }}"


def test_a_run_that_waits_for_an_approval_is_in_nobodys_way() -> None:
    ci = read(GITHUB)
    assert "concurrency" not in ci
    assert [name for name, job in ci["jobs"].items() if "concurrency" in job] == ["check"]
    assert "github.run_id" in ci["jobs"]["check"]["concurrency"]["group"]
    assert read(DEPLOY)["jobs"]["deploy"]["concurrency"] == "deploy-${{ inputs.env }}"


def test_gitlab_deploys_one_environment_after_the_other_when_a_person_says_so() -> None:
    jobs = read(GITLAB)
    assert jobs["stages"] == ["check", *WAY]
    assert [jobs[env]["environment"] for env in WAY] == WAY
    assert [jobs[env]["stage"] for env in WAY] == WAY
    assert [rule["when"] for rule in jobs[".deploy"]["rules"]] == ["manual"]
    assert jobs[".deploy"]["allow_failure"] is False


def test_every_environment_has_its_file() -> None:
    assert {path.stem for path in environments.FOLDER.glob("*.yaml")} == set(WAY)


@pytest.mark.parametrize("path", [GITHUB, DEPLOY, GITLAB], ids=lambda path: path.name)
def test_there_are_no_keys(path: Path) -> None:
    text = path.read_text().lower()
    assert not re.search("secret|access_key|access-key|password", text)


@pytest.mark.parametrize(
    "path", [GITHUB, DEPLOY, GITLAB, *DOCS], ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_every_make_target_that_is_named_exists(path: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(r"(?:^|[`(] *|run: |- )make ([a-z-]+)", path.read_text(), re.MULTILINE)
    assert set(named) <= targets


def test_the_guide_leads_nowhere_that_is_not_there() -> None:
    for path in DOCS:
        for link in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
            assert "://" in link or (path.parent / link).exists(), f"{path.name}: {link}"
