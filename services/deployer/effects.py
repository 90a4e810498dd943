"""One function per action: do it, return what happened. Safe to repeat until the outcome is
stored."""

from datetime import datetime

from services.deployer.domain import rollouts, serving, smoke
from services.deployer.domain.actions import (
    CleanUp,
    DeleteEndpoint,
    OfferPromotion,
    RollOut,
    SmokeTest,
    WriteExpiry,
    WriteRuleVerdict,
)
from services.deployer.domain.outcomes import (
    DIGEST_DIFFERS,
    NOT_APPROVED,
    OVERTAKEN,
    STUCK,
    UNFIT,
    Done,
    RolloutBegun,
    Skipped,
    SmokeFailed,
    SmokePassed,
)
from services.deployer.domain.seen import Endpoint, Package, Serving, Verdict
from services.deployer.domain.serving import BROKEN
from services.deployer.domain.state import Deployments
from services.deployer.ports import Ports
from shared.contracts import algorithms, names
from shared.contracts.lifecycle.deployment import ROLLBACK
from shared.messaging.decision import Action, Decision, Effect
from shared.messaging.errors import Refused, Retryable

DEDICATED = "\ndedicated"  # beside the digest: serverless endpoints bear no isolated model


def roll_out(action: RollOut, ports: Ports) -> RolloutBegun:
    """Put an approved version on its endpoint: one intent, the call without a token last.

    Where the call worked and only its answer was lost, the roll-out has begun, whatever people said
    since: what has to leave the endpoint is taken away as what serves there.
    """
    if is_at_it(action, ports.endpoints.describe(action.endpoint)):
        return RolloutBegun()
    package = still_approved(action, ports)
    registration = package.registration
    content = registration.artifact_sha256 + (DEDICATED if action.on_instances else "")
    model_name = names.sagemaker_model(ports.env, action.model, action.version, content)
    ports.endpoints.ensure_model(model_name, package, action.on_instances)
    instance = algorithms.find(registration.algorithm).instances.endpoint
    ports.endpoints.ensure_config(
        action.config, model_name, instance if action.on_instances else None
    )
    seen = ports.endpoints.describe(action.endpoint)
    if seen is None and action.strategy == ROLLBACK:
        raise Refused(OVERTAKEN, f"{action.endpoint} was deleted meanwhile: nothing to go back on")
    if seen is None:
        ports.endpoints.create(action.endpoint, action.config)
        return RolloutBegun()
    if is_at_it(action, seen):
        return RolloutBegun()
    if seen.status is Serving.STUCK:
        raise Refused(STUCK, f"a person has to look at {action.endpoint}: it takes no update")
    if seen.status in BROKEN:
        raise Refused(UNFIT, f"{action.endpoint} is {seen.status}: it will never take an update")
    if not seen.is_settled:
        raise Retryable(f"{action.endpoint} is {seen.status}: it takes no update now")
    if seen.modified_at != action.fence:
        raise Refused(OVERTAKEN, f"{seen.config} was put on {action.endpoint} meanwhile")
    ports.endpoints.update(action.endpoint, action.config, action.strategy, action.bake_s)
    return RolloutBegun()


def is_at_it(action: RollOut, seen: Endpoint | None) -> bool:
    """Tell whether an endpoint serves, or moves to, what this action put there."""
    return seen is not None and action.config in (seen.config, seen.pending_config)


def still_approved(action: RollOut, ports: Ports) -> Package:
    """Look again, right before the call: days may have passed in the queue.

    Raises
    ------
    Refused
        If the version is not approved any more, or is not what was approved.
    """
    package = ports.registry.package(action.package_arn)
    if package is None or package.approval is not Verdict.APPROVED:
        raise Refused(NOT_APPROVED, f"v{action.version} is not approved any more")
    if action.for_production and package.production is not Verdict.APPROVED:
        raise Refused(NOT_APPROVED, f"v{action.version} is not approved for production any more")
    found = ports.artifacts.sha256(package.artifact_uri)
    if {found, package.registration.artifact_sha256} != {action.artifact_sha256}:
        raise Refused(DIGEST_DIFFERS, f"{package.artifact_uri} is not what was approved")
    return package


def smoke_test(action: SmokeTest, ports: Ports) -> SmokePassed | SmokeFailed:
    """Send the backtest's last window to staging and compare with the batch forecast."""
    world = ports.look.world(action.model)
    try:
        share, tolerance, evidence = compared(action, ports)
    except (Refused, ValueError) as error:  # no answer, or something that cannot be read
        return SmokeFailed(reason=str(error), world=world)
    if share > tolerance:
        return SmokeFailed(reason=evidence, world=world)
    return SmokePassed(evidence=evidence, world=world)


def compared(action: SmokeTest, ports: Ports) -> tuple[float, float, str]:
    """Answer how far staging is from the batch forecast, how far it may be, and both in words.

    Raises
    ------
    Refused, ValueError
        If they cannot be compared.
    """
    package = ports.registry.package(action.package_arn)
    if package is None:
        raise Refused(NOT_APPROVED, f"v{action.version} is gone from the registry")
    registration = package.registration
    manifest = ports.artifacts.manifest(registration.manifest_uri, registration.manifest_sha256)
    window = ports.artifacts.last_window(registration.manifest_uri, manifest)
    expected = ports.artifacts.last_forecast(registration.forecasts_uri)
    answered = ports.endpoints.forecast(action.endpoint, window, tuple(expected))
    share = smoke.difference(answered, expected)
    tolerance = algorithms.find(registration.algorithm).smoke_tolerance
    evidence = (
        f"smoke test: {manifest.horizon} steps × {len(expected)} quantiles differ by "
        f"{share:.1%} from the batch forecast, {tolerance:.0%} are allowed"
    )
    return share, tolerance, evidence


def offer_promotion(action: OfferPromotion, ports: Ports) -> Done | Skipped:
    """Show in the registry that the version may go to production."""
    return Done() if ports.registry.offer(action.package_arn, action.evidence) else Skipped()


def write_rule_verdict(action: WriteRuleVerdict, ports: Ports) -> Done:
    """Approve in the registry; the registry's event then does the rest, as after a person."""
    ports.registry.approve(action.package_arn, action.stage, action.note)
    return Done()


def write_expiry(action: WriteExpiry, ports: Ports) -> Done:
    """Decline in the registry what nobody decided upon."""
    ports.registry.decline(action.package_arn, action.stage, action.note)
    return Done()


def delete_endpoint(action: DeleteEndpoint, ports: Ports) -> Done | Skipped:
    """Delete an endpoint, if it still has the configuration that has to go."""
    seen = ports.endpoints.describe(action.endpoint)
    if seen is None or seen.config != action.config:
        return Skipped()
    if seen.status is Serving.CHANGING:
        raise Retryable(f"{action.endpoint} is changing: it cannot be deleted now")
    ports.endpoints.delete(action.endpoint)
    return Done()


def clean_up(action: CleanUp, ports: Ports) -> Done:
    """Delete what is kept no longer."""
    for config in action.configs:
        ports.endpoints.delete_config(config)
        owned = names.read_endpoint_config(config)
        if owned and owned.version in action.versions:
            ports.endpoints.delete_model(owned.model, owned.version)
    return Done()


def nothing_follows(
    state: Deployments, action: Action, happened: Done | Skipped | Refused, now: datetime
) -> Decision[Deployments]:
    """Note the outcome; AWS's own event tells the rest."""
    said = str(happened) if isinstance(happened, Refused) else type(happened).__name__.lower()
    return Decision(state, f"{type(action).__name__}: {said}")


EFFECTS: dict[type[Action], Effect] = {
    RollOut: Effect(do=roll_out, then=rollouts.answered, exclusive=True),
    SmokeTest: Effect(do=smoke_test, then=smoke.tested),
    OfferPromotion: Effect(do=offer_promotion, then=smoke.offered),
    WriteRuleVerdict: Effect(do=write_rule_verdict, then=nothing_follows),
    WriteExpiry: Effect(do=write_expiry, then=nothing_follows),
    DeleteEndpoint: Effect(do=delete_endpoint, then=serving.deleted),
    CleanUp: Effect(do=clean_up, then=nothing_follows),
}
