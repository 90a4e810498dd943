"""The projection: a model's events folded into what is known of it at a moment.

    life = Life.begin("fees")
    for entry in entries:
        life.hear(entry)

Entries may come in any order, and more than once: the outcome is the same, for each fact is put
where the aggregate that said it has it. What is known at an earlier moment is the fold of the
entries until then. Records of decisions, and whatever is about others, change nothing.

=================================  ===========================================
asked                              answers
=================================  ===========================================
`serving.stays`, `serving.coming`  what served a stage, and what is on its way
`versions.version`                 what was said of a version, and how it ended
`limit.in_force`                   the absolute limit, who set it and why
`as_of.standing`                   all of that, and what waits or is open
=================================  ===========================================
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

from services.journal.domain import Entry
from services.journal.questions.facts import Facts, Row, read_fact
from shared.contracts import lifecycle as said
from shared.contracts.envelope import Event
from shared.contracts.names import Stage


class Life:
    """All that is known of a model; `hear` is the only way to change it."""

    def __init__(self, model: str) -> None:
        self.model = model
        self.stages: defaultdict[str, Facts] = defaultdict(Facts)
        """What the deployer said of a stage."""
        self.versions: defaultdict[int, Facts] = defaultdict(Facts)
        """What the deployer said of a version."""
        self.registered: defaultdict[int, Facts] = defaultdict(Facts)
        """What the evaluator said of a version."""
        self.trainings: defaultdict[str, Facts] = defaultdict(Facts)
        """What the trainer said of a run."""
        self.judged: defaultdict[str, Facts] = defaultdict(Facts)
        """What the evaluator said of a run."""
        self.limits = Facts()
        self.degradations = Facts()
        self.faults: defaultdict[str, Facts] = defaultdict(Facts)
        """What the monitor said of the data, by kind of fault."""
        self.measured: defaultdict[int, Row] = defaultdict(lambda: Row(is_good))
        """Verdicts on a version in production, from its latest good one."""
        self.governed = Facts()
        """What the trainer's governor said: runs, and noes."""
        self.unknown: set[str] = set()
        """Kinds of events that this code cannot read: a later one said them."""

    @classmethod
    def begin(cls, model: str) -> Self:
        """Begin with nothing known."""
        return cls(model)

    def hear(self, entry: Entry) -> None:
        """Take one entry of the journal in."""
        if entry.subject != self.model:
            return
        row = ROWS.get(entry.detail_type)
        if row is None:
            if entry.detail_type not in said.EVENTS:
                self.unknown.add(entry.detail_type)
            return
        event_class, places = row
        fact = read_fact(entry, event_class)
        if fact is None:
            self.unknown.add(entry.detail_type)
            return
        for facts in places(self, fact.said):
            facts.add(fact)


def lived(model: str, entries: Iterable[Entry]) -> Life:
    """Fold entries into a model's life."""
    life = Life.begin(model)
    for entry in entries:
        life.hear(entry)
    return life


def is_good(event: Event) -> bool:
    """Tell whether a verdict ends a row of breaches."""
    return isinstance(event, said.AccuracyMeasured) and not event.breached


Places = Callable[[Life, Any], tuple[Facts, ...]]


def of_version(life: Life, event: Any) -> tuple[Facts, ...]:
    """What the deployer says of a version alone."""
    return (life.versions[event.version],)


def of_stage(life: Life, event: Any) -> tuple[Facts, ...]:
    """What the deployer says of a version in a stage."""
    return (life.versions[event.version], life.stages[event.stage])


def of_run(life: Life, event: Any) -> tuple[Facts, ...]:
    """What the trainer says of a run."""
    return (life.trainings[event.run_id],)


def of_judgement(life: Life, event: Any) -> tuple[Facts, ...]:
    """What the evaluator says of a run."""
    return (life.judged[event.run_id],)


PLACES: Mapping[type[Event], Places] = {
    said.TrainingStarted: lambda life, event: (life.trainings[event.run_id], life.governed),
    said.TrainingSuppressed: lambda life, _: (life.governed,),
    said.TrainingCompleted: of_run,
    said.TrainingFailed: of_run,
    said.ModelEvaluated: of_judgement,
    said.ModelRefused: of_judgement,
    said.ModelRegistered: lambda life, event: (
        life.judged[event.run_id],
        life.registered[event.version],
    ),
    said.LimitSet: lambda life, _: (life.limits,),
    said.LimitTightened: lambda life, _: (life.limits,),
    said.LimitRestored: lambda life, _: (life.limits,),
    said.ModelApproved: of_version,
    said.ModelDeclined: of_version,
    said.ApprovalRevoked: of_version,
    said.PromotionRequested: of_version,
    said.PromotionApproved: of_version,
    said.PromotionDeclined: of_version,
    said.DeploymentStarted: of_stage,
    said.EndpointInService: of_stage,
    said.DeploymentFailed: of_stage,
    said.DeploymentRolledBack: of_stage,
    said.DeploymentSuperseded: of_stage,
    said.AccuracyMeasured: lambda life, event: (
        (life.measured[event.version],) if event.stage == Stage.PRODUCTION else ()
    ),
    said.AccuracyDegraded: lambda life, _: (life.degradations,),
    said.AccuracyRecovered: lambda life, _: (life.degradations,),
    said.DataFaultDetected: lambda life, event: (life.faults[event.kind],),
    said.DataFaultCleared: lambda life, event: (life.faults[event.kind],),
}
"""Where facts are put; what is not here changes nothing."""

ROWS = {kind.detail_type(): (kind, places) for kind, places in PLACES.items()}
