"""What a policy allows, for the part of IAM's language that our policies use.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

Document = Mapping[str, Any]
Values = Mapping[str, str]
PARTS = frozenset({"Sid", "Effect", "Principal", "Action", "Resource", "Condition"})
EXACT = frozenset({"StringEquals", "ForAnyValue:StringEquals", "Bool"})
LIKE = frozenset({"StringLike", "ArnEquals", "ArnLike"})  # AWS reads both kinds of ARNs alike


class NotOurPartError(NotImplementedError):
    """A policy says something that this evaluator does not know."""


def allows(document: Document, action: str, resource: str, values: Values) -> bool:
    """Tell whether a policy allows an action on a resource, for a request with some values.

    Raises
    ------
    NotOurPartError
        If the policy says something that is not evaluated here.
    """
    return any(permits(statement, action, resource, values) for statement in document["Statement"])


def permits(statement: Document, action: str, resource: str, values: Values) -> bool:
    """Tell whether one statement of a role's policy allows a request."""
    if statement["Effect"] != "Allow" or "Principal" in statement:
        raise NotOurPartError(f"{statement['Effect']} in a role's policy")
    return meant(statement, action, resource, values)


def admits(document: Document, service: str, action: str, resource: str, values: Values) -> bool:
    """Tell whether the policy of a queue, a topic or a key lets an AWS service in."""
    about = [
        statement["Effect"]
        for statement in document["Statement"]
        if statement["Principal"] in ("*", {"AWS": "*"}, {"Service": service})
        and meant(statement, action, resource, values)
    ]
    return "Allow" in about and "Deny" not in about


def meant(statement: Document, action: str, resource: str, values: Values) -> bool:
    """Tell whether a request is one that a statement is about."""
    if strange := statement.keys() - PARTS:
        raise NotOurPartError(f"a statement with {sorted(strange)}")
    return (
        any(matches(one, action, is_exact=False) for one in listed(statement["Action"]))
        and any(matches(one, resource) for one in listed(statement["Resource"]))
        and all(
            holds(operator, key, listed(wanted), values)
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def holds(operator: str, key: str, wanted: Sequence[str], values: Values) -> bool:
    """Tell whether one condition holds; each of our requests has one value of a key at most."""
    given = values.get(key)
    if operator == "Null":
        return wanted == [str(given is None).lower()]
    if operator == "ForAllValues:StringEquals":
        return given is None or given in wanted
    if operator in EXACT:
        return given in wanted
    if operator in LIKE:
        return given is not None and any(matches(one, given) for one in wanted)
    raise NotOurPartError(operator)


def matches(pattern: str, text: str, *, is_exact: bool = True) -> bool:
    """Tell whether a text is one that a pattern with ``*`` and ``?`` means."""
    meant = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(meant, text, 0 if is_exact else re.IGNORECASE) is not None


def listed(value: str | Sequence[str]) -> list[str]:
    """Answer a list where a policy may have one value alone."""
    return [value] if isinstance(value, str) else list(value)
