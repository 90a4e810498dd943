"""How an environment, a model and a stage become names of AWS resources, and back.

Where AWS's events carry a name, a function reads it: ``read_x(x(...))`` gives back what went in,
and None where the resource is not ours (a stranger's, or malformed).

The tightest limit is SageMaker's 63 characters, spent by an endpoint config as ``mc-`` 3,
environment 8, ``-`` 1, model 24, ``-production`` 11, ``-v99999`` 7, ``-`` and digest 9.
"""

import hashlib
import re
import unicodedata
from enum import StrEnum
from typing import NamedTuple

from shared.contracts import limits


class Stage(StrEnum):
    """Where a version serves: every model has one endpoint per stage."""

    STAGING = "staging"
    PRODUCTION = "production"


class Execution(StrEnum):
    """What SageMaker does in our name: each with a role of its own."""

    PIPELINES = "pipelines"
    JOBS = "jobs"
    ENDPOINTS = "endpoints"
    FEATURES = "features"


class ModelParameter(StrEnum):
    """The SSM parameters of one model, by the last part of their path."""

    SPEC = "spec"
    THRESHOLD = "threshold"
    HYPERPARAMETERS = "hyperparameters"


class OwnedModel(NamedTuple):
    """The model that a package group belongs to."""

    env: str
    model: str


class OwnedEndpoint(NamedTuple):
    """The model and the stage that an endpoint serves."""

    env: str
    model: str
    stage: Stage


class OwnedEndpointConfig(NamedTuple):
    """The version that an endpoint config puts on a stage, and the digest of its cause."""

    env: str
    model: str
    stage: Stage
    version: int
    digest: str


class OwnedSageMakerModel(NamedTuple):
    """The version that a SageMaker model serves, and the digest of its content."""

    env: str
    model: str
    version: int
    digest: str


class OwnedParameter(NamedTuple):
    """The model that a parameter is about, and what it says."""

    env: str
    model: str
    kind: ModelParameter


class IllegalNameError(ValueError):
    """A word that cannot be part of the name of an AWS resource; the text says which and why."""


SHOWN_CHARACTERS_MAX = 60  # of a name that none can have
RESERVED_MODEL_NAMES = frozenset({"series"})  # /modelcycle/<env>/series/… holds the series

_WORD = "[a-z][a-z0-9]*"
_WORDS = f"{_WORD}(?:-[a-z0-9]+)*"
_OWNED = f"mc-(?P<env>{_WORD})-(?P<model>{_WORDS})"
_STAGES = tuple(stage.value for stage in Stage)
_STAGE = f"-(?P<stage>{'|'.join(_STAGES)})"
_BUILD = rf"-v(?P<version>[1-9][0-9]*)-(?P<digest>[0-9a-f]{{{limits.DIGEST_CHARACTERS}}})"
_RUN = rf"(?P<model>{_WORDS})-r[0-9a-f]{{{limits.RUN_DIGEST_CHARACTERS}}}"
_PARAMETER = (
    f"/modelcycle/(?P<env>{_WORD})/(?P<model>{_WORDS})/(?P<kind>{'|'.join(ModelParameter)})"
)


def check_environment(env: str) -> str:
    """Return `env` if it may name an environment (``dev``), else raise IllegalNameError."""
    if not re.fullmatch(_WORD, env) or len(env) > limits.ENVIRONMENT_NAME_CHARACTERS_MAX:
        raise IllegalNameError(
            f"environment name {env!r}: use 1 to {limits.ENVIRONMENT_NAME_CHARACTERS_MAX} "
            "lower-case letters and digits, a letter first"
        )
    return env


def check_model(model: str) -> str:
    """Return `model` if it may name a model, else raise IllegalNameError."""
    if model in RESERVED_MODEL_NAMES:
        raise IllegalNameError(f"model name {model!r} is reserved: choose another")
    return _words("model", model, limits.MODEL_NAME_CHARACTERS_MAX)


def check_series(series: str) -> str:
    """Return `series` if it may name a series, else raise IllegalNameError."""
    return _words("series", series, limits.SERIES_NAME_CHARACTERS_MAX)


def package_group(env: str, model: str) -> str:
    """Name the registry's group of one model's versions."""
    return f"mc-{check_environment(env)}-{check_model(model)}"


def read_package_group(name: str) -> OwnedModel | None:
    """Find the model of a package group."""
    found = _read(_OWNED, name)
    return found and OwnedModel(found["env"], found["model"])


def is_package(arn: str, env: str, model: str, version: int) -> bool:
    """Tell whether an ARN is that of a model's version: ``…:model-package/<group>/<version>``."""
    return arn.endswith(f"/{package_group(env, model)}/{version}")


def endpoint(env: str, model: str, stage: str) -> str:
    """Name the one endpoint of a model on a stage."""
    if stage not in _STAGES:
        raise IllegalNameError(f"stage {stage!r}: expected {' or '.join(map(repr, _STAGES))}")
    return f"{package_group(env, model)}-{stage}"


def read_endpoint(name: str) -> OwnedEndpoint | None:
    """Find the model and the stage of an endpoint."""
    found = _read(_OWNED + _STAGE, name)
    return found and OwnedEndpoint(found["env"], found["model"], Stage(found["stage"]))


def endpoint_config(env: str, model: str, stage: str, version: int, cause: str) -> str:
    """Name the config of one attempt to put `version` on `stage`.

    `cause` is what made us try, an event id: the same cause names the same config, another a fresh
    one, because UpdateEndpoint has no token by which to recognise a repeat.
    """
    return f"{endpoint(env, model, stage)}-v{_version(version)}-{_digest(cause)}"


def read_endpoint_config(name: str) -> OwnedEndpointConfig | None:
    """Find what an endpoint config was made for."""
    found = _read(_OWNED + _STAGE + _BUILD, name)
    if not found:
        return None
    env, model, stage, version, digest = found.groups()
    return OwnedEndpointConfig(env, model, Stage(stage), int(version), digest)


def sagemaker_model(env: str, model: str, version: int, content: str) -> str:
    """Name the SageMaker model that serves one version.

    `content` is what tells two models of a version apart: the digests of its artifact and image.
    """
    return f"{package_group(env, model)}-v{_version(version)}-{_digest(content)}"


def read_sagemaker_model(name: str) -> OwnedSageMakerModel | None:
    """Find the version that a SageMaker model serves."""
    found = _read(_OWNED + _BUILD, name)
    if not found:
        return None
    env, model, version, digest = found.groups()
    return OwnedSageMakerModel(env, model, int(version), digest)


def run_id(model: str, cause_event_id: str) -> str:
    """Name a run after its model and its cause: one cause is one run, however often it is heard."""
    cause = hashlib.sha256(f"{model}\n{cause_event_id}".encode()).hexdigest()
    return f"{check_model(model)}-r{cause[: limits.RUN_DIGEST_CHARACTERS]}"


def model_of_run(run: str) -> str | None:
    """Find the model of a run."""
    found = _read(_RUN, run)
    return found and found["model"]


def pipeline(env: str, algorithm: str) -> str:
    """Name the pipeline that trains with one algorithm, for all models of an environment."""
    word = _words("algorithm", algorithm, limits.ALGORITHM_NAME_CHARACTERS_MAX)
    return f"mc-{check_environment(env)}-{word}"


def feature_group(env: str) -> str:
    """Name the one feature group that holds all windows of an environment."""
    return f"mc-{check_environment(env)}-windows"


def queue(env: str, service: str) -> str:
    """Name the queue that feeds a service."""
    word = _words("service", service, limits.SERVICE_NAME_CHARACTERS_MAX)
    return f"{bus(env)}-{word}"


def records_queue(env: str) -> str:
    """Name the queue on which producers send records to ingest."""
    return f"{queue(env, 'ingest')}-records"


def dead_letter_queue(env: str, service: str) -> str:
    """Name the queue that takes what a service could not handle."""
    return f"{queue(env, service)}-dead-letters"


def table(env: str, service: str) -> str:
    """Name the table that belongs to a service and to nobody else."""
    return queue(env, service)


def bus(env: str) -> str:
    """Name the event bus of an environment."""
    return f"modelcycle-{check_environment(env)}"


def function(env: str, service: str) -> str:
    """Name the function of a service, and the role that it takes."""
    return queue(env, service)


def execution_role(env: str, part: Execution) -> str:
    """Name the role that SageMaker takes for one part of what it does."""
    return f"{bus(env)}-execution-{part}"


def passed_role(env: str, service: str) -> str:
    """Name the role that a service hands to SageMaker: the deployer its endpoints', else jobs'."""
    return execution_role(env, Execution.ENDPOINTS if service == "deployer" else Execution.JOBS)


def key_alias(env: str) -> str:
    """Name the one customer key of an environment, as everything but policies may call it."""
    return f"alias/{bus(env)}"


def alarms_topic(env: str) -> str:
    """Name the topic on which operators hear of alarms."""
    return f"{bus(env)}-alarms"


def stack(env: str, part: str) -> str:
    """Name the CloudFormation stack of a service, or of the platform under all of them."""
    return f"{bus(env)}-{part}"


def bucket(env: str, account: str, region: str) -> str:
    """Name the bucket of an environment; account and region make it unique in the world."""
    if not re.fullmatch("[0-9]{12}", account) or not re.fullmatch("[a-z0-9-]{1,24}", region):
        raise IllegalNameError(
            f"account {account!r} and region {region!r}: expected twelve digits and a region's code"
        )
    return f"{bus(env)}-{account}-{region}"


def parameters(env: str) -> str:
    """Path above all that users declare in an environment, for GetParametersByPath."""
    return f"/modelcycle/{check_environment(env)}"


def parameter(env: str, model: str, kind: ModelParameter) -> str:
    """Path of one parameter of a model: ``/modelcycle/dev/fees/spec``."""
    return f"{parameters(env)}/{check_model(model)}/{kind}"


def read_parameter(path: str) -> OwnedParameter | None:
    """Find the model that a parameter is about; None for a series, too."""
    found = _read(_PARAMETER, path)
    return found and OwnedParameter(found["env"], found["model"], ModelParameter(found["kind"]))


def series_parameter(env: str, series: str) -> str:
    """Path of a SeriesSpec: ``/modelcycle/dev/series/transactions``."""
    return f"{parameters(env)}/series/{check_series(series)}"


def models_of_series(env: str, series: str) -> str:
    """Path above the index of a series: one parameter for each model that reads it.

    PutParameter has no condition: a list in one parameter would lose an entry when two people
    apply models at the same time; a parameter per entry cannot.
    """
    return f"{series_parameter(env, series)}/models"


def model_of_series(env: str, series: str, model: str) -> str:
    """Path of one index entry: ``/modelcycle/dev/series/transactions/models/fees``."""
    return f"{models_of_series(env, series)}/{check_model(model)}"


def _words(what: str, given: str, characters_max: int) -> str:
    if not re.fullmatch(_WORDS, given) or len(given) > characters_max:
        strange = next((sign for sign in given if not sign.isascii()), "")
        told = strange and f" ({strange!r} is {unicodedata.name(strange, 'no letter')})"
        raise IllegalNameError(
            f"{what} name {given[:SHOWN_CHARACTERS_MAX]!r}{told}: use 1 to {characters_max} "
            "lower-case letters, digits and single hyphens between them, a letter first"
        )
    return given


def _read(pattern: str, name: str) -> re.Match[str] | None:
    """Match what our own functions could have built, and nothing else."""
    found = re.fullmatch(pattern, name)
    parts = found.groupdict() if found else {}
    ours = (
        len(parts.get("env", "")) <= limits.ENVIRONMENT_NAME_CHARACTERS_MAX
        and len(parts.get("model", "")) <= limits.MODEL_NAME_CHARACTERS_MAX
        and parts.get("model") not in RESERVED_MODEL_NAMES
        and len(parts.get("version", "")) <= len(str(limits.VERSION_MAX))
    )
    return found if ours else None


def _version(version: int) -> int:
    if not 1 <= version <= limits.VERSION_MAX:
        raise IllegalNameError(f"version {version}: expected 1 to {limits.VERSION_MAX}")
    return version


def _digest(cause: str) -> str:
    return hashlib.sha256(cause.encode()).hexdigest()[: limits.DIGEST_CHARACTERS]
