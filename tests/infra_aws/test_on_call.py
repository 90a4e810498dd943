"""Whoever is on call may do what the runbooks say, with the two policies for that, and no more.

Every command in ``docs/runbooks`` is looked up: those of the AWS CLI in `on_call.OF_AWS`, those of
ours are run against the local AWS, which records what they ask.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from infra.aws import people, policies
from infra.aws.environments import Environment
from infra.local import account
from infra.local.front import REPOSITORY, Front
from infra.local.provision import Provisioner
from infra.local.recording import Recorder
from ops.cli.errors import ExitCode
from ops.cli.main import main
from services.journal.archive import Archive
from services.journal.aws import DynamoBook, S3Shelf
from shared.contracts import names
from shared.contracts.lifecycle import (
    DecisionRecorded,
    EndpointInService,
    ModelApproved,
    ModelEvaluated,
    ModelRegistered,
    ObservationsIngested,
    PromotionApproved,
    RetrainRequested,
    TrainingCompleted,
    TrainingStarted,
)
from shared.contracts.lifecycle.fields import Blob
from shared.contracts.lifecycle.monitoring import Seen
from shared.contracts.names import Stage
from shared.messaging.runtime import SqsDeadLetters
from tests.cli.conftest import MODEL, SERIES
from tests.cli.dead_letters import wish
from tests.cli.test_wishes import put_on
from tests.cli.world import Evaluator
from tests.infra_aws import iam
from tests.infra_aws.on_call import BY_HAND, OF_AWS, OF_LETTERS, TOO_MUCH, Asked
from tests.services.journal.chronicle import Chronicle
from tests.services.journal.world import answers

RUNBOOKS = Path(__file__).parents[2] / "docs" / "runbooks"
COMMAND = re.compile(r"(?:`|\(|^|&& )((?:aws|modelcycle|make) [^`)\n]*)", re.MULTILINE)
WHO = "operator.jane"
OnCall = Callable[..., None]
NOT_ON_CALL: Mapping[str, str] = {
    "make deploy": "CI deploys, by its own role and with an approval",
    "make diff": "as make deploy",
}
"""Commands that need more than the policies, and whose they are."""
MINE: Mapping[str, tuple[str, ...]] = {
    "models apply": ("series.yaml", "fees.yaml"),
    "data import": ("history.csv", "--series", "transactions", "--no-wait"),
    "doctor": (),
    "status": ("fees",),
    "events list": ("--model", "fees"),
    "rules explain": ("AccuracyDegraded",),
    "events show": ("no-such-event",),
    "why": ("fees",),
    "timeline": ("fees",),
    "as-of": ("2026-03-02", "fees"),
    "versions": ("fees",),
    "lineage": ("fees", "2", "--verify"),
    "journal check": ("--to", "15m"),
    "retrain": ("fees", "--reason", "new unit"),
    "deploy": ("fees", "1", "--stage", "production", "--reason", "capacity"),
    "rollback": ("fees", "--stage", "production", "--reason", "worse"),
    "models freeze": ("fees",),
}
"""Our own commands, as they are run here, in this order."""
ENDS = {
    "doctor": ExitCode.FAILED,  # no function runs here
    "lineage": ExitCode.FAILED,  # and nothing was trained
    "events show": ExitCode.NOT_FOUND,
}


def commands() -> Iterator[tuple[str, str]]:
    """Answer page and command, of all that the runbooks name."""
    for page in sorted(RUNBOOKS.glob("*.md")):
        for found in COMMAND.findall(page.read_text()):
            yield page.stem, found


def named(program: str) -> set[str]:
    """Answer the commands of a program without their arguments."""
    words = (found.split()[1:] for _, found in commands() if found.split()[0] == program)
    nouns = {verb.split()[0] for verb in (*MINE, *OF_AWS, *OF_LETTERS) if " " in verb}
    return {" ".join(one[:2] if one[0] in nouns else one[:1]) for one in words}


@pytest.fixture(scope="module")
def may(environment: Environment) -> Mapping[str, Any]:
    """Answer both policies as one document, for the account and region of the local AWS."""
    local = environment.changed(account=account.ACCOUNT, region=account.REGION)
    roles = people.policies(local)
    return policies.document((*roles[people.LOOK].grants, *roles[people.ACT].grants))


def test_every_command_of_the_aws_cli_and_of_dead_letters_is_allowed(
    may: Mapping[str, Any],
) -> None:
    assert named("aws") == OF_AWS.keys()
    asked = [one for each in (*OF_AWS.values(), *OF_LETTERS.values()) for one in each]
    assert [one for one in asked if not iam.allows(may, *one)] == []


@pytest.mark.parametrize(("page", "words"), BY_HAND)
def test_what_a_page_has_people_do_in_the_console_is_allowed(
    may: Mapping[str, Any], page: str, words: str
) -> None:
    assert words in (RUNBOOKS / f"{page}.md").read_text(), "the table is older than the page"
    assert [one for one in BY_HAND[page, words] if not iam.allows(may, *one)] == []


def test_what_the_policies_do_not_allow_is_known_by_name() -> None:
    assert {f"make {target}" for target in named("make")} == NOT_ON_CALL.keys()


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def url(tmp_path: Path, recorder: Recorder) -> Iterator[str]:
    """A local AWS in which a version serves that was approved, as the one before."""
    images = {"modelcycle/mean": "tests.local.fixture_algorithms.mean"}
    with Front(0, tmp_path / "front", images=images, recorder=recorder) as front:
        Provisioner("dev", front.url, REPOSITORY).provision()

        def aws(service: str) -> Any:
            return account.client(service, front.url, "operator.alice")

        evaluator = Evaluator(aws)
        arns = (evaluator.register("fees"), evaluator.register("fees"))
        for arn in arns:
            aws("sagemaker").update_model_package(
                ModelPackageArn=arn, ModelApprovalStatus="Approved"
            )
            evaluator.life_cycle(arn, "Approved")
        put_on(aws, "fees", "production", 2)
        book = DynamoBook(aws("dynamodb"), names.table("dev", "journal"))
        told = story(arns[1]).entries
        Archive(S3Shelf(aws("s3"), account.bucket("dev"))).keep(told)
        assert all(map(book.keep, told))
        yield front.url


def story(arn: str) -> Chronicle:
    """Tell how v2 came to production, in the names of the local AWS."""
    told, place = Chronicle(), f"arn:aws:sagemaker:{account.REGION}:{account.ACCOUNT}"
    blob = Blob(uri=f"s3://{account.bucket('dev')}/runs/run/object", sha256="0" * 64)
    dataset = TrainingCompleted.example().dataset.changed(uri=blob.uri)
    made: dict[str, Any] = {"artifact": blob, "judged_artifact": blob}
    lineage = ModelRegistered.example().lineage.changed(dataset=blob, evaluation=blob, **made)
    execution = f"{place}:pipeline/mc-dev-lightgbm/execution/abcdefghijkl"
    told.say(TrainingStarted, execution_arn=execution)
    told.say(TrainingCompleted, dataset=dataset, **made)
    told.say(ModelEvaluated)
    told.say(ModelRegistered, version=2, package_arn=arn, lineage=lineage)
    told.say(ModelApproved, version=2)
    told.say(PromotionApproved, version=2)
    config = names.endpoint_config("dev", "fees", Stage.PRODUCTION, 2, "cause")
    endpoint = names.endpoint("dev", "fees", Stage.PRODUCTION)
    serves: dict[str, Any] = {"stage": "production", "version": 2, "endpoint": endpoint}
    told.say(EndpointInService, **serves, endpoint_config=config)
    return told


@pytest.fixture
def on_call(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OnCall:
    """Run our program as the person on call, in a folder of their own."""
    monkeypatch.setattr("ops.cli.answering.WAIT_S", 0.0)  # no function runs that would answer
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("AWS_REGION", account.REGION)
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", WHO)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")

    def run(verb: str, *arguments: str) -> None:
        told = CliRunner().invoke(main, [*verb.split(), *arguments])
        assert told.exit_code == ENDS.get(verb, ExitCode.OK), f"{verb}: {told.output}"

    return run


def asked_by_me(recorder: Recorder) -> list[Asked]:
    """Answer what the person on call asked, of all that was recorded."""
    return [
        (one["action"], one["resource"], one["values"])
        for one in recorder.answer()
        if one["caller"] == WHO
    ]


def test_every_command_of_ours_asks_only_what_is_allowed(
    may: Mapping[str, Any], on_call: OnCall, recorder: Recorder, tmp_path: Path
) -> None:
    assert named("modelcycle") <= MINE.keys() | OF_LETTERS.keys()
    (tmp_path / "series.yaml").write_text(SERIES)
    (tmp_path / "fees.yaml").write_text(MODEL.format(model="fees").replace("    ", ""))
    (tmp_path / "history.csv").write_text("time,value\n2026-03-01T00:00Z,1\n2026-03-01T00:01Z,2\n")
    for verb, arguments in MINE.items():
        on_call(verb, *arguments)
    asked = asked_by_me(recorder)
    wishes = {values.get("events:detail-type") for _, _, values in asked} - {None}
    assert wishes >= {"RetrainRequested", "DeploymentRequested", "RollbackRequested"}
    assert [one for one in asked if not iam.allows(may, *one)] == []


def test_dead_letters_are_seen_and_decided_with_what_is_allowed(
    may: Mapping[str, Any], url: str, on_call: OnCall, recorder: Recorder
) -> None:
    sqs = account.client("sqs", url, "modelcycle-trainer")
    for service in ("trainer", "deployer"):
        letters = SqsDeadLetters(sqs, names.dead_letter_queue("dev", service))
        letters.reject(wish(), "said too early")
    on_call("dlq list")
    on_call("dlq list", "trainer")
    on_call("dlq redrive", "--all", "--service", "trainer", "--reason", "mended", "--yes")
    on_call("dlq drop", "--all", "--service", "deployer", "--reason", "of no use", "--yes")
    asked = asked_by_me(recorder)
    decided = {"sqs:SendMessage", "sqs:DeleteMessage", "s3:PutObject", "events:PutEvents"}
    assert {action for action, _, _ in asked} >= decided | {"sqs:ChangeMessageVisibility"}
    assert [one for one in asked if not iam.allows(may, *one)] == []


@pytest.mark.parametrize("asked", TOO_MUCH, ids=lambda asked: f"{asked[0]} {asked[1][-30:]}")
def test_nothing_else_is_allowed(may: Mapping[str, Any], asked: Asked) -> None:
    assert not iam.allows(may, *asked)


def test_the_journal_is_asked_and_compared_by_whoever_looks_and_rebuilt_with_one_policy_more(
    environment: Environment, url: str, on_call: OnCall, recorder: Recorder
) -> None:
    local = environment.changed(account=account.ACCOUNT, region=account.REGION)
    roles = people.policies(local)
    look, mend = roles[people.LOOK].grants, roles[people.MEND].grants
    book = DynamoBook(account.client("dynamodb", url, WHO), names.table("dev", "journal"))
    archive = Archive(S3Shelf(account.client("s3", url, "operator.bob"), account.bucket("dev")))
    lost = Chronicle()
    lost.say(RetrainRequested)
    archive.keep(lost.entries)
    assert all(answers(book))
    for verb, arguments in (("rebuild", ["--dry-run"]), ("rebuild", []), ("check", [])):
        on_call(f"journal {verb}", *arguments)
    asked = asked_by_me(recorder)
    assert "dynamodb:BatchGetItem" in {action for action, *_ in asked}
    refused = [one for one in asked if not iam.allows(policies.document(look), *one)]
    assert {action for action, _, _ in refused} == {"dynamodb:PutItem"}
    assert [one for one in refused if not iam.allows(policies.document(mend), *one)] == []


def test_whoever_looks_records_what_was_decided_and_with_what_it_saw(
    environment: Environment, url: str, on_call: OnCall, recorder: Recorder, tmp_path: Path
) -> None:
    local = environment.changed(account=account.ACCOUNT, region=account.REGION)
    may_look = policies.document(people.policies(local)[people.LOOK].grants)
    s3 = account.client("s3", url, "operator.bob")
    book = DynamoBook(
        account.client("dynamodb", url, "operator.bob"), names.table("dev", "journal")
    )
    body, key = b"[]", f"seen/{hashlib.sha256(b'[]').hexdigest()}.json"
    s3.put_object(Bucket=account.bucket("dev"), Key=key, Body=body)
    told = Chronicle()
    cause = told.say(ObservationsIngested)
    seen = Seen(uri=f"s3://{account.bucket('dev')}/{key}", sha256=key[5:-5])
    heard = {"cause_id": cause, "cause_type": ObservationsIngested.detail_type()}
    told.say(DecisionRecorded, seen=seen, answered=None, **heard)
    for entry in told.entries:
        book.keep(entry)
    Archive(S3Shelf(s3, account.bucket("dev"))).keep(told.entries)
    for source in ((), ("--archive",)):
        for which in ((), ("--model", "fees")):
            on_call("events record", "-o", str(tmp_path / "any.jsonl.gz"), *source, *which)
    asked = asked_by_me(recorder)
    assert {resource.rsplit("/", 1)[-1] for _, resource, _ in asked} >= {key[5:], "by-event"}
    assert [one for one in asked if not iam.allows(may_look, *one)] == []


def test_whoever_only_looks_changes_nothing(environment: Environment) -> None:
    reads = ("BatchGet", "Describe", "Filter", "Get", "List", "Lookup", "Query", "Receive")
    harmless = {"kms:Decrypt", "sqs:ChangeMessageVisibility"}
    actions = {
        action
        for grant in people.policies(environment)[people.LOOK].grants
        for action in grant.actions
    }
    assert {one for one in actions if not one.split(":")[1].startswith(reads)} == harmless
