"""Events that nobody should send: each is a dead letter with its reason, and changes nothing."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.deployer.domain.seen import Verdict
from services.journal import reading
from services.journal.archive import Archive
from services.journal.domain import in_order_of_causes
from services.journal.entrance import JournalEntrance
from services.journal.pages import KEY
from shared.contracts import aws
from shared.contracts.aws import EndpointChanged, Hint, ModelPackageChanged
from shared.contracts.envelope import Event
from shared.contracts.lifecycle import (
    EVENTS,
    DecisionRecorded,
    EndpointInService,
    ModelApproved,
    ModelRefused,
    ModelRegistered,
    RetrainRequested,
    TrainingCompleted,
)
from shared.contracts.names import Stage
from shared.messaging.concerned import Concerned
from shared.messaging.lambda_entry import Door
from tests.abuse.queues import ACCOUNT, Outcome, Taking, check_reason
from tests.contracts.test_lifecycle import on_the_bus
from tests.services.deployer import world as deployer
from tests.services.evaluator import world as evaluator
from tests.services.journal.world import MemoryBook, MemoryShelf
from tests.services.trainer import world as trainer

WISH = RetrainRequested(model="fees", reason="why not")
TRAINER_QUEUE = "modelcycle-dev-trainer"


def message(event: Event, top: Any = None, metadata: Any = None, data: Any = None) -> str:
    """Answer an event as a queue holds it, changed as told."""
    raw = {**on_the_bus(event), **(top or {})}
    if isinstance(raw["detail"], dict):
        raw["detail"]["metadata"] = {**raw["detail"]["metadata"], **(metadata or {})}
        raw["detail"]["data"] = {**raw["detail"]["data"], **(data or {})}
    return json.dumps(raw)


def spliced(text: str) -> str:
    """Answer a wish with a field more, which is written as no JSON library writes it."""
    return message(WISH).replace('"data": {', f'"data": {{"more": {text}, ')


def named(model: str) -> str:
    """Answer a wish about a model of that name."""
    return message(WISH, metadata={"subject": model}, data={"model": model})


def hint(kind: type[Hint], top: Any = None, **detail: Any) -> str:
    """Answer an AWS event."""
    raw = {
        "id": "hint-1",
        "source": aws.SOURCE,
        "detail-type": kind.aws_name,
        "account": ACCOUNT,
        "time": "2026-03-01T12:00:00Z",
        "resources": [],
        "detail": detail,
    }
    return json.dumps({**raw, **(top or {})})


class Declared:
    """One model is declared."""

    def models(self) -> tuple[str, ...]:
        return ("fees",)

    def models_of_series(self, series: str) -> tuple[str, ...]:
        return ("fees",)


class Trainer:
    """The real trainer behind the real door."""

    def __init__(self) -> None:
        self.loop, self.taking = trainer.Loop(), Taking(TRAINER_QUEUE)
        store = self.loop.bench.store
        self.loop.bench.concerned = Concerned("trainer", "dev", Declared(), store.keys)

    def take(self, *bodies: str) -> Outcome:
        worker, taking = self.loop.bench.worker(), self.taking
        return taking.take(Door(worker, taking.dead_letters, taking.notes), *bodies)

    @property
    def changed(self) -> object:
        """All that may be different afterwards."""
        bench = self.loop.bench
        return bench.store.items, bench.store.inbox, bench.bus.entries, self.loop.aws.calls


NEIGHBOURS = (
    message(WISH, metadata={"event_id": "before"}),
    message(WISH, metadata={"event_id": "after"}),
)
DEEP = "[" * 1_000 + "]" * 1_000
LONG = "x" * 10_000
NO_NAME = "lower-case letters, digits and single hyphens"

POISON = [
    pytest.param(message(WISH, {"detail-type": "Teleported"}), "no event of that", id="type"),
    pytest.param(message(WISH, {"detail-type": LONG}), "xxx", id="type-10000"),
    pytest.param(message(WISH, {"detail-type": "a\0b"}), r"a\x00b: no event", id="type-nul"),
    pytest.param(message(WISH, {"detail-type": None}), "no event of that", id="type-null"),
    pytest.param(message(WISH, {"detail-type": ["RetrainRequested"]}), "no event", id="type-list"),
    pytest.param(
        message(WISH, {"detail-type": f"RetrainRequested.v{'9' * 5_000}"}),
        "deploy the",
        id="v-5000",
    ),
    pytest.param(
        message(WISH, {"detail-type": "RetrainRequested.v9"}), "deploy the code", id="version"
    ),
    pytest.param(message(WISH, metadata={"schema_version": 9}), "schema version 9", id="schema"),
    pytest.param(message(WISH, {"source": "modelcycle.trainer"}), "only modelcycle", id="source"),
    pytest.param(message(WISH, {"source": "acme\nshop"}), r"acme\nshop", id="source-newline"),
    pytest.param(message(WISH, {"source": LONG}), "a stranger", id="source-10000"),
    pytest.param(message(WISH, {"account": "6" * 12}), f"ours is {ACCOUNT}", id="account"),
    pytest.param(hint(EndpointChanged, {"account": "6" * 12}), "account", id="hint-account"),
    pytest.param(message(WISH, metadata={"event_id": LONG}), "event_id: ", id="id-10000"),
    pytest.param(message(WISH, metadata={"event_id": ""}), "event_id: ", id="id-empty"),
    pytest.param(message(WISH, metadata={"causation_id": LONG}), "causation_id", id="cause-10000"),
    pytest.param(message(WISH, metadata={"correlation_id": LONG}), "correlation", id="trip-10000"),
    pytest.param(message(WISH, metadata={"actor": LONG}), "actor: ", id="actor-10000"),
    pytest.param(message(WISH, metadata={"subject": LONG}), "subject: ", id="subject-10000"),
    pytest.param(message(WISH, metadata={"subject": "blocks"}), "subject 'blocks'", id="subject"),
    pytest.param(named("../../fees"), NO_NAME, id="name-parent"),
    pytest.param(named("/fees"), NO_NAME, id="name-absolute"),
    pytest.param(named("fees\0"), NO_NAME, id="name-nul"),
    pytest.param(named("fees\n"), NO_NAME, id="name-newline"),
    pytest.param(named("\u202esmees"), "RIGHT-TO-LEFT OVERRIDE", id="name-right-to-left"),
    pytest.param(named("f\u0435\u0435s"), "CYRILLIC SMALL LETTER IE", id="name-homoglyph"),
    pytest.param(named("fees\u200b"), "ZERO WIDTH SPACE", id="name-zero-width"),
    pytest.param(named("inbox#fees#event-1"), NO_NAME, id="name-of-an-inbox"),
    pytest.param(named("lease#fees#1.0"), NO_NAME, id="name-of-a-lease"),
    pytest.param(named("m" * 25), "use 1 to 24", id="name-25"),
    pytest.param(named("series"), "is reserved", id="name-reserved"),
    pytest.param(named("\ud800"), "half of a character", id="name-surrogate"),
    pytest.param(spliced('"\\ud800"'), "half of a character", id="surrogate"),
    pytest.param(message(WISH, {"\udfff": 1}), "half of a character", id="key-surrogate"),
    pytest.param(spliced("NaN"), "not finite", id="nan"),
    pytest.param(spliced("-Infinity"), "not finite", id="infinity"),
    pytest.param(spliced("1e999"), "not finite", id="1e999"),
    pytest.param(spliced("9" * 5_000), "thousands of digits", id="5000-digits"),
    pytest.param(DEEP, "nested too deeply", id="deep"),
    pytest.param(spliced(DEEP), "nested too deeply", id="deep-inside"),
    pytest.param(spliced("[" * 300 + "]" * 300), "nested too deeply", id="deep-300"),
    pytest.param(spliced('1, "model": "blocks"'), "'model' is given twice", id="key-twice"),
    pytest.param(message(WISH)[:-1] + ', "source": "x"}', "'source' is given", id="source-twice"),
    pytest.param(message(WISH, {"detail": "{}"}), "detail must hold", id="detail-text"),
    pytest.param(
        message(WISH, {"detail": None}), "objects 'metadata' and 'data'", id="detail-null"
    ),
    pytest.param(
        json.dumps({**on_the_bus(WISH), "detail": {"metadata": [], "data": {}}}),
        "objects 'metadata' and 'data'",
        id="metadata-list",
    ),
    pytest.param(message(WISH, metadata={"occurred_at": "0001-01-01T00:00:00+14:00"}), "2000"),
    pytest.param(message(WISH, metadata={"occurred_at": "9999-12-31T23:59:59-14:00"}), "9000"),
    pytest.param(message(WISH, metadata={"occurred_at": 1e300}), "occurred_at", id="time-1e300"),
    pytest.param(
        message(WISH, metadata={"revision": {"number": 10**400, "index": 0}}),
        "revision.number",
        id="revision-401-digits",
    ),
    pytest.param(hint(aws.PipelineExecutionChanged), "pipelineExecutionArn", id="hint-empty"),
    pytest.param(
        hint(aws.PipelineExecutionChanged, {"id": LONG}, pipelineExecutionArn="arn"),
        "event_id",
        id="hint-id-10000",
    ),
    pytest.param(
        hint(aws.PipelineExecutionChanged, {"resources": [""]}, pipelineExecutionArn="arn"),
        "subject",
        id="hint-resources",
    ),
    pytest.param(
        hint(aws.PipelineExecutionChanged, {"time": None}, pipelineExecutionArn="arn"),
        "Execution Status Change",
        id="hint-time",
    ),
]


@pytest.mark.parametrize(("poison", "reason"), POISON)
def test_poison_is_a_dead_letter_with_its_reason_and_costs_its_neighbours_nothing(
    poison: str, reason: str
) -> None:
    tried, spared = Trainer(), Trainer()
    outcome = tried.take(NEIGHBOURS[0], poison, NEIGHBOURS[1])
    assert (outcome.back, outcome.bugs) == ([], [])
    assert [body for body, _ in outcome.letters] == [poison]
    check_reason(outcome.letters[0][1], reason)
    spared.take(*NEIGHBOURS)
    assert tried.changed == spared.changed


FOREIGN = [
    pytest.param(hint(EndpointChanged, EndpointName="mc-dev-fees-staging\n"), id="newline"),
    pytest.param(hint(EndpointChanged, {"detail-type": []}, EndpointName="x"), id="type-list"),
    pytest.param(
        hint(aws.PipelineExecutionChanged, {"resources": 7}, pipelineExecutionArn="arn:x"),
        id="resources-number",
    ),
    pytest.param(
        hint(
            aws.PipelineExecutionChanged,
            pipelineExecutionArn="arn:aws:sagemaker:eu-west-1:1:pipeline/x/execution/never",
            pipelineExecutionDisplayName="fees-r0123456789ab",
            currentPipelineExecutionStatus="Succeeded",
        ),
        id="completed-but-never-started",
    ),
    pytest.param(
        hint(
            aws.PipelineExecutionChanged,
            pipelineExecutionArn="arn",
            pipelineExecutionDisplayName="../fees-r0123456789ab",
        ),
        id="run-parent",
    ),
]


@pytest.mark.parametrize("body", FOREIGN)
def test_a_hint_about_nothing_of_ours_changes_nothing(body: str) -> None:
    tried, spared = Trainer(), Trainer()
    outcome = tried.take(NEIGHBOURS[0], body, NEIGHBOURS[1])
    letters = [body for body, _ in outcome.letters]
    assert (outcome.back, outcome.bugs) == ([], [])
    assert letters in ([], [body])  # the trainer does not hear of endpoints at all
    spared.take(*NEIGHBOURS)
    assert tried.changed == spared.changed


def test_an_execution_that_ended_but_was_never_started_is_not_asked_about() -> None:
    loop = trainer.Loop()
    loop.retrain()
    before = loop.state
    loop.hint(loop.running.replace("/execution/", "/execution/another-"))
    assert loop.state == before


def test_a_training_that_nobody_ran_is_refused_with_the_reason() -> None:
    loop = evaluator.Loop()
    loop.hear(TrainingCompleted.example())
    refused = loop.last(ModelRefused)
    assert "could not be judged" in refused.reasons[0]
    assert loop.aws.proposals == []


BLOCKS = "arn:aws:sagemaker:us-east-1:123456789012:model-package/mc-dev-blocks/7"


def approved_for_blocks() -> deployer.Loop:
    """Version 1 of fees waits; version 7 of another model, blocks, was approved by its people."""
    loop = deployer.Loop()
    loop.register(1)
    package = loop.aws.registered(7).changed(
        arn=BLOCKS, approval=Verdict.APPROVED, production=Verdict.APPROVED
    )
    loop.aws.packages[BLOCKS] = package
    return loop


@pytest.mark.parametrize("version", [1, 7])
def test_an_approval_of_another_models_version_deploys_nothing(version: int) -> None:
    loop = approved_for_blocks()
    before = loop.state
    loop.hear(ModelPackageChanged(package_arn=BLOCKS, group="mc-dev-fees", version=version))
    assert loop.state == before
    assert loop.aws.calls == []
    assert loop.said() == []


@pytest.mark.parametrize(
    ("arn", "version"), [(BLOCKS, 7), (deployer.arn(1), 7), ("arn:mc-dev-fees/7/../../7", 7)]
)
def test_a_registration_that_names_another_package_registers_nothing(
    arn: str, version: int
) -> None:
    loop = approved_for_blocks()
    loop.aws.rule_for = tuple(Stage)
    before = loop.state
    loop.hear(ModelRegistered.example().changed(version=version, package_arn=arn))
    assert loop.state == before
    assert loop.aws.packages[arn if arn in loop.aws.packages else BLOCKS].version in (1, 7)
    assert loop.aws.packages[deployer.arn(1)].approval is Verdict.PENDING
    assert loop.aws.calls == []


def test_a_fact_of_a_stage_that_does_not_exist_changes_nothing() -> None:
    tried, spared = Trainer(), Trainer()
    fact = message(EndpointInService.example(), data={"stage": "../production"})
    outcome = tried.take(fact, NEIGHBOURS[0])
    spared.take(NEIGHBOURS[0])
    assert (outcome.back, outcome.letters, outcome.bugs) == ([], [], [])
    assert tried.loop.state == spared.loop.state


def journal(*bodies: str) -> tuple[MemoryBook, Outcome]:
    """Hand a batch to the journal."""
    book, taking = MemoryBook(), Taking("modelcycle-dev-journal")
    shelf = MemoryShelf()
    archive = Archive(shelf)
    entrance = JournalEntrance(book, archive, taking.dead_letters, taking.notes)
    outcome = taking.take(entrance, *bodies)
    assert all(map(KEY.fullmatch, shelf.bodies)), "nobody but the journal names its objects"
    assert {entry.place for entry in archive.read()} == {one.place for one in book.entries.values()}
    return book, outcome


@pytest.mark.parametrize(("poison", "reason"), POISON)
def test_poison_is_no_part_of_the_story(poison: str, reason: str) -> None:
    book, outcome = journal(NEIGHBOURS[0], poison, NEIGHBOURS[1])
    assert (outcome.back, outcome.bugs) == ([], [])
    assert [entry.event_id for entry in book.entries.values()] == ["before", "after"]
    for _, why in outcome.letters:
        check_reason(why, reason)


NAMES = [
    "../../runs/x",
    "/etc/passwd",
    "a\0b",
    "journal/2026/03/01/x",
    "#",
    "~",
    "\u202e",
    "s" * 200,
]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_names_that_a_stranger_chose_are_kept_as_text_and_name_nothing(name: str) -> None:
    metadata = {"event_id": name, "causation_id": name, "subject": name}
    raw = message(DecisionRecorded.example(), metadata=metadata, data={"model": name})
    book, outcome = journal(NEIGHBOURS[0], raw, NEIGHBOURS[1])
    assert outcome == Outcome([], [], [])
    told = reading.show_event(book, name)
    assert told
    assert (told.event_id, told.subject) == (name, name)
    assert reading.list_events(book, name) == reading.of_decision(book, told) == (told,)


LOOPS = [
    pytest.param({"a": "a"}, id="its-own-cause"),
    pytest.param({"a": "b", "b": "a"}, id="of-two"),
    pytest.param({"a": "b", "b": "c", "c": "a", "d": "b"}, id="of-three-and-one-behind"),
    pytest.param({str(n): str((n + 1) % 2_000) for n in range(2_000)}, id="of-2000"),
]


@pytest.mark.parametrize("causes", LOOPS)
def test_causes_that_loop_are_all_told_once(causes: dict[str, str]) -> None:
    bodies = [
        message(ModelApproved.example(), metadata={"event_id": one, "causation_id": cause})
        for one, cause in causes.items()
    ]
    book, outcome = journal(*bodies)
    told = in_order_of_causes(book.entries.values())
    assert outcome.letters == []
    assert sorted(entry.event_id for entry in told) == sorted(causes)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()))
    | st.sampled_from(["../", "\0", "fees", "staging", "1e999", LONG]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
PLACES = ["detail", "account", "resources", "time", "id", "source", "detail-type", "replay-name"]


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """Answer an event of ours, or a hint, with something else in one or two places."""
    ours = st.sampled_from([*EVENTS.values()]).map(lambda event: on_the_bus(event.example()))
    hints = st.sampled_from(aws.IN_ORDER).map(lambda kind: json.loads(hint(kind)))
    raw: dict[str, Any] = json.loads(json.dumps(draw(ours | hints)))
    for _ in range(draw(st.integers(1, 2))):
        detail = raw["detail"] if isinstance(raw.get("detail"), dict) else {}
        objects = [raw, *(part for part in detail.values() if isinstance(part, dict))]
        inside = draw(st.sampled_from(objects))
        inside[draw(st.sampled_from([*inside, *PLACES]))] = draw(JSON)
    return json.dumps(raw)


@settings(max_examples=300, deadline=None)
@given(mutated() | st.text())
def test_whatever_comes_is_handled_or_a_dead_letter_with_a_reason(body: str) -> None:
    for outcome in (Trainer().take(body), journal(body)[1]):
        assert (outcome.back, outcome.bugs) == ([], [])
        for _, why in outcome.letters:
            check_reason(why)
