"""What users declared, read from SSM: specs, thresholds, hyperparameters, and who reads which
series."""

import json
import math
from contextlib import suppress
from typing import TYPE_CHECKING

from shared.contracts import names
from shared.contracts.complaints import Complaint, SpecError, shown
from shared.contracts.names import ModelParameter
from shared.contracts.specs import ModelSpec, SeriesSpec
from shared.messaging.aws_errors import translated
from shared.messaging.errors import Refused

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

ABSENT = "ParameterNotFound"
AN_OBJECT = 'write for example {"num_leaves": 31}'


class Parameters:
    """The declarations of one environment, as they stand now."""

    def __init__(self, client: "SSMClient", env: str) -> None:
        self.client = client
        self.env = env

    def model_spec(self, model: str) -> ModelSpec | None:
        """Answer a model's spec; None when nobody applied one."""
        text = self.text(names.parameter(self.env, model, ModelParameter.SPEC))
        return None if text is None else ModelSpec.parse(text)

    def series_spec(self, series: str) -> SeriesSpec | None:
        """Answer a series' spec; None when nobody applied one."""
        text = self.text(names.series_parameter(self.env, series))
        return None if text is None else SeriesSpec.parse(text)

    def hyperparameters(self, model: str) -> dict[str, str]:
        """Answer what people set at run time over the spec's hyperparameters.

        Raises
        ------
        SpecError
            If it is no JSON object.
        """
        path = names.parameter(self.env, model, ModelParameter.HYPERPARAMETERS)
        try:
            found = json.loads(self.text(path) or "{}")
        except (ValueError, RecursionError) as error:
            raise SpecError(Complaint(path, f"is no JSON ({error}): {AN_OBJECT}")) from error
        if not isinstance(found, dict):
            problem = f"must be an object, got {shown(found)}: {AN_OBJECT}"
            raise SpecError(Complaint(path, problem))
        return {key: str(value) for key, value in found.items()}

    def threshold(self, model: str) -> float | None:
        """Answer the absolute threshold that people set at run time; None without one.

        Raises
        ------
        SpecError
            If it is no number above 0.
        """
        path = names.parameter(self.env, model, ModelParameter.THRESHOLD)
        if (text := self.text(path)) is None:
            return None
        with suppress(ValueError):
            if 0 < (value := float(text)) < math.inf:
                return value
        raise SpecError(Complaint(path, f"holds {shown(text)}: write a number above 0"))

    def models(self) -> tuple[str, ...]:
        """Answer all models that have a spec."""
        found = (names.read_parameter(path) for path in self.paths(names.parameters(self.env)))
        return tuple(
            sorted(owned.model for owned in found if owned and owned.kind is ModelParameter.SPEC)
        )

    def models_of_series(self, series: str) -> tuple[str, ...]:
        """Answer the models that read a series."""
        above = names.models_of_series(self.env, series)
        return tuple(sorted(path.rsplit("/", 1)[1] for path in self.paths(above)))

    def text(self, path: str) -> str | None:
        """Answer one parameter's value; None where there is none."""
        try:
            with translated():
                return self.client.get_parameter(Name=path)["Parameter"]["Value"]
        except Refused as refusal:
            if refusal.code == ABSENT:
                return None
            raise

    def paths(self, above: str) -> tuple[str, ...]:
        """Answer the paths of all parameters below one."""
        with translated():
            pages = self.client.get_paginator("get_parameters_by_path").paginate(
                Path=above, Recursive=True
            )
            return tuple(parameter["Name"] for page in pages for parameter in page["Parameters"])
