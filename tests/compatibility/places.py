"""Every service in a small world that stands still: what its handlers see besides the event."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from services.deployer.domain.seen import Endpoint, Serving
from services.deployer.domain.state import Deployments
from services.deployer.handlers import HANDLERS as DEPLOYER
from services.evaluator.domain.state import Evaluations
from services.evaluator.handlers import HANDLERS as EVALUATOR
from services.monitor.domain.state import Watch
from services.monitor.handlers import HANDLERS as MONITOR
from services.trainer.domain.state import Trainings
from services.trainer.handlers import HANDLERS as TRAINER
from shared.contracts import names
from shared.contracts.envelope import Event
from shared.contracts.frozen import Frozen
from shared.contracts.names import Stage
from shared.contracts.specs import Gate
from shared.messaging.worker import Handler
from tests.fakes.messaging import START
from tests.services.deployer import world as deployer
from tests.services.evaluator import world as evaluator
from tests.services.monitor import world as monitor
from tests.services.trainer import world as trainer

ENV, MODEL, SERIES = "dev", "fees", "transactions"
SAID, NOW = START + timedelta(days=1), START + timedelta(days=1, minutes=5)
THRESHOLD = evaluator.WORLD.changed(
    gate=Gate(threshold=0.5, update_rate=0.5, headroom=0.1, min_points=8)
)


@dataclass(frozen=True)
class Place:
    """One service, and where it looks when its aggregate is in some state."""

    handlers: Mapping[type[Event], Handler]
    state: type[Frozen]
    initial: Callable[[str], Frozen]
    look: Callable[[Any], Any]


class Directory:
    """One model, and the series that it reads."""

    def models(self) -> tuple[str, ...]:
        return (MODEL,)

    def models_of_series(self, series: str) -> tuple[str, ...]:
        return (MODEL,) if series == SERIES else ()


def deployer_look(state: Deployments) -> deployer.SageMaker:
    """SageMaker as the deployer left it: what is live serves, and nothing is under way."""
    aws = deployer.SageMaker()
    for stage, of_stage in state.stages.items():
        if live := of_stage.live:
            name = names.endpoint(ENV, MODEL, Stage(stage))
            aws.endpoints[name] = Endpoint(
                name=name, status=Serving.READY, config=live.config, modified_at=START
            )
    return aws


def evaluator_look(state: Evaluations) -> evaluator.Declarations:
    """The threshold that is declared in the recorded states."""
    people = evaluator.Declarations()
    people.seen = THRESHOLD
    return people


def trainer_look(state: Trainings) -> trainer.Aws:
    """Plenty of history, and no run that SageMaker knows."""
    return trainer.Aws()


def monitor_look(state: Watch) -> monitor.Aws:
    """Some hours of windows."""
    aws = monitor.Loop().aws
    aws.versions[3] = monitor.known(run_id="fees-r0123456789ab")
    return aws


PLACES: Mapping[str, Place] = {
    "trainer": Place(TRAINER, Trainings, lambda key: Trainings(env=ENV, model=key), trainer_look),
    "evaluator": Place(
        EVALUATOR, Evaluations, lambda key: Evaluations(env=ENV, model=key), evaluator_look
    ),
    "deployer": Place(
        DEPLOYER, Deployments, lambda key: Deployments(env=ENV, model=key), deployer_look
    ),
    "monitor": Place(MONITOR, Watch, lambda key: Watch(env=ENV, key=key), monitor_look),
}
