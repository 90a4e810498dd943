"""CI as it is written down: the same commands, one environment after the other, no keys."""

import re
import subprocess
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


def runs(job: dict[str, Any]) -> str:
    """Answer what a job of GitHub's runs."""
    return "\n".join(step["run"] for step in job["steps"] if "run" in step)


def test_on_github_whoever_approves_has_seen_what_would_change() -> None:
    diff, deploy = (read(DEPLOY)["jobs"][name] for name in ("diff", "deploy"))
    assert deploy["needs"] == "diff"
    assert diff["environment"] == "${{ inputs.env }}-diff"  # without reviewers: see docs/deploy.md
    assert "make diff ENV=${{ inputs.env }} " in runs(diff)
    assert "make deploy" not in runs(diff)
    assert "GITHUB_STEP_SUMMARY" in runs(diff)
    (kept,) = (step["with"] for step in diff["steps"] if "upload-artifact" in step.get("uses", ""))
    assert kept["path"] == "diff.txt"
    (shown,) = (step for step in diff["steps"] if "make diff" in step.get("run", ""))
    assert shown["shell"] == "bash"  # which GitHub runs with pipefail
    assert "make diff" not in runs(deploy)


def test_gitlab_deploys_one_environment_after_the_other_when_a_person_says_so() -> None:
    jobs = read(GITLAB)
    pairs = [name for env in WAY for name in (f"{env}-diff", env)]
    assert jobs["stages"] == ["check", *pairs]
    assert [jobs[name]["environment"] for name in pairs] == pairs
    assert [jobs[name]["stage"] for name in pairs] == pairs
    assert [jobs[name]["extends"] for name in pairs] == 3 * [".diff", ".deploy"]
    assert [rule["when"] for rule in jobs[".deploy"]["rules"]] == ["manual"]
    assert jobs[".deploy"]["allow_failure"] is False
    assert [jobs[env]["resource_group"] for env in WAY] == WAY  # not every GitLab expands it there


def test_on_gitlab_the_diff_is_shown_unasked_and_before() -> None:
    diff, deploy = read(GITLAB)[".diff"], read(GITLAB)[".deploy"]
    assert [rule.get("when") for rule in diff["rules"]] == [None]
    assert diff["artifacts"]["paths"] == ["diff.txt"]
    assert diff["script"][0].startswith("set -o pipefail")
    assert diff["script"][1].startswith("make diff ENV=${CI_ENVIRONMENT_NAME%-diff} ")
    assert "diff" not in "".join(deploy["script"])
    assert diff["extends"] == deploy["extends"] == ".aws"


@pytest.mark.parametrize("path", [DEPLOY, GITLAB], ids=lambda path: path.name)
def test_a_diff_only_reads_so_that_its_role_needs_to_do_no_more(path: Path) -> None:
    (line,) = (line for line in path.read_text().splitlines() if "make diff" in line)
    assert 'ARGS="--method=template"' in line  # else the CDK makes a change set


def test_right_before_a_deployment_ci_looks_whether_it_is_still_the_newest() -> None:
    *_, guard, deploy = read(DEPLOY)["jobs"]["deploy"]["steps"]
    assert (guard["run"], guard["env"]) == (
        '.ci/newest "$BRANCH"',
        {"BRANCH": "${{ github.ref_name }}"},
    )
    assert deploy["run"].startswith("make deploy")
    guard, deploy = read(GITLAB)[".deploy"]["script"]
    assert guard == '.ci/newest "$CI_COMMIT_BRANCH"'
    assert deploy.startswith("make deploy")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Answer a clone of a repository whose main has one commit, as CI checks it out."""
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    git(tmp_path, "init", "--quiet", "--initial-branch=main", str(origin))
    commit(origin, "first")
    git(tmp_path, "clone", "--quiet", str(origin), str(clone))
    git(clone, "checkout", "--quiet", "--detach")
    return clone


def git(folder: Path, *arguments: str) -> None:
    as_ci = ("-c", "user.name=ci", "-c", "user.email=ci@example.org")
    subprocess.run(["git", "-C", str(folder), *as_ci, *arguments], check=True)


def commit(folder: Path, what: str) -> None:
    git(folder, "commit", "--quiet", "--allow-empty", "--message", what)


def guarded(clone: Path, branch: str = "main") -> tuple[int, str]:
    """Look as CI does; answer the exit code and what is said."""
    run = [str(ROOT / ".ci" / "newest"), branch]
    ended = subprocess.run(run, cwd=clone, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stderr


def test_the_newest_commit_is_deployed_and_an_older_one_is_refused(clone: Path) -> None:
    assert guarded(clone) == (0, "")
    commit(clone.with_name("origin"), "second")
    code, said = guarded(clone)
    assert code == 1
    assert "approve the run of" in said
    assert "git revert" in said


def test_where_the_branch_is_not_known_nothing_is_deployed(clone: Path) -> None:
    code, said = guarded(clone, "another")
    assert code == 1
    assert "does not tell where branch another is" in said


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
