"""Names of AWS resources: what goes in comes back, and no limit of AWS is ever exceeded."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import limits, names
from shared.contracts.names import ModelParameter, Stage

ENVIRONMENTS = st.from_regex(r"[a-z][a-z0-9]{0,7}", fullmatch=True)
MODELS = st.from_regex(r"[a-z][a-z0-9]{0,5}(-[a-z0-9]{1,5}){0,3}", fullmatch=True).filter(
    lambda model: model not in names.RESERVED_MODEL_NAMES and len(model) <= 24
)
# Names that look like the ends which other names have: the worst that a user may legally choose.
TRICKY_MODELS = st.sampled_from(
    ["staging", "fees-staging", "fees-production", "v1", "fees-v1-0a1b2c3d", "fees-r0123456789ab"]
)
ANY_MODEL = MODELS | TRICKY_MODELS | st.just("m" * limits.MODEL_NAME_CHARACTERS_MAX)
STAGES = st.sampled_from(Stage)
VERSIONS = st.integers(1, limits.VERSION_MAX)
CAUSES = st.text(max_size=40)
SAGEMAKER_NAME = r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"  # AWS's own pattern for these entities


@given(env=ENVIRONMENTS, model=ANY_MODEL)
def test_a_package_group_gives_back_its_model(env: str, model: str) -> None:
    name = names.package_group(env, model)
    assert names.read_package_group(name) == (env, model)
    assert re.fullmatch(SAGEMAKER_NAME, name)


@given(env=ENVIRONMENTS, model=ANY_MODEL, stage=STAGES)
def test_an_endpoint_gives_back_its_model_and_stage(env: str, model: str, stage: Stage) -> None:
    name = names.endpoint(env, model, stage)
    assert names.read_endpoint(name) == (env, model, stage)
    assert re.fullmatch(SAGEMAKER_NAME, name)


@given(env=ENVIRONMENTS, model=ANY_MODEL, stage=STAGES, version=VERSIONS, cause=CAUSES)
def test_an_endpoint_config_gives_back_what_it_was_made_for(
    env: str, model: str, stage: Stage, version: int, cause: str
) -> None:
    name = names.endpoint_config(env, model, stage, version, cause)
    read = names.read_endpoint_config(name)
    assert read is not None
    assert read[:4] == (env, model, stage, version)
    assert re.fullmatch(SAGEMAKER_NAME, name)


@given(env=ENVIRONMENTS, model=ANY_MODEL, version=VERSIONS, content=CAUSES)
def test_a_sagemaker_model_gives_back_its_version(
    env: str, model: str, version: int, content: str
) -> None:
    name = names.sagemaker_model(env, model, version, content)
    read = names.read_sagemaker_model(name)
    assert read is not None
    assert read[:3] == (env, model, version)
    assert re.fullmatch(SAGEMAKER_NAME, name)


@given(model=ANY_MODEL, cause=CAUSES)
def test_a_run_gives_back_its_model_and_fits_the_display_name(model: str, cause: str) -> None:
    run = names.run_id(model, cause)
    assert names.model_of_run(run) == model
    assert len(run) <= limits.SAGEMAKER_DISPLAY_NAME_CHARACTERS_MAX
    assert re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*", run)
    assert re.fullmatch(rf"{re.escape(model)}-r[0-9a-f]{{12}}", run)


@given(env=ENVIRONMENTS, model=ANY_MODEL, kind=st.sampled_from(ModelParameter))
def test_a_parameter_gives_back_its_model_and_kind(
    env: str, model: str, kind: ModelParameter
) -> None:
    assert names.read_parameter(names.parameter(env, model, kind)) == (env, model, kind)


@given(name=st.text(max_size=80) | st.from_regex(r"mc-[a-z0-9-]{0,70}", fullmatch=True))
def test_what_is_read_could_have_been_built(name: str) -> None:
    if owned := names.read_package_group(name):
        assert names.package_group(*owned) == name
    if served := names.read_endpoint(name):
        assert names.endpoint(*served) == name
    if config := names.read_endpoint_config(name):
        assert name.startswith(names.endpoint(config.env, config.model, config.stage) + "-v")
    if built := names.read_sagemaker_model(name):
        assert name.startswith(names.package_group(built.env, built.model) + "-v")


@given(env=ENVIRONMENTS)
def test_names_of_an_environment_stay_within_their_limits(env: str) -> None:
    service = "s" * limits.SERVICE_NAME_CHARACTERS_MAX
    algorithm = "a" * limits.ALGORITHM_NAME_CHARACTERS_MAX
    assert len(names.feature_group(env)) <= limits.SAGEMAKER_FEATURE_GROUP_NAME_CHARACTERS_MAX
    assert len(names.dead_letter_queue(env, service)) <= limits.SQS_QUEUE_NAME_CHARACTERS_MAX
    assert len(names.bucket(env, "1" * 12, "r" * 24)) <= limits.S3_BUCKET_NAME_CHARACTERS_MAX
    assert re.fullmatch(SAGEMAKER_NAME, names.pipeline(env, algorithm))


def test_the_longest_endpoint_config_is_exactly_what_sagemaker_allows() -> None:
    env = "e" * limits.ENVIRONMENT_NAME_CHARACTERS_MAX
    model = "m" * limits.MODEL_NAME_CHARACTERS_MAX
    name = names.endpoint_config(env, model, Stage.PRODUCTION, limits.VERSION_MAX, "cause")
    assert len(name) == limits.SAGEMAKER_ENTITY_NAME_CHARACTERS_MAX


@pytest.mark.parametrize(
    "stranger",
    [
        "",
        "fees",
        "other-dev-fees-staging",
        "mc-dev-fees",
        "mc-dev-fees-canary",
        "mc-dev--staging",
        "mc-dev-Fees-staging",
        "mc-dev-fees-staging-",
        "mc-dev-series-staging",
        "mc-environment-fees-staging",
        "mc-dev-" + "m" * 25 + "-staging",
    ],
)
def test_an_endpoint_of_strangers_is_nobodys(stranger: str) -> None:
    assert names.read_endpoint(stranger) is None


@pytest.mark.parametrize(
    "stranger",
    ["/modelcycle/dev/series/spec", "/modelcycle/dev/fees/notes", "/modelcycle/dev/fees", "/fees"],
)
def test_a_parameter_that_is_no_models_is_nobodys(stranger: str) -> None:
    assert names.read_parameter(stranger) is None


def test_one_cause_is_one_name_and_another_cause_is_another() -> None:
    first, again, second = (
        names.endpoint_config("dev", "fees", Stage.STAGING, 3, cause) for cause in "aab"
    )
    assert first == again != second
    assert names.run_id("fees", "a") == names.run_id("fees", "a") != names.run_id("fees", "b")


def test_the_names_that_people_see() -> None:
    """Changing one of these orphans what is deployed: it needs a decision record."""
    assert names.package_group("dev", "fees") == "mc-dev-fees"
    assert names.endpoint("dev", "fees", Stage.PRODUCTION) == "mc-dev-fees-production"
    assert names.pipeline("dev", "lightgbm") == "mc-dev-lightgbm"
    assert names.feature_group("dev") == "mc-dev-windows"
    assert names.queue("dev", "trainer") == "modelcycle-dev-trainer"
    assert names.dead_letter_queue("dev", "trainer") == "modelcycle-dev-trainer-dead-letters"
    assert names.records_queue("dev") == "modelcycle-dev-ingest-records"
    assert names.table("dev", "trainer") == "modelcycle-dev-trainer"
    assert names.bus("dev") == "modelcycle-dev"
    assert names.bucket("dev", "123456789012", "eu-central-1") == (
        "modelcycle-dev-123456789012-eu-central-1"
    )
    assert names.parameter("dev", "fees", ModelParameter.SPEC) == "/modelcycle/dev/fees/spec"
    assert names.series_parameter("dev", "transactions") == "/modelcycle/dev/series/transactions"
    assert names.model_of_series("dev", "transactions", "fees") == (
        "/modelcycle/dev/series/transactions/models/fees"
    )


@pytest.mark.parametrize("env", ["", "Dev", "my-env", "1st", "environment"])
def test_an_illegal_environment_is_refused_by_name(env: str) -> None:
    with pytest.raises(names.IllegalNameError, match=re.escape(f"environment name {env!r}")):
        names.bus(env)


@pytest.mark.parametrize("model", ["", "Fees", "fees_5m", "fees.5m", "-fees", "a--b", "m" * 25])
def test_an_illegal_model_name_is_refused_by_name(model: str) -> None:
    with pytest.raises(names.IllegalNameError, match=re.escape(f"model name {model!r}")):
        names.endpoint("dev", model, Stage.STAGING)


def test_a_reserved_model_name_is_refused() -> None:
    with pytest.raises(names.IllegalNameError, match="reserved"):
        names.parameter("dev", "series", ModelParameter.SPEC)


@pytest.mark.parametrize("version", [0, -1, limits.VERSION_MAX + 1])
def test_a_version_outside_its_range_is_refused(version: int) -> None:
    with pytest.raises(names.IllegalNameError, match=f"version {version}"):
        names.sagemaker_model("dev", "fees", version, "digest")


def test_a_stage_that_does_not_exist_is_refused() -> None:
    with pytest.raises(names.IllegalNameError, match="stage 'canary'"):
        names.endpoint("dev", "fees", "canary")


def test_a_bucket_needs_an_account_and_a_region() -> None:
    with pytest.raises(names.IllegalNameError, match="twelve digits"):
        names.bucket("dev", "me", "eu-central-1")
