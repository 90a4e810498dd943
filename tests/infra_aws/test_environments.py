"""A wrong or missing value says where it is, what is wrong and what to do, before any synthesis."""

from pathlib import Path

import pytest

from infra.aws import environments
from infra.yaml_files import FileError
from shared.contracts import limits

GOOD = {"account": '"123456789012"', "region": "eu-central-1"}


def written(folder: Path, **values: str) -> Path:
    """Write dev.yaml with good values but for some; an empty one is left out."""
    lines = [f"{key}: {value}" for key, value in {**GOOD, **values}.items() if value]
    (folder / "dev.yaml").write_text("\n".join(lines))
    return folder


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"account": ""}, "dev.yaml: account: is missing: add it, for example 'account: \""),
        ({"account": "123456789012"}, "dev.yaml:1: account: must stand in quotes"),
        ({"account": '"1234"'}, "dev.yaml:1: account: must be twelve digits in quotes"),
        ({"region": ""}, "dev.yaml: region: is missing: add it, for example 'region: eu-"),
        ({"region": "eu-centrl-1"}, "dev.yaml:2: region: no region 'eu-centrl-1'; did you mean"),
        ({"regoin": "eu-west-1"}, "dev.yaml:3: regoin: unknown key; did you mean 'region'?"),
        ({"name": "dev"}, "dev.yaml:3: name: is the file's own name: remove the line"),
        ({"alarm_email": "nobody"}, "dev.yaml:3: alarm_email: must be an e-mail address"),
        (
            {"runbooks": "docs/runbooks"},
            "dev.yaml:3: runbooks: must be the https:// address of a folder, of 500 characters at "
            "most, such as https://github.com/OWNER/REPOSITORY/blob/main/docs/runbooks, got",
        ),
        ({"runbooks": "http://example.org/runbooks"}, "dev.yaml:3: runbooks: must be the https://"),
        ({"runbooks": "https://example.org/a b"}, "dev.yaml:3: runbooks: must be the https://"),
        ({"runbooks": "https://example.org/dead-letters.md"}, "runbooks: must be the https://"),
        ({"runbooks": f"https://example.org/{'x' * 500}"}, "of 500 characters at most"),
        ({"dashboards": "three"}, "dev.yaml:3: dashboards: must be 'together' or 'apart'"),
        ({"log_days": "8"}, "dev.yaml:3: log_days: must be one of 1, 3, 5, 7, 14"),
        ({"archive_days": "46"}, f"archive_days: must be >= 1 and <= {limits.INBOX_DAYS}, got 46"),
        ({"journal": "{querie_days: 400}"}, "journal.querie_days: unknown key; did you mean 'que"),
        ({"journal": "{queries_days: 7}"}, "journal.queries_days: must be >= 45 and <= 36500, got"),
        ({"journal": "{queries_days: 1y}"}, "journal.queries_days: must be a whole number >= 45"),
        ({"journal": "{recovery: maybe}"}, "journal.recovery: must be true or false"),
        ({"journal": "{keep_days: 0}"}, "journal.keep_days: must be >= 45 and <= 36500, got 0"),
        ({"journal": "{keep_days: forever}"}, "journal.keep_days: must be a whole number >= 45"),
        (
            {"journal": "{queries_days: 500, keep_days: 499}"},
            "dev.yaml:3: journal.keep_days: must be at least queries_days, 500, got 499: what",
        ),
        ({"concurrency": "1"}, "dev.yaml:3: concurrency: must be >= 2 and <= 1000, got 1"),
        ({"rules_allowed": '"yes"'}, "dev.yaml:3: rules_allowed: must be true or false"),
        ({"vpc": "{subnets: [subnet-0a1b]}"}, "vpc.security_groups: is missing: add it"),
        (
            {"vpc": "{subnets: [mine], security_groups: [sg-1]}"},
            "vpc.subnets.0: must be a subnet's",
        ),
        ({"source": "{name: blockchain}"}, "dev.yaml:3: source.series: is missing: add it"),
        ({"source": "{name: blokchain, series: x}"}, "source.name: no source 'blokchain'; did"),
        ({"image_tag": '"a b"'}, "dev.yaml:3: image_tag: must be an image's tag: letters"),
        ({"source": "{name: blockchain, series: x}"}, "dev.yaml:3: source.series: no series 'x'"),
    ],
)
def test_a_wrong_value_is_named_with_its_file_line_and_remedy(
    tmp_path: Path, wrong: dict[str, str], complaint: str
) -> None:
    with pytest.raises(FileError) as refused:
        environments.load("dev", written(tmp_path, **wrong))
    assert complaint in str(refused.value)


def test_a_folders_address_may_end_with_a_slash(tmp_path: Path) -> None:
    folder = written(tmp_path, runbooks="https://git.example.org:8443/ops/-/blob/main/runbooks/")
    loaded = environments.load("dev", folder)
    assert loaded.runbooks == "https://git.example.org:8443/ops/-/blob/main/runbooks"


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileError) as refused:
        environments.load("dev", written(tmp_path, account='"1"', region="mars"))
    assert [line.split(": ")[1] for line in refused.value.lines] == ["account", "region"]


def test_a_model_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    folder = written(tmp_path, models="[models/fees.yaml, models/tolls.yaml]")
    with pytest.raises(FileError, match=r"dev\.yaml:3: models: .*tolls\.yaml does not exist"):
        environments.load("dev", folder)


def test_a_mistake_in_a_model_file_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "fees.yaml").write_text("model: fees\nseries: transactions\nhorizon: 0\n")
    (tmp_path / "transactions.yaml").write_text("series: transactions\nwindow: 1m\n")
    folder = written(tmp_path, models="[fees.yaml, transactions.yaml]")
    with pytest.raises(FileError, match=r"fees\.yaml:3: horizon: must be >= 1"):
        environments.load("dev", folder, root=tmp_path)


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("devv", r"no environment 'devv': did you mean 'dev'\? \(or write .*devv\.yaml\)"),
        ("Dev!", "environment name 'Dev!': use 1 to 8 lower-case letters and digits"),
        ("../dev", "environment name '../dev': use 1 to 8"),
    ],
)
def test_an_environment_that_is_not_there_is_named(
    tmp_path: Path, name: str, complaint: str
) -> None:
    with pytest.raises(FileError, match=complaint):
        environments.load(name, written(tmp_path))


@pytest.mark.parametrize("path", sorted(environments.FOLDER.glob("*.yaml")), ids=lambda p: p.stem)
def test_the_environments_that_come_with_the_project_are_well_formed(path: Path) -> None:
    environment = environments.load(path.stem)
    assert environment.account == environments.NO_ACCOUNT  # nobody's: each team writes its own
    assert environment.archive_days <= limits.INBOX_DAYS


@pytest.mark.parametrize(
    ("region", "partition", "registry"),
    [
        ("eu-central-1", "aws", "123456789012.dkr.ecr.eu-central-1.amazonaws.com"),
        ("cn-north-1", "aws-cn", "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "123456789012.dkr.ecr.us-gov-west-1.amazonaws.com"),
    ],
)
def test_each_of_amazons_clouds_has_names_of_its_own(
    tmp_path: Path, region: str, partition: str, registry: str
) -> None:
    environment = environments.load("dev", written(tmp_path, region=region))
    assert (environment.partition, environment.image_registry) == (partition, registry)
