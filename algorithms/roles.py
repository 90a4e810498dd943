"""The SDK's classes where they would look a role up: in our definitions it is a parameter."""

from typing import Any

from sagemaker.core.helper.pipeline_variable import StrPipeVar
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.train import ModelTrainer

ANY_ROLE = "arn:aws:iam::123456789012:role/any"
"""What a RoleTrainer is made with, before its role is set to a parameter."""


class RoleSession(PipelineSession):  # type: ignore[misc]
    """A session for writing definitions: roles are parameters, not names to be looked up."""

    def expand_role(self, role: Any) -> Any:
        """Answer the role as it was given."""
        return role


class RoleTrainer(ModelTrainer):  # type: ignore[misc]
    """A ModelTrainer whose role may be set to a parameter once it is made; the SDK's own takes a
    text only, and wants to look at it."""

    role: StrPipeVar | None = None
