"""The feature store's runtime: records written, read and deleted."""

from collections.abc import Sequence
from datetime import datetime

from infra.local.sagemaker.core import Caller, Request, Response, ServiceError, Surroundings
from infra.local.sagemaker.events import iso
from infra.local.sagemaker.feature_types import refused
from infra.local.sagemaker.features import FeatureGroup, FeatureGroups
from infra.local.sagemaker.offline import Row
from infra.local.sagemaker.online import Stored, duration

NOT_FOUND_STATUS = 404


class Records:
    """PutRecord, BatchWriteRecord, GetRecord, BatchGetRecord and DeleteRecord.

    Every record that the offline store is asked to take is appended there; the online store keeps
    the one with the greatest event time.
    """

    def __init__(self, surroundings: Surroundings, groups: FeatureGroups) -> None:
        self._surroundings = surroundings
        self._groups = groups

    def put_record(self, request: Request, _caller: Caller) -> Response:
        """Write one record; ValidationError if it does not fit its group."""
        self._write(request, request, self._surroundings.now())
        return {}

    def batch_write_record(self, request: Request, _caller: Caller) -> Response:
        """Write up to 25 records; what does not fit comes back in Errors, the others are written.

        Raises
        ------
        ServiceError
            ResourceNotFound if one of the groups does not exist: nothing is written then.
        """
        now = self._surroundings.now()
        for entry in request["Entries"]:
            if self._groups.find(entry["FeatureGroupName"]) is None:
                raise _no_such_group(entry["FeatureGroupName"])
        errors = []
        for entry in request["Entries"]:
            try:
                self._write(entry, request, now)
            except ServiceError as error:
                errors.append(
                    {"Entry": entry, "ErrorCode": error.code, "ErrorMessage": error.message}
                )
        return {"Errors": errors, "UnprocessedEntries": []}

    def get_record(self, request: Request, _caller: Caller) -> Response:
        """Answer the latest version of a record; no Record where there is none."""
        group = self._groups.find(request["FeatureGroupName"])
        if group is None:
            raise _no_such_group(request["FeatureGroupName"])
        return self._read(group, request["RecordIdentifierValueAsString"], request, request)

    def batch_get_record(self, request: Request, _caller: Caller) -> Response:
        """Answer up to 100 records; those that do not exist are left out."""
        records, errors = [], []
        for wanted in request["Identifiers"]:
            name = wanted["FeatureGroupName"]
            group = self._groups.find(name)
            for identifier in wanted["RecordIdentifiersValueAsString"]:
                where = {"FeatureGroupName": name, "RecordIdentifierValueAsString": identifier}
                if group is None:
                    said = _no_such_group(name)
                    error = {"ErrorCode": said.code, "ErrorMessage": said.message}
                    errors.append({**where, **error})
                elif found := self._read(group, identifier, wanted, request):
                    records.append({**where, **found})
        return {"Records": records, "Errors": errors, "UnprocessedIdentifiers": []}

    def delete_record(self, request: Request, _caller: Caller) -> Response:
        """Delete a record: a marker goes to the offline store, nulls or nothing stay online.

        Raises
        ------
        ServiceError
            ValidationError for a HardDelete that is not later than the record.
        """
        group = self._writable(request["FeatureGroupName"])
        columns, now = group.columns, self._surroundings.now()
        event_time = columns.typed_time(request["EventTime"])
        at = columns.moment(event_time)
        identifier = request["RecordIdentifierValueAsString"]
        hard = request.get("DeletionMode", "SoftDelete") == "HardDelete"
        stores = _stores(group, request.get("TargetStores"))
        if group.online is not None and "OnlineStore" in stores:
            newer = group.online.put(identifier, at, None, None, now)
            if hard and not newer:
                raise refused("Validation Error: EventTime is not later than the record's")
            if hard:
                group.online.remove(identifier)
        if group.offline is not None and "OfflineStore" in stores:
            values = {
                columns.identifier: columns.typed_identifier(identifier),
                columns.event_time: event_time,
            }
            group.offline.append(Row(values, at, now, is_deleted=True))
        return {}

    def _write(self, entry: Request, request: Request, now: datetime) -> None:
        group = self._writable(entry["FeatureGroupName"])
        stores = _stores(group, entry.get("TargetStores"))
        values = group.columns.read(entry["Record"])
        at = group.columns.moment(values[group.columns.event_time])
        if group.online is not None and "OnlineStore" in stores:
            as_text = {each["FeatureName"]: each["ValueAsString"] for each in entry["Record"]}
            ttl = duration(entry.get("TtlDuration", request.get("TtlDuration")))
            group.online.put(as_text[group.columns.identifier], at, as_text, ttl, now)
        if group.offline is not None and "OfflineStore" in stores:
            group.offline.append(Row(values, at, now))

    def _read(
        self, group: FeatureGroup, identifier: str, wanted: Request, request: Request
    ) -> Response:
        if group.online is None:
            raise refused("Validation Error: the feature group has no online store")
        found = group.online.get(identifier, self._surroundings.now())
        if found is None or found.values is None:
            return {}
        return _shown(found, wanted.get("FeatureNames"), request.get("ExpirationTimeResponse"))

    def _writable(self, name: str) -> FeatureGroup:
        group = self._groups.find(name)
        if group is None:
            raise refused(f"Validation Error: there is no feature group {name}")
        if group.status != "Created":
            raise refused(f"Validation Error: feature group {name} is {group.status}, not Created")
        return group


def _stores(group: FeatureGroup, wanted: Sequence[str] | None) -> Sequence[str]:
    has = {"OnlineStore": group.online is not None, "OfflineStore": group.offline is not None}
    if wanted is None:
        return tuple(has)
    for store in wanted:
        if not has[store]:
            raise refused(f"Validation Error: the feature group has no {store}")
    return wanted


def _shown(found: Stored, names: Sequence[str] | None, expiration: str | None) -> Response:
    values = found.values or {}
    shown: Response = {
        "Record": [
            {"FeatureName": name, "ValueAsString": value}
            for name, value in values.items()
            if names is None or name in names
        ]
    }
    if expiration == "Enabled" and found.expires_at is not None:
        shown["ExpiresAt"] = iso(found.expires_at)
    return shown


def _no_such_group(name: str) -> ServiceError:
    return ServiceError(
        "ResourceNotFound",
        f"Resource Not Found: there is no feature group {name}",
        NOT_FOUND_STATUS,
    )
