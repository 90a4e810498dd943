"""What the journal answers afterwards is what was: at every event of a run, as SageMaker saw it."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from infra.local.stack import LocalStack
from ops.cli.errors import ExitCode
from ops.cli.main import main
from services.journal import domain
from services.journal.aws import DynamoBook
from services.journal.domain import Entry
from services.journal.questions import as_of, lineage, versions
from services.journal.questions.as_of import OfStage
from services.journal.questions.life import Life
from services.journal.questions.lineage import Lineage
from services.journal.questions.versions import VersionLife
from shared.contracts import names
from shared.contracts.lifecycle import ModelRegistered
from tests.flow.local_aws import local_aws, wait_for
from tests.flow.typing_in import import_history, run, simulated, write
from tests.flow.witness import Said, Served, Witness, said

pytestmark = pytest.mark.flow

MODEL = "asked"
START = datetime(2026, 3, 1, tzinfo=UTC)
WINDOW = timedelta(minutes=5)
MOMENT = timedelta(seconds=1)
"""In which a service looks at what it has just been told."""
SPEC: dict[str, Any] = {
    "model": MODEL,
    "series": "history",
    "target": "mean",
    "frequency": "5m",
    "horizon": 6,
    "quantiles": [0.1, 0.5, 0.9],
    "backtest": {"origins": 10, "stride": 6},
    "gate": {"limit_ratio": 3.0},
    "hyperparameters": {"num_boost_round": 10},
    "training": {"min_points": 800},
}


class Checkpoint(NamedTuple):
    """A moment at which all was quiet, and what SageMaker answered then."""

    at: datetime
    events: frozenset[str]
    """All that the journal had of the model."""
    serves: dict[str, str | None]
    """The configuration in each stage."""
    verdicts: dict[int, Said]


class Run(NamedTuple):
    """A run of the loop, as the journal and as SageMaker tell it."""

    entries: Sequence[Entry]
    """Of the model, and of its series."""
    witness: Witness
    checkpoints: Sequence[Checkpoint]
    packages: dict[int, Any]
    digests: dict[str, str]
    """sha256 of every object that a link names."""
    verified: dict[int, Any]
    """What `lineage --verify` said of each version."""
    asked: Sequence[dict[str, str | None]]
    """The configuration in each stage that `as-of` tells of each checkpoint, later."""
    tampered: tuple[int, list[str]]
    """Its exit code and words when the artifact was overwritten and the evaluation gone."""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("run")
    with local_aws(folder / "aws") as stack, pytest.MonkeyPatch.context() as environment:
        for name, value in stack.environment("operator.alice").items():
            environment.setenv(name, value)
        witness = Witness(stack, MODEL)
        import_history(folder, simulated(START, 3 * 288))
        checkpoints = [checkpoint(stack, witness) for act in acts(folder, witness) if act() is None]
        entries = journaled(stack)
        witness.listen()
        return Run(
            entries=entries,
            witness=witness,
            checkpoints=checkpoints,
            packages=witness.packages(),
            digests=digests(stack, entries),
            verified={number: verify(number) for number in witness.packages()},
            asked=[ask(point.at) for point in checkpoints],
            tampered=tampered(stack, witness.packages()[2]),
        )


def acts(folder: Path, witness: Witness) -> list[Callable[[], None]]:
    """Answer what a person does, one thing after the other: the first version goes to production,
    the second takes its place, is rolled back and asked for in vain, the third is declined, the
    first is revoked."""

    def registered(number: int) -> None:
        wait_for(f"v{number}", lambda: number in witness.packages())

    def begin() -> None:
        run("models", "apply", write(folder / "asked.yaml", SPEC))
        registered(1)

    def again(number: int) -> Callable[[], None]:
        def act() -> None:
            run("retrain", MODEL, "--reason", f"v{number} is wanted")
            registered(number)

        return act

    def typed(*words: object) -> Callable[[], None]:
        return lambda: None if run(*words) else None

    def refused(because: str, *words: object) -> Callable[[], None]:
        def act() -> None:
            done = CliRunner().invoke(main, list(map(str, words)))
            assert (done.exit_code, because in done.stderr) == (ExitCode.STATE, True), done.output

        return act

    return [
        begin,
        typed("approve", MODEL, 1, "--note", "fine"),
        typed("promote", MODEL, 1, "--note", "go"),
        again(2),
        typed("approve", MODEL, 2),
        typed("promote", MODEL, 2),
        typed("rollback", MODEL, "--stage", "production", "--reason", "it looks odd"),
        refused(
            "v2 may not serve", "deploy", MODEL, 2, "--stage", "production", "--reason", "back"
        ),
        refused("nothing that", "rollback", MODEL, "--stage", "production", "--reason", "odd"),
        again(3),
        typed("decline", MODEL, 3, "--note", "no need"),
        typed("decline", MODEL, 1, "--revoke", "--note", "it lies"),
    ]


def checkpoint(stack: LocalStack, witness: Witness) -> Checkpoint:
    """Wait until all is quiet, and ask SageMaker."""
    stack.wait_until_quiet(60)
    verdicts = {number: said(one) for number, one in witness.packages().items()}
    known = frozenset(one.event_id for one in journaled(stack) if one.subject == MODEL)
    return Checkpoint(datetime.now(UTC), known, witness.now(), verdicts)


def journaled(stack: LocalStack) -> tuple[Entry, ...]:
    """Read the whole journal."""
    book = DynamoBook(stack.client("dynamodb"), names.table("dev", "journal"))
    return domain.in_order_of_causes(book.latest(None, "0", "~", 10_000))


def digests(stack: LocalStack, entries: Sequence[Entry]) -> dict[str, str]:
    """Answer what S3 has under each address that a lineage names."""
    s3, life = stack.client("s3"), Life.begin(MODEL)
    for entry in entries:
        life.hear(entry)
    found = {}
    for number in versions.numbers(life):
        for link in lineage.lineage(life, number).links:
            if link.blob:
                bucket, _, key = link.blob.uri.removeprefix("s3://").partition("/")
                body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
                found[link.blob.uri] = hashlib.sha256(body).hexdigest()
    return found


def verify(number: int) -> Any:
    """Ask the command line, which compares with everything that it can reach."""
    return json.loads(run("lineage", MODEL, number, "--verify", "--json"))


def ask(at: datetime) -> dict[str, str | None]:
    """Ask the command line what served at a moment."""
    stages = json.loads(run("as-of", at.isoformat(), MODEL, "--json"))["stages"]
    return {stage: one["stay"] and one["stay"]["endpoint_config"] for stage, one in stages.items()}


def tampered(stack: LocalStack, package: Any) -> tuple[int, list[str]]:
    """Overwrite the artifact of a version and take its evaluation away; ask what holds."""
    s3 = stack.client("s3")
    (container,) = package["InferenceSpecification"]["Containers"]
    bucket, _, key = container["ModelDataUrl"].removeprefix("s3://").partition("/")
    s3.put_object(Bucket=bucket, Key=key, Body=b"something else")
    evaluation = package["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"]
    s3.delete_object(Bucket=bucket, Key=evaluation.removeprefix(f"s3://{bucket}/"))
    done = CliRunner().invoke(main, ["lineage", MODEL, "2", "--verify"])
    return done.exit_code, done.stderr.splitlines()


def of_model(recorded: Run) -> list[Entry]:
    return [one for one in recorded.entries if one.subject == MODEL]


def test_what_was_live_at_every_event_is_what_sagemaker_served_then(recorded: Run) -> None:
    life = Life.begin(MODEL)
    for entry in of_model(recorded):
        life.hear(entry)
        seen = as_of.standing(life, entry.occurred_at)
        for stage, of_stage in seen.stages.items():
            agrees(of_stage, recorded.witness, stage, entry)
            on_its_way(of_stage, recorded.witness, stage, entry)
    production = [one.config for one in recorded.witness.served["production"] if one.config]
    assert len(dict.fromkeys(production)) == 3  # v1, v2, and v1 that came back


def agrees(of_stage: OfStage, witness: Witness, stage: str, entry: Entry) -> None:
    """Hold what is said to serve against SageMaker: the news of an end are on their way, or those
    of a beginning that a service saw while it was being told."""
    told = of_stage.stay.endpoint_config if of_stage.stay else None
    at = entry.occurred_at
    truth, after = witness.at(stage, at), witness.next(stage, at)
    is_the_same = told == truth.config
    is_news = of_stage.coming is not None and of_stage.coming.endpoint_config == truth.config
    is_going = told is None and after is not None and after.config is None
    is_early = after is not None and after.config == told and after.at - at < MOMENT
    is_gone = truth.config is None and told is not None and at - truth.at < MOMENT
    assert is_the_same or is_news or is_going or is_early or is_gone, (
        f"{entry.detail_type} at {at}: {stage} serves {told}, SageMaker {truth}, then {after}"
    )


def on_its_way(of_stage: OfStage, witness: Witness, stage: str, entry: Entry) -> None:
    """Hold what is said to roll out against SageMaker: it does, it has just ended, or SageMaker,
    who says that it updates before it says to what, is about to name it."""
    if of_stage.coming is None:
        return
    told, at = of_stage.coming.endpoint_config, entry.occurred_at
    truth, after = witness.at(stage, at), witness.next(stage, at)
    soon = after.pending if after and after.at - at < MOMENT else None
    assert told in (truth.pending, truth.config, soon), f"{stage}: {told} is not coming: {truth}"


def test_verdicts_at_every_event_are_those_of_the_registry(recorded: Run) -> None:
    life = Life.begin(MODEL)
    reached: defaultdict[int, int] = defaultdict(int)
    for entry in of_model(recorded):
        life.hear(entry)
        for one in versions.versions(life):
            known = recorded.witness.verdicts(one.version, entry.occurred_at)
            told = verdicts(one)
            assert told in known, f"v{one.version} at {entry.occurred_at}: {told}, not {known}"
            assert known.index(told) >= reached[one.version]  # and nothing is taken back
            reached[one.version] = known.index(told)


def test_where_all_was_quiet_the_answers_are_those_of_describe(recorded: Run) -> None:
    assert len(recorded.checkpoints) == 12
    for point in recorded.checkpoints:
        life = known_from(recorded, point.events)
        seen = as_of.standing(life, datetime.now(UTC))
        serves = {
            stage: one.stay.endpoint_config if one.stay else None
            for stage, one in seen.stages.items()
        }
        assert serves == point.serves
        assert [one.coming for one in seen.stages.values()] == [None, None]
        told = {one.version: verdicts(one) for one in versions.versions(life)}
        assert told == point.verdicts
        waiting = {number for number, one in point.verdicts.items() if "waiting" in one}
        assert {one.version for one in seen.waiting} == waiting
    assert recorded.asked == [point.serves for point in recorded.checkpoints]
    last = recorded.checkpoints[-1]
    assert last.serves["production"] is None
    assert last.verdicts[1].approval == "declined"


def known_from(recorded: Run, events: frozenset[str]) -> Life:
    """Fold some of the events, heard the wrong way round."""
    life = Life.begin(MODEL)
    for entry in reversed(recorded.entries):
        if entry.event_id in events:
            life.hear(entry)
    return life


def verdicts(one: VersionLife) -> Said:
    """Answer what is told to have been said of a version."""
    return Said(one.approval.value, one.production.value if one.production else None)


def test_lineage_at_every_event_leads_to_what_registry_storage_and_endpoints_have(
    recorded: Run,
) -> None:
    life, heard = Life.begin(MODEL), []
    for entry in recorded.entries:
        heard.append(entry)
        life.hear(entry)
        if entry.subject != MODEL:
            continue
        for number in versions.numbers(life):
            told = lineage.lineage(life, number, heard, WINDOW)
            leads_to_what_there_is(told, recorded, entry)


def leads_to_what_there_is(told: Lineage, recorded: Run, entry: Entry) -> None:
    """Compare the links of a version with what SageMaker and S3 say."""
    package = recorded.packages[told.version]
    (container,) = package["InferenceSpecification"]["Containers"]
    links = {link.name: link for link in told.links}
    assert told.gaps == ()
    assert links["registration"].keys["package_arn"] == package["ModelPackageArn"]
    assert links["run"].keys["run_id"] == package["CustomerMetadataProperties"]["run_id"]
    assert links["image"].what == container["Image"]
    assert links["artifact"].what == container["ModelDataUrl"]
    for link in told.links:
        if link.blob:
            assert recorded.digests[link.blob.uri] == link.blob.sha256
    for stage in ("staging", "production"):
        came = [
            link.keys["endpoint_config"] for link in told.links if link.keys.get("stage") == stage
        ]
        truth = arrivals(recorded.witness.served[stage], told.version, entry.occurred_at + MOMENT)
        assert came == truth[: len(came)]
        assert len(truth) - len(came) <= 1  # the news of one arrival may be on its way


def arrivals(served: Sequence[Served], version: int, until: datetime) -> list[str]:
    """Name the configurations of a version that came into service, in order."""
    configs = dict.fromkeys(one.config for one in served if one.config and one.at <= until)
    owned = {config: names.read_endpoint_config(config) for config in configs}
    return [config for config, one in owned.items() if one and one.version == version]


def test_a_whole_lineage_holds_when_it_is_compared_with_what_is_there(recorded: Run) -> None:
    assert len(recorded.verified) == 3
    registered = ModelRegistered.detail_type()
    assert sum(one.detail_type == registered for one in recorded.entries) == 3
    for answer in recorded.verified.values():
        assert answer["complete"]
        verified = {link["name"]: link["verified"] for link in answer["links"]}
        for name in ("windows", "dataset", "run", "image", "artifact", "evaluation"):
            assert verified[name] is True
        assert verified["registration"] is True
        assert False not in verified.values()


def test_what_was_tampered_with_is_named(recorded: Run) -> None:
    code, said = recorded.tampered
    assert code == 1
    artifact, evaluation = said
    assert artifact.startswith("artifact: s3://")
    assert artifact.endswith(hashlib.sha256(b"something else").hexdigest())
    assert evaluation == "evaluation: it is not there any more"
