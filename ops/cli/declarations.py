"""What an environment's users declared, as SSM keeps it: read all of it, and write what changed."""

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ops.cli.connection import Connection
from ops.cli.errors import failed, not_found
from shared.contracts import names
from shared.contracts.complaints import suggestion
from shared.contracts.names import IllegalNameError, ModelParameter
from shared.contracts.specs import ModelSpec, SeriesSpec, SpecError
from shared.messaging.aws_errors import translated

APPLY = "modelcycle models apply PATH"


@dataclass(frozen=True)
class Stored:
    """The declarations of an environment, as they stand."""

    series: Mapping[str, SeriesSpec]
    models: Mapping[str, ModelSpec]
    broken: Mapping[str, str]
    """Parameters that hold no spec, and why: somebody wrote them by other means."""
    index: frozenset[str]
    """Paths that say which models read which series."""


class Declarations:
    """The parameters of one environment."""

    def __init__(self, connection: Connection) -> None:
        self.env = connection.env
        self.client = connection.client("ssm")
        self.parameters = connection.parameters

    def stored(self) -> Stored:
        """Read everything."""
        series: dict[str, SeriesSpec] = {}
        models: dict[str, ModelSpec] = {}
        broken: dict[str, str] = {}
        index: set[str] = set()
        above = names.parameters(self.env)
        above_series = f"{above}/series/"
        for path, text in self._values(above).items():
            owned = names.read_parameter(path)
            try:
                if owned and owned.kind is ModelParameter.SPEC:
                    models[owned.model] = ModelSpec.parse(text)
                elif path.startswith(above_series):
                    name, _, rest = path.removeprefix(above_series).partition("/")
                    if rest:
                        index.add(path)
                    else:
                        series[name] = SeriesSpec.parse(text)
            except SpecError as error:
                broken[path] = on_one_line(error)
        return Stored(series, dict(sorted(models.items())), broken, frozenset(index))

    def model(self, name: str) -> ModelSpec:
        """Answer a model's spec.

        Raises
        ------
        CliError
            If there is none, naming the nearest model; or if what is stored cannot be read.
        """
        try:
            spec = self.parameters.model_spec(names.check_model(name))
        except IllegalNameError:
            spec = None
        except SpecError as error:
            raise failed(
                f"the stored spec of '{name}' cannot be read: {on_one_line(error)}",
                f"apply its file again: {APPLY}",
            ) from None
        if spec is None:
            raise not_found(
                f"there is no model '{name}' in environment '{self.env}'",
                nearest(name, self.parameters.models()),
            )
        return spec

    def one_series(self, name: str) -> SeriesSpec:
        """Answer a series' spec.

        Raises
        ------
        CliError
            If there is none, naming the nearest one.
        """
        spec = None
        with contextlib.suppress(IllegalNameError):
            spec = self.parameters.series_spec(names.check_series(name))
        if spec is None:
            raise not_found(
                f"there is no series '{name}' in environment '{self.env}'",
                nearest(name, self.stored().series),
            )
        return spec

    def put(self, path: str, text: str) -> None:
        """Write a parameter."""
        with translated():
            self.client.put_parameter(Name=path, Value=text, Type="String", Overwrite=True)

    def delete(self, path: str) -> None:
        """Delete a parameter, if it is there."""
        with contextlib.suppress(self.client.exceptions.ParameterNotFound):
            self.client.delete_parameter(Name=path)

    def _values(self, above: str) -> dict[str, str]:
        with translated():
            pages = self.client.get_paginator("get_parameters_by_path").paginate(
                Path=above, Recursive=True
            )
            return {one["Name"]: one["Value"] for page in pages for one in page["Parameters"]}


def nearest(name: str, declared: Iterable[str]) -> str:
    """Say which declaration may have been meant; where there is none yet, how to make one."""
    declared = tuple(declared)
    return suggestion(name, declared) if declared else APPLY


def on_one_line(error: SpecError) -> str:
    """Write all mistakes of a spec on one line."""
    return "; ".join(map(str, error.complaints))
