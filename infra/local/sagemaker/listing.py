"""List operations: SageMaker's filters, order and pages, the same for every kind of resource."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

from infra.local.sagemaker.core import Request, Response, invalid

PAGE_DEFAULT = 10  # what the API answers when MaxResults is absent
PAGE_LIMIT = 100

BOUNDS = {  # filter → (field, whether the field must be later)
    "CreationTimeAfter": ("CreationTime", True),
    "CreationTimeBefore": ("CreationTime", False),
    "LastModifiedTimeAfter": ("LastModifiedTime", True),
    "LastModifiedTimeBefore": ("LastModifiedTime", False),
}


def listing(
    request: Request,
    rows: Sequence[Response],
    *,
    into: str,
    name: str,
    order: str = "Descending",
    equals: dict[str, str] | None = None,
) -> Response:
    """Answer one page of summaries.

    Parameters
    ----------
    request : Request
        May hold NameContains, CreationTimeAfter and its like, SortBy, SortOrder, MaxResults and
        NextToken.
    rows : sequence
        All summaries, oldest first; equal sort keys keep that order (reversed when descending).
    into : str
        The member of the response that holds the page.
    name : str
        The field that is the name.
    order : {"Ascending", "Descending"}
        What the API does without SortOrder.
    equals : dict, optional
        Further filters: request member → the summary's field that must be equal.

    Raises
    ------
    ServiceError
        ValidationException for a NextToken that this operation never answered.
    """
    kept = [row for row in rows if _wanted(row, request, name, equals or {})]
    field = request.get("SortBy", "CreationTime")
    kept.sort(key=lambda row: row[name if field == "Name" else _status_or(field, row)])
    if request.get("SortOrder", order) == "Descending":
        kept.reverse()
    start = _start(request.get("NextToken"))
    end = start + min(request.get("MaxResults", PAGE_DEFAULT), PAGE_LIMIT)
    page: Response = {into: kept[start:end]}
    if end < len(kept):
        page["NextToken"] = urlsafe_b64encode(f"from:{end}".encode()).decode()
    return page


def _wanted(row: Response, request: Request, name: str, equals: dict[str, str]) -> bool:
    if request.get("NameContains", "").lower() not in row.get(name, "").lower():
        return False
    for bound, (field, later) in BOUNDS.items():
        limit = request.get(bound)
        if limit is not None and (row[field] > limit) is not later:
            return False
    return all(
        row.get(field) == request[wish] for wish, field in equals.items() if request.get(wish)
    )


def _status_or(field: str, row: Response) -> str:
    if field in row:
        return field
    return next(key for key in row if key.endswith(field))  # SortBy=Status is EndpointStatus


def _start(token: str | None) -> int:
    if token is None:
        return 0
    try:
        word, _, number = urlsafe_b64decode(token).decode().partition(":")
        if word == "from" and number.isdigit():
            return int(number)
    except ValueError:
        pass  # said below, in the API's words
    raise invalid(f"Invalid NextToken {token!r}: use the one of the page before")
