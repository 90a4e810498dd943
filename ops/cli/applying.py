"""What applying files would change, decided before anything is written, and the writing of it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from infra.spec_files import Declared
from ops.cli.connection import Connection
from ops.cli.declarations import Declarations, Stored
from ops.cli.speak import say
from shared.contracts import limits, names
from shared.contracts.frozen import Frozen
from shared.contracts.lifecycle import ModelSpecApplied
from shared.contracts.specs import ModelSpec, SeriesSpec, changed_fields


class Change(NamedTuple):
    """A spec that differs from the one that is stored."""

    old: Frozen | None
    new: ModelSpec | SeriesSpec
    fields: tuple[str, ...]

    @property
    def name(self) -> str:
        """The model or series."""
        return self.new.model if isinstance(self.new, ModelSpec) else self.new.series

    def lines(self) -> list[str]:
        """Say which fields change from what to what, a line each."""
        new = self.new.model_dump(mode="json")
        old = self.old.model_dump(mode="json") if self.old else None
        return [
            f"{field}: {value(new, field)}"
            if old is None
            else f"{field}: {value(old, field)} → {value(new, field)}"
            for field in self.fields
        ]


class Plan(NamedTuple):
    """All that will be written, in this order."""

    series: tuple[Change, ...]
    entries: tuple[tuple[str, str], ...]
    """Index entries to write: path and model."""
    models: tuple[Change, ...]
    stale: tuple[str, ...]
    """Index entries to delete: models that read another series now."""
    unchanged: tuple[str, ...]
    """Models and series that are as they were."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be written."""
        return not (self.series or self.entries or self.models or self.stale)


def plan(env: str, declared: Declared, stored: Stored) -> Plan:
    """Compare what files declare with what is stored."""
    series = [change(stored.series.get(spec.series), spec) for spec in declared.series]
    models = [change(stored.models.get(spec.model), spec) for spec in declared.models]
    wanted = {
        names.model_of_series(env, spec.series, spec.model): spec.model for spec in declared.models
    }
    ours = {spec.model for spec in declared.models}
    return Plan(
        series=tuple(one for one in series if one.fields),
        entries=tuple(item for item in wanted.items() if item[0] not in stored.index),
        models=tuple(one for one in models if one.fields),
        stale=tuple(
            sorted(path for path in stored.index - wanted.keys() if path.rpartition("/")[2] in ours)
        ),
        unchanged=tuple(one.name for one in (*series, *models) if not one.fields),
    )


def change(old: Frozen | None, new: ModelSpec | SeriesSpec) -> Change:
    """Compare a spec with the stored one."""
    return Change(old, new, changed_fields(old, new))


def write(connection: Connection, declarations: Declarations, todo: Plan) -> None:
    """Write what a plan says, and say on the bus which models changed.

    Series come before the index and the index before the models, so that whoever hears of a model
    finds its series. After a failure in between, applying again does the rest.
    """
    for one in todo.series:
        declarations.put(names.series_parameter(connection.env, one.name), one.new.compact())
    for path, model in todo.entries:
        declarations.put(path, model)
    for one in todo.models:
        declarations.put(
            names.parameter(connection.env, one.name, names.ModelParameter.SPEC), one.new.compact()
        )
    for path in todo.stale:
        declarations.delete(path)
    if todo.models:
        say(connection, *(applied(one) for one in todo.models))


def applied(one: Change) -> ModelSpecApplied:
    """Say what changed of a model; the names of very many fields would be a list, not a fact."""
    return ModelSpecApplied(
        model=one.name,
        digest=one.new.digest(),
        changed_fields=one.fields[: limits.EVENT_LIST_ITEMS_MAX],
    )


def value(dumped: Mapping[str, Any], field: str) -> str:
    """Answer what a field holds, by its path with dots: ``gate.limit_ratio``."""
    found: Any = dumped
    for part in field.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return "–" if found is None else str(found)
