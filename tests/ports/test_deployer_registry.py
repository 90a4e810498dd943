"""The deployer's model registry: in memory as in SageMaker's."""

from typing import Any

import pytest

from services.deployer.aws.registry import SageMakerRegistry
from services.deployer.domain.seen import Package, Verdict
from shared.contracts.names import Stage
from shared.contracts.registration import Registration
from shared.messaging.errors import Refused
from tests.ports.conftest import Connect
from tests.ports.simulated import gate, quiet_world
from tests.ports.test_evaluator_registry import proposal
from tests.services.deployer.world import START, SageMaker, arn
from tests.simulation.ports import DeployerPorts

OURS, ALICE = "modelcycle-deployer", "alice"
REGISTRATION = Registration(
    run_id="fees-r000000000001",
    algorithm="lightgbm",
    artifact_sha256="1" * 64,
    manifest_uri="s3://b/dataset/manifest/manifest.json",
    manifest_sha256="0" * 64,
    forecasts_uri="s3://b/forecasts/backtest.jsonl.out",
    cutoff=START,
)


class RegistryContract:
    """What the deployer relies on: DESIGN §6, as the registry keeps it."""

    @pytest.fixture
    def registry(self) -> Any:
        """The port."""
        raise NotImplementedError

    @pytest.fixture
    def version(self, registry: Any) -> str:
        """The ARN of a version that the evaluator registered just now."""
        raise NotImplementedError

    def write(self, registry: Any, version: str, stage: Stage, status: str, note: str = "") -> None:
        """A person decides: Approved or Rejected."""
        raise NotImplementedError

    def see(self, registry: Any, version: str) -> Package:
        found: Package | None = registry.package(version)
        assert found is not None
        return found

    def test_a_new_version_waits_for_staging_and_not_yet_for_production(
        self, registry: Any, version: str
    ) -> None:
        package = self.see(registry, version)
        assert (package.arn, package.version) == (version, 1)
        assert (package.approval, package.production) == (Verdict.PENDING, None)
        assert package.registration.algorithm == REGISTRATION.algorithm
        assert package.artifact_uri.endswith("model.tar.gz")

    def test_a_version_that_is_not_there_is_none(self, registry: Any, version: str) -> None:
        assert registry.package(version.replace("/1", "/77")) is None

    @pytest.mark.parametrize(
        ("status", "verdict"), [("Approved", Verdict.APPROVED), ("Rejected", Verdict.DECLINED)]
    )
    def test_a_persons_verdict_is_read_with_name_and_note(
        self, registry: Any, version: str, status: str, verdict: Verdict
    ) -> None:
        self.write(registry, version, Stage.STAGING, status, "looks good")
        package = self.see(registry, version)
        assert (package.approval, package.approval_note) == (verdict, "looks good")
        assert package.last_modified_by.endswith(ALICE)
        self.write(registry, version, Stage.PRODUCTION, status, "go")
        package = self.see(registry, version)
        assert (package.production, package.production_note) == (verdict, "go")

    def test_an_offer_waits_for_production_with_its_evidence_and_is_made_once(
        self, registry: Any, version: str
    ) -> None:
        self.write(registry, version, Stage.STAGING, "Approved")
        assert registry.offer(version, "smoke test: fine")
        offered = self.see(registry, version)
        assert (offered.production, offered.production_note) == (
            Verdict.PENDING,
            "smoke test: fine",
        )
        assert offered.approval is Verdict.APPROVED
        assert OURS in offered.last_modified_by
        assert registry.offer(version, "smoke test: again")
        assert self.see(registry, version) == offered

    @pytest.mark.parametrize(
        ("status", "verdict"), [("Approved", Verdict.APPROVED), ("Rejected", Verdict.DECLINED)]
    )
    def test_an_offer_never_replaces_a_persons_early_word(
        self, registry: Any, version: str, status: str, verdict: Verdict
    ) -> None:
        self.write(registry, version, Stage.PRODUCTION, status, "early")
        assert not registry.offer(version, "smoke test: fine")
        package = self.see(registry, version)
        assert (package.production, package.production_note) == (verdict, "early")

    def test_an_offer_of_what_is_gone_is_refused(self, registry: Any, version: str) -> None:
        with pytest.raises(Refused):
            registry.offer(version.replace("/1", "/77"), "evidence")

    @pytest.mark.parametrize(
        ("word", "verdict"), [("approve", Verdict.APPROVED), ("decline", Verdict.DECLINED)]
    )
    def test_what_waits_is_decided_in_our_name(
        self, registry: Any, version: str, word: str, verdict: Verdict
    ) -> None:
        decide = getattr(registry, word)
        decide(version, Stage.PRODUCTION, "not offered yet")
        assert self.see(registry, version).production is None
        decide(version, Stage.STAGING, "rule: fine")
        package = self.see(registry, version)
        assert (package.approval, package.approval_note) == (verdict, "rule: fine")
        assert OURS in package.last_modified_by
        registry.offer(version, "evidence")
        decide(version, Stage.PRODUCTION, "rule: go")
        package = self.see(registry, version)
        assert (package.production, package.production_note) == (verdict, "rule: go")

    @pytest.mark.parametrize("status", ["Approved", "Rejected"])
    @pytest.mark.parametrize("word", ["approve", "decline"])
    def test_what_a_person_decided_stays(
        self, registry: Any, version: str, status: str, word: str
    ) -> None:
        for stage in Stage:
            self.write(registry, version, stage, status, "mine")
        before = self.see(registry, version)
        for stage in Stage:
            getattr(registry, word)(version, stage, "ours")
        assert self.see(registry, version) == before

    def test_deciding_on_what_is_gone_is_nothing(self, registry: Any, version: str) -> None:
        for decide in (registry.approve, registry.decline):
            decide(version.replace("/1", "/77"), Stage.STAGING, "note")


class TestMemory(RegistryContract):
    """The deployer's small world."""

    @pytest.fixture
    def registry(self) -> Any:
        return SageMaker()

    @pytest.fixture
    def version(self, registry: Any) -> str:
        registry.registered(1)
        return arn(1)

    def write(self, registry: Any, version: str, stage: Stage, status: str, note: str = "") -> None:
        verdict = Verdict.APPROVED if status == "Approved" else Verdict.DECLINED
        if stage is Stage.STAGING:
            registry.write(1, approval=verdict, approval_note=note)
        else:
            registry.write(1, production=verdict, production_note=note)


class TestSimulated(RegistryContract):
    """The simulator's cloud."""

    @pytest.fixture
    def registry(self) -> Any:
        world = quiet_world()
        return DeployerPorts(world, gate(world))

    @pytest.fixture
    def version(self, registry: Any) -> str:
        registry.cloud.registry.ensure_group("mc-dev-fees")
        arn: str = registry.cloud.registry.register(proposal("mc-dev-fees")).arn
        return arn

    def write(self, registry: Any, version: str, stage: Stage, status: str, note: str = "") -> None:
        verdict = Verdict.APPROVED if status == "Approved" else Verdict.DECLINED
        registry.cloud.registry.write(version, stage, verdict, note, ALICE)


class TestSageMaker(RegistryContract):
    """The registry of the local AWS."""

    @pytest.fixture
    def registry(self, connect: Connect) -> Any:
        return SageMakerRegistry(connect("sagemaker"))

    @pytest.fixture
    def version(self, connect: Connect, fresh: str) -> str:
        sagemaker = connect("sagemaker")
        sagemaker.create_model_package_group(ModelPackageGroupName=fresh)
        container = {"Image": "image", "ModelDataUrl": "s3://b/1/model.tar.gz"}
        registered: str = sagemaker.create_model_package(
            ModelPackageGroupName=fresh,
            ModelApprovalStatus="PendingManualApproval",
            ModelLifeCycle={"Stage": "Staging", "StageStatus": "PendingApproval"},
            InferenceSpecification={"Containers": [container]},
            CustomerMetadataProperties=REGISTRATION.properties(),
        )["ModelPackageArn"]
        return registered

    @pytest.fixture(autouse=True)
    def _person(self, as_alice: Any) -> None:
        self.alice = as_alice

    def write(self, registry: Any, version: str, stage: Stage, status: str, note: str = "") -> None:
        words: dict[str, Any] = {"ModelApprovalStatus": status, "ApprovalDescription": note}
        if stage is Stage.PRODUCTION:
            life = {"Stage": "Production", "StageStatus": status, "StageDescription": note}
            words = {"ModelLifeCycle": life}
        self.alice("sagemaker").update_model_package(ModelPackageArn=version, **words)
