"""Tags of SageMaker resources, by ARN."""

from collections.abc import Mapping, Sequence

from infra.local.sagemaker.core import Caller, Request, Response, invalid

TAGS_LIMIT = 50


class Tags:
    """AddTags, ListTags and DeleteTags, and what the other parts tag at creation."""

    def __init__(self) -> None:
        self._tags: dict[str, dict[str, str]] = {}

    def of(self, arn: str) -> Mapping[str, str]:
        """Answer the tags as a map, which is how events show them."""
        return dict(self._tags.get(arn, {}))

    def put(self, arn: str, tags: Sequence[Mapping[str, str]]) -> None:
        """Add tags to a resource.

        Raises
        ------
        ServiceError
            ValidationException for more than 50.
        """
        merged = {**self._tags.get(arn, {}), **{tag["Key"]: tag["Value"] for tag in tags}}
        if len(merged) > TAGS_LIMIT:
            raise invalid(f"{arn} would have {len(merged)} tags; at most {TAGS_LIMIT} are allowed")
        self._tags[arn] = merged

    def drop(self, arn: str) -> None:
        """Forget the tags of a deleted resource."""
        self._tags.pop(arn, None)

    def add_tags(self, request: Request, caller: Caller) -> Response:
        """Add or change tags; answers all of the resource."""
        self.put(request["ResourceArn"], request["Tags"])
        return self.list_tags(request, caller)

    def list_tags(self, request: Request, _caller: Caller) -> Response:
        """Answer the tags of a resource, in one page: there are at most 50."""
        return {
            "Tags": [{"Key": k, "Value": v} for k, v in self.of(request["ResourceArn"]).items()]
        }

    def delete_tags(self, request: Request, _caller: Caller) -> Response:
        """Remove the tags with the given keys."""
        for key in request["TagKeys"]:
            self._tags.get(request["ResourceArn"], {}).pop(key, None)
        return {}
