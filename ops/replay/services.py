"""The services whose decisions can be replayed.

Ingest is not among them: its windows are written beside the aggregate, batch by batch, so that the
records of its decisions do not tell all that they rest on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from services.deployer import ports as deployer
from services.deployer.domain.state import Deployments
from services.deployer.effects import EFFECTS as DEPLOYER_EFFECTS
from services.deployer.handlers import HANDLERS as DEPLOYER_HANDLERS
from services.evaluator import ports as evaluator
from services.evaluator.domain.state import Evaluations
from services.evaluator.effects import EFFECTS as EVALUATOR_EFFECTS
from services.evaluator.handlers import HANDLERS as EVALUATOR_HANDLERS
from services.monitor import ports as monitor
from services.monitor.domain.state import Watch
from services.monitor.effects import EFFECTS as MONITOR_EFFECTS
from services.monitor.handlers import HANDLERS as MONITOR_HANDLERS
from services.trainer import ports as trainer
from services.trainer.domain.state import Trainings
from services.trainer.effects import EFFECTS as TRAINER_EFFECTS
from services.trainer.handlers import HANDLERS as TRAINER_HANDLERS
from shared.contracts.envelope import Event
from shared.contracts.frozen import Frozen
from shared.messaging.decision import Action, Effect
from shared.messaging.worker import Handler


@dataclass(frozen=True)
class Replayable:
    """What a service decides with.

    Parameters
    ----------
    look : type
        The Protocol whose methods say of which type an answer is.
    initial : Callable
        ``(environment, key) -> state`` of an aggregate that was never committed.
    sees_its_work : bool
        Whether it looks at what its own actions have made: where they would not have been done,
        what was seen then tells nothing.
    """

    handlers: Mapping[type[Event], Handler]
    effects: Mapping[type[Action], Effect]
    look: type
    initial: Callable[[str, str], Frozen]
    sees_its_work: bool = False


SERVICES: Mapping[str, Replayable] = MappingProxyType(
    {
        "trainer": Replayable(
            TRAINER_HANDLERS,
            TRAINER_EFFECTS,
            trainer.Look,
            lambda env, key: Trainings(env=env, model=key),
        ),
        "evaluator": Replayable(
            EVALUATOR_HANDLERS,
            EVALUATOR_EFFECTS,
            evaluator.Look,
            lambda env, key: Evaluations(env=env, model=key),
        ),
        "deployer": Replayable(
            DEPLOYER_HANDLERS,
            DEPLOYER_EFFECTS,
            deployer.Look,
            lambda env, key: Deployments(env=env, model=key),
            sees_its_work=True,
        ),
        "monitor": Replayable(
            MONITOR_HANDLERS,
            MONITOR_EFFECTS,
            monitor.Look,
            lambda env, key: Watch(env=env, key=key),
        ),
    }
)
