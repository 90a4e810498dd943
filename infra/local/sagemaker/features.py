"""Feature groups: created, described, listed, deleted."""

from dataclasses import dataclass
from datetime import timedelta

from infra.local.sagemaker import events
from infra.local.sagemaker.core import (
    Caller,
    Request,
    Response,
    Surroundings,
    in_use,
    invalid,
    moment,
    not_found,
)
from infra.local.sagemaker.feature_types import Columns
from infra.local.sagemaker.listing import listing
from infra.local.sagemaker.offline import OfflineStore
from infra.local.sagemaker.online import OnlineStore, duration
from infra.local.sagemaker.tags import Tags

EVENT_TIME_TYPES = ("String", "Fractional")


@dataclass
class FeatureGroup:
    """One group: what Describe shows, and its one or two stores."""

    described: Response
    columns: Columns
    online: OnlineStore | None
    offline: OfflineStore | None

    @property
    def status(self) -> str:
        """Creating, Created or Deleting."""
        return str(self.described["FeatureGroupStatus"])


class FeatureGroups:
    """CreateFeatureGroup, DescribeFeatureGroup, ListFeatureGroups and DeleteFeatureGroup.

    Parameters
    ----------
    offline_lag : timedelta
        How long after their arrival records reach the offline store, by the engine's clock.
    """

    def __init__(self, surroundings: Surroundings, tags: Tags, offline_lag: timedelta) -> None:
        self._surroundings = surroundings
        self._tags = tags
        self._lag = offline_lag
        self._groups: dict[str, FeatureGroup] = {}

    def create_feature_group(self, request: Request, _caller: Caller) -> Response:
        """Create a group, which is Created after a tick; ResourceInUse if it exists."""
        name = request["FeatureGroupName"]
        arn = self._surroundings.arn(f"feature-group/{name.lower()}")
        if name in self._groups:
            raise in_use(f"Resource Already Exists: FeatureGroup with name {name} already exists.")
        columns = _columns(request)
        described: Response = {
            **{key: value for key, value in request.items() if key != "Tags"},
            "FeatureGroupArn": arn,
            "CreationTime": moment(self._surroundings.now()),
            "FeatureGroupStatus": "Creating",
        }
        online = _online(request)
        offline = self._offline(described, columns)
        if online is None and offline is None:
            raise invalid(
                "A feature group needs an OnlineStoreConfig, an OfflineStoreConfig or both"
            )
        self._groups[name] = FeatureGroup(described, columns, online, offline)
        self._tags.put(arn, request.get("Tags", ()))
        self._tell(described)
        return {"FeatureGroupArn": arn}

    def describe_feature_group(self, request: Request, _caller: Caller) -> Response:
        """Describe a group by name or ARN; ResourceNotFound if there is none."""
        return {**self._known(request).described, "NextToken": ""}

    def list_feature_groups(self, request: Request, _caller: Caller) -> Response:
        """List groups, newest first unless asked otherwise."""
        shown = ("FeatureGroupName", "FeatureGroupArn", "CreationTime", "FeatureGroupStatus")
        return listing(
            request,
            [{key: group.described[key] for key in shown} for group in self._groups.values()],
            into="FeatureGroupSummaries",
            name="FeatureGroupName",
            equals={"FeatureGroupStatusEquals": "FeatureGroupStatus"},
        )

    def delete_feature_group(self, request: Request, _caller: Caller) -> Response:
        """Delete a group, which is gone after a tick; what it wrote to S3 stays."""
        described = self._known(request).described
        described["FeatureGroupStatus"] = "Deleting"
        self._tell(described)
        return {}

    def find(self, name_or_arn: str) -> FeatureGroup | None:
        """Answer a group by name or ARN, or None."""
        name = name_or_arn.rpartition("/")[2]
        found = self._groups.get(name)
        if found is None and name != name_or_arn:  # ARNs are in lower case
            matching = (group for known, group in self._groups.items() if known.lower() == name)
            return next(matching, None)
        return found

    def tick(self) -> None:
        """Walk groups through their statuses, and write what is due to the offline stores."""
        for name, group in list(self._groups.items()):
            if group.offline is not None:
                group.offline.tick()
            if group.status == "Creating":
                group.described["FeatureGroupStatus"] = "Created"
                self._tell(group.described)
            elif group.status == "Deleting":
                _flush(group)
                self._tags.drop(group.described["FeatureGroupArn"])
                del self._groups[name]

    def flush(self) -> None:
        """Write everything to the offline stores now, due or not."""
        for group in self._groups.values():
            _flush(group)

    def _offline(self, described: Response, columns: Columns) -> OfflineStore | None:
        config = described.get("OfflineStoreConfig")
        if config is None:
            return None
        if config.get("TableFormat", "Glue") == "Iceberg":
            raise invalid("The local AWS writes Glue tables only: leave TableFormat out")
        if not described.get("RoleArn"):
            raise invalid("An offline store needs a RoleArn")
        here, name = self._surroundings, described["FeatureGroupName"]
        table = f"{name}-{int(described['CreationTime'].timestamp())}"
        storage = config["S3StorageConfig"]
        uri = (
            f"{storage['S3Uri'].rstrip('/')}/{here.account}/sagemaker/{here.region}"
            f"/offline-store/{table}/data"
        )
        described["OfflineStoreConfig"] = {
            "DisableGlueTableCreation": False,
            "DataCatalogConfig": {
                "TableName": table.replace("-", "_"),
                "Catalog": "AwsDataCatalog",
                "Database": "sagemaker_featurestore",
            },
            **config,
            "S3StorageConfig": {**storage, "ResolvedOutputS3Uri": uri},
        }
        described["OfflineStoreStatus"] = {"Status": "Active"}
        return OfflineStore(self._surroundings, uri, columns, self._lag)

    def _known(self, request: Request) -> FeatureGroup:
        name = request["FeatureGroupName"]
        found = self.find(name)
        if found is None:
            raise not_found(f"Resource Not Found: FeatureGroup with name {name} does not exist.")
        return found

    def _tell(self, described: Response) -> None:
        tags = self._tags.of(described["FeatureGroupArn"])
        self._surroundings.emit(*events.feature_group_changed(described, tags))


def _columns(request: Request) -> Columns:
    types = {each["FeatureName"]: each["FeatureType"] for each in request["FeatureDefinitions"]}
    identifier, event_time = (
        request[f"{which}FeatureName"] for which in ("RecordIdentifier", "EventTime")
    )
    for name in (identifier, event_time):
        if name not in types:
            raise invalid(f"FeatureDefinitions do not hold {name}")
    if types[event_time] not in EVENT_TIME_TYPES:
        raise invalid(f"EventTime feature {event_time} must be String or Fractional")
    if any("CollectionType" in each for each in request["FeatureDefinitions"]):
        raise invalid("The local AWS has no collection features: leave CollectionType out")
    return Columns(types, identifier, event_time)


def _online(request: Request) -> OnlineStore | None:
    config = request.get("OnlineStoreConfig", {})
    if not config.get("EnableOnlineStore", False):
        return None
    return OnlineStore(duration(config.get("TtlDuration")))


def _flush(group: FeatureGroup) -> None:
    if group.offline is not None:
        group.offline.flush()
