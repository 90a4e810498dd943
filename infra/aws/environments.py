"""What differs between dev, staging and prod: one file each, checked before anything is made."""

import json
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from infra import spec_files, yaml_files
from infra.yaml_files import FileError
from services.ingest.polling.sources import SOURCES
from shared.contracts import limits, names
from shared.contracts.complaints import Complaint, SpecError, explain, suggestion
from shared.contracts.frozen import Frozen

FOLDER = Path(__file__).parent / "environments"
ROOT = Path(__file__).parents[2]
NO_ACCOUNT = "000000000000"
"""What the files say until somebody writes their own; nothing is deployed there."""
REGIONS = frozenset(
    {
        *("af-south-1", "ap-east-1", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3"),
        *("ap-south-1", "ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3"),
        *("ap-southeast-4", "ap-southeast-5", "ap-southeast-7", "ca-central-1", "ca-west-1"),
        *("cn-north-1", "cn-northwest-1", "eu-central-1", "eu-central-2", "eu-north-1"),
        *("eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "il-central-1"),
        *("me-central-1", "me-south-1", "mx-central-1", "sa-east-1", "us-east-1", "us-east-2"),
        *("us-gov-east-1", "us-gov-west-1", "us-west-1", "us-west-2"),
    }
)
LOG_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731)  # AWS: no others
MEMORY_MB_MIN = 2 * limits.OBJECT_BYTES_MAX // 2**20  # an object read in one go, and room beside
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
FOLDER_URL = re.compile(r"https://[a-zA-Z0-9.-]+(:[0-9]+)?(/[a-zA-Z0-9._~%@+-]+)*/?")
URL_CHARACTERS_MAX = 500  # beside an alarm's words, of which AWS takes 1,024 in all


def _account(account: object) -> object:
    if not isinstance(account, str):
        raise ValueError("must stand in quotes: a number without them loses its leading zeros")
    if not re.fullmatch("[0-9]{12}", account):
        raise ValueError(f"must be twelve digits in quotes, got {account!r}")
    return account


def _region(region: str) -> str:
    if region not in REGIONS:
        raise ValueError(f"no region {region!r}; {suggestion(region, REGIONS)}")
    return region


def _email(email: str) -> str:
    if not EMAIL.fullmatch(email):
        raise ValueError(f"must be an e-mail address, got {email!r}")
    return email


def _folder_url(url: str) -> str:
    if not FOLDER_URL.fullmatch(url) or len(url) > URL_CHARACTERS_MAX or url.endswith(".md"):
        raise ValueError(
            f"must be the https:// address of a folder, of {URL_CHARACTERS_MAX} characters at "
            "most, such as https://github.com/OWNER/REPOSITORY/blob/main/docs/runbooks, "
            f"got {url!r}"
        )
    return url.rstrip("/")


def _log_days(days: int) -> int:
    if days not in LOG_DAYS:
        raise ValueError(f"must be one of {', '.join(map(str, LOG_DAYS))}, got {days}")
    return days


def _subnet(subnet: str) -> str:
    if not re.fullmatch("subnet-[0-9a-f]+", subnet):
        raise ValueError(f"must be a subnet's id, such as subnet-0a1b2c3d, got {subnet!r}")
    return subnet


def _security_group(group: str) -> str:
    if not re.fullmatch("sg-[0-9a-f]+", group):
        raise ValueError(f"must be a security group's id, such as sg-0a1b2c3d, got {group!r}")
    return group


def _tag(tag: str) -> str:
    if not re.fullmatch("[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", tag):
        raise ValueError(f"must be an image's tag: letters, digits and _.-, got {tag!r}")
    return tag


def _source(name: str) -> str:
    if name not in SOURCES:
        raise ValueError(f"no source {name!r}; {suggestion(name, SOURCES)}")
    return name


class Vpc(Frozen):
    """A network of yours in which jobs and dedicated endpoints run."""

    subnets: tuple[Annotated[str, AfterValidator(_subnet)], ...] = Field(
        min_length=1, max_length=16
    )
    security_groups: tuple[Annotated[str, AfterValidator(_security_group)], ...] = Field(
        min_length=1, max_length=5
    )


class Source(Frozen):
    """A public source that ingest asks every minute."""

    name: Annotated[str, AfterValidator(_source)]
    """A row of ``services/ingest/polling/sources.py``."""
    series: str
    """Which of the declared series its records are of."""


class Dashboards(StrEnum):
    """How operators' pages are put together; CloudWatch asks for each dashboard."""

    TOGETHER = "together"
    """One dashboard of three parts: Operations, Models, Ingest."""
    APART = "apart"
    """Three dashboards, at three times the price."""


class Journal(Frozen):
    """How long events are kept: where questions are asked, and where they can be brought back
    from."""

    queries_days: int = Field(default=400, ge=limits.INBOX_DAYS, le=limits.JOURNAL_DAYS_MAX)
    """In the table; at least as long as an event may come again."""
    keep_days: int | None = Field(default=None, ge=limits.INBOX_DAYS, le=limits.JOURNAL_DAYS_MAX)
    """In S3, no shorter than in the table; left out: for ever."""
    recovery: bool = False
    """Whether its table can be brought back as it was at any moment, for $0.20 per GB and month;
    without, it is rebuilt from S3, which takes days where hundreds of models are."""

    @model_validator(mode="after")
    def _is_kept_no_shorter(self) -> Self:
        if self.keep_days is not None and self.keep_days < self.queries_days:
            raise SpecError(
                Complaint(
                    "journal.keep_days",
                    f"must be at least queries_days, {self.queries_days}, got {self.keep_days}: "
                    "what the table still tells could not be brought back from S3",
                )
            )
        return self


class Environment(Frozen):
    """One environment in one account and region."""

    name: str
    account: Annotated[str, BeforeValidator(_account)] = Field(examples=['"123456789012"'])
    region: Annotated[str, AfterValidator(_region)] = Field(examples=["eu-central-1"])
    alarm_email: Annotated[str, AfterValidator(_email)] | None = None
    """Who hears of alarms; AWS asks this address once whether it wants to."""
    runbooks: Annotated[str, AfterValidator(_folder_url)] | None = None
    """Where people read the pages of ``docs/runbooks``: alarms and dashboards link there; without
    it they name a page by its path."""
    dashboards: Dashboards = Dashboards.TOGETHER
    rules_allowed: bool = False
    """Whether a model's rule may approve here, in place of a person."""
    keep_data: bool = True
    """Whether tables, bucket and key stay when the stacks are destroyed."""
    archive_days: int = Field(default=30, ge=1, le=limits.INBOX_DAYS)
    """How far back events can be replayed; no further than repeats are recognised."""
    journal: Journal = Journal()
    log_days: Annotated[int, AfterValidator(_log_days)] = 30
    memory_mb: int = Field(default=MEMORY_MB_MIN, ge=MEMORY_MB_MIN, le=10_240)
    """Of each service's function; its share of a processor grows with it."""
    concurrency: int = Field(default=5, ge=2, le=1_000)
    """How many functions one queue may keep busy at once."""
    spot: bool = True
    """Whether trainings run on spare capacity: cheaper, and sometimes later."""
    vpc: Vpc | None = None
    image_tag: Annotated[str, AfterValidator(_tag)] = "1"
    """Which of the algorithms' images in ECR; a tag that was pushed never means another."""
    models: tuple[str, ...] = ("models",)
    """Model files, or folders of them, that are to live here: checked before anything is made."""
    source: Source | None = None

    @property
    def partition(self) -> str:
        """Answer which of Amazon's clouds this is: regions of China and the US government are
        apart."""
        prefixes = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
        return next((p for start, p in prefixes.items() if self.region.startswith(start)), "aws")

    @property
    def bucket(self) -> str:
        """Name the environment's bucket."""
        return names.bucket(self.name, self.account, self.region)

    @property
    def image_registry(self) -> str:
        """Answer the account's own registry of images."""
        suffix = ".cn" if self.partition == "aws-cn" else ""
        return f"{self.account}.dkr.ecr.{self.region}.amazonaws.com{suffix}"


def load(name: str, folder: Path = FOLDER, root: Path = ROOT) -> Environment:
    """Read an environment's file, and check the model files that it names.

    Raises
    ------
    FileError
        With a line for each mistake: file, line, field, what is wrong and what to do.
    """
    path = folder / f"{_known(name, folder)}.yaml"
    document = yaml_files.read(path)
    try:
        environment = _parse(name, document.json_text)
    except SpecError as error:
        lines = (f"{document.at(mistake.key)}: {mistake}" for mistake in error.complaints)
        raise FileError(*lines) from error
    files = [root / model for model in environment.models]
    if lost := [file for file in files if not file.exists()]:
        where = f"{document.at('models')}: models"
        raise FileError(*(f"{where}: {file} does not exist: correct or remove it" for file in lost))
    declared = spec_files.load(files)
    series = [spec.series for spec in declared.series]
    if environment.source and environment.source.series not in series:
        asked = environment.source.series
        raise FileError(
            f"{document.at('source.series')}: source.series: no series {asked!r} in the model "
            f"files; {suggestion(asked, series)}"
        )
    return environment


def _known(name: str, folder: Path) -> str:
    try:
        names.check_environment(name)
    except names.IllegalNameError as error:
        raise FileError(str(error)) from error
    known = sorted(path.stem for path in folder.glob("*.yaml"))
    if name not in known:
        raise FileError(
            f"no environment {name!r}: {suggestion(name, known)} (or write {folder / name}.yaml)"
        )
    return name


def _parse(name: str, json_text: str) -> Environment:
    given: dict[str, Any] = json.loads(json_text)
    try:
        if "name" in given:
            raise SpecError(Complaint("name", "is the file's own name: remove the line"))
        return Environment.model_validate_json(json.dumps({**given, "name": name}))
    except ValidationError as error:
        raise SpecError(*explain(error, Environment)) from error
