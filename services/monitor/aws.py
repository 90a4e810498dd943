"""The monitor's ports in boto3: translation only."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from services.monitor.domain.faults import GAP_MIN
from services.monitor.domain.seen import Known, Observed, Stream, Task, World, of_spec
from shared.contracts import limits, names, windows
from shared.contracts.complaints import SpecError
from shared.contracts.evaluation import Evaluation, evaluation_key
from shared.contracts.manifest import Manifest
from shared.contracts.registration import Registration
from shared.contracts.spec_parts import Target
from shared.contracts.specs import ModelSpec, SeriesSpec
from shared.messaging import registry
from shared.messaging.aws_errors import described, translated
from shared.messaging.errors import Retryable
from shared.messaging.parameters import Parameters
from shared.messaging.runtime import S3Blobs

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker_featurestore_runtime import SageMakerFeatureStoreRuntimeClient

SECOND = timedelta(seconds=1)


class OnlineWindows:
    """The online store, and what was read of it before.

    A context is hundreds of windows, of which the next has all but a few: what this process has
    read it does not read again, even where a late record has revised it since. A process that
    starts later reads the revised one. Windows that were not there are looked for again.
    """

    def __init__(self, features: "SageMakerFeatureStoreRuntimeClient", group: str) -> None:
        self.features = features
        self.group = group
        self.known: dict[str, dict[datetime, Observed]] = {}

    def windows(
        self, series: str, first: datetime, last: datetime, window_s: int
    ) -> tuple[Observed, ...]:
        """Answer the windows from `first` to `last` that are online."""
        window = timedelta(seconds=window_s)
        starts = [first + number * window for number in range((last - first) // window + 1)]
        known = self.known.setdefault(series, {})
        unknown = [start for start in starts if start not in known]
        for at in range(0, len(unknown), limits.BATCH_GET_KEYS_MAX):
            part = unknown[at : at + limits.BATCH_GET_KEYS_MAX]
            known |= {one.start: one for one in self.read(series, part)}
        answer = tuple(known[start] for start in starts if start in known)
        self.forget(series, starts)
        return answer

    def forget(self, series: str, asked: Sequence[datetime]) -> None:
        """Forget the oldest windows but those that were asked for: as many stay as twice what was
        asked for, or twice a day of minutes."""
        known = self.known[series]
        spare = len(known) - 2 * max(len(asked), limits.INSPECTED_WINDOWS_MAX)
        for start in sorted(known.keys() - set(asked))[: max(0, spare)]:
            del known[start]

    def read(self, series: str, starts: Sequence[datetime]) -> list[Observed]:
        """Read windows; raises Retryable where some of them could not be read now."""
        wanted = [windows.record_id(series, start) for start in starts]
        found: list[Observed] = []
        for _ in range(limits.BATCH_ATTEMPTS_MAX):
            with translated():
                answer = self.features.batch_get_record(
                    Identifiers=[
                        {
                            "FeatureGroupName": self.group,
                            "RecordIdentifiersValueAsString": wanted,
                        }
                    ]
                )
            found += [observed(one["Record"]) for one in answer["Records"]]
            wanted = [
                identifier
                for left in answer["UnprocessedIdentifiers"]
                for identifier in left["RecordIdentifiersValueAsString"]
            ] + [error["RecordIdentifierValueAsString"] for error in answer["Errors"]]
            if not wanted:
                return found
        raise Retryable(f"{len(wanted)} windows of {series} could not be read")


def observed(record: Sequence[Mapping[str, Any]]) -> Observed:
    """Read a record of the feature group."""
    row = {feature["FeatureName"]: feature["ValueAsString"] for feature in record}
    return Observed(
        start=datetime.fromisoformat(row["window_start"]).astimezone(UTC),
        count=int(row["count"]),
        total=float(row["total"]),
    )


class AwsLook:
    """The world as it is now."""

    def __init__(
        self,
        env: str,
        parameters: Parameters,
        sagemaker: "SageMakerClient",
        blobs: S3Blobs,
        online: OnlineWindows,
    ) -> None:
        self.env = env
        self.parameters = parameters
        self.sagemaker = sagemaker
        self.blobs = blobs
        self.windows = online.windows

    def world(self, model: str) -> World | None:
        """Answer what is declared of a model; None also where that cannot be read."""
        spec = self.spec(model)
        series = self.series(spec.series) if spec else None
        if spec is None or series is None:
            return None
        return World(
            **of_spec(spec),
            window_s=series.window // SECOND,
            gap_s=max(GAP_MIN, series.expected_interval) // SECOND,
        )

    def stream(self, series: str) -> Stream | None:
        """Answer how a series should flow."""
        spec = self.series(series)
        if spec is None:
            return None
        return Stream(
            expected_s=spec.expected_interval // SECOND,
            delay_s=(spec.window + spec.lateness) // SECOND,
        )

    def spec(self, model: str) -> ModelSpec | None:
        """Read a model's spec; one that cannot be read is none."""
        try:
            return self.parameters.model_spec(model)
        except SpecError:
            return None

    def series(self, series: str) -> SeriesSpec | None:
        """Read a series' spec; one that cannot be read is none."""
        try:
            return self.parameters.series_spec(series)
        except SpecError:
            return None

    def version(self, model: str, version: int) -> Known | None:
        """Read what was registered of a version: its manifest, and what it was judged by."""
        registration = self.registration(model, version)
        if registration is None:
            return None
        own = f"s3://{self.blobs.bucket}/{evaluation_key(registration.run_id)}"
        manifest = described(lambda: self.blobs.get(registration.manifest_uri))
        evaluation = described(lambda: self.blobs.get(own))
        if manifest is None or evaluation is None:
            return None
        try:
            return known(registration, manifest, evaluation)
        except ValidationError:
            return None

    def registration(self, model: str, version: int) -> Registration | None:
        """Find a version in the registry."""
        group = names.package_group(self.env, model)
        versions = registry.newest(self.sagemaker, group)
        found = described(
            lambda: next(
                (one for one in versions if one.get("ModelPackageVersion") == version), None
            )
        )
        if found is None:
            return None
        with translated():
            described_now = self.sagemaker.describe_model_package(
                ModelPackageName=found["ModelPackageArn"]
            )
        return Registration.read(described_now.get("CustomerMetadataProperties", {}))


def known(registration: Registration, manifest: bytes, evaluation: bytes) -> Known:
    """Read what a version forecasts, and what it lost in its backtest."""
    prepared = Manifest.model_validate_json(manifest)
    judged = Evaluation.model_validate_json(evaluation, extra="ignore")
    return Known(
        run_id=registration.run_id,
        task=Task(
            algorithm=registration.algorithm,
            series=prepared.series,
            target=Target(prepared.target),
            frequency_s=prepared.frequency_s,
            horizon=prepared.horizon,
            quantiles=prepared.quantiles,
            season=prepared.season,
            context_points=prepared.context_points,
        ),
        windows=judged.windows,
    )
