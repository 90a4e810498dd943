"""What users declare, as ingest and the finding of models read it: in memory as in SSM."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from services.ingest.aws import SsmDeclared
from shared.contracts import names
from shared.contracts.complaints import SpecError
from shared.contracts.names import ModelParameter
from shared.contracts.specs import ModelSpec, SeriesSpec
from shared.messaging.parameters import Parameters
from tests.compatibility.places import Directory
from tests.ports.conftest import Connect
from tests.services.ingest.world import Outside
from tests.services.trainer.world import spec

SEVERAL = [f"series-{letter}" for letter in "nmlkjihgfedcba"]  # more than SSM answers at once


def series(name: str) -> SeriesSpec:
    return SeriesSpec(series=name, window=timedelta(minutes=5), unit="USD")


class DeclaredContract:
    """What ingest relies on."""

    @pytest.fixture
    def declared(self) -> Any:
        """The port, where nothing is declared."""
        raise NotImplementedError

    def apply(self, declared: Any, specs: Iterable[SeriesSpec]) -> None:
        """Declare series."""
        raise NotImplementedError

    def test_what_nobody_declared_is_none(self, declared: Any) -> None:
        assert declared.series_spec("fees") is None
        assert declared.series_names() == ()

    def test_a_series_is_read_as_it_was_declared(self, declared: Any) -> None:
        self.apply(declared, [series("fees"), series("blocks")])
        assert declared.series_spec("fees") == series("fees")
        assert declared.series_spec("blocks") == series("blocks")
        assert declared.series_spec("fee") is None

    def test_the_later_declaration_counts(self, declared: Any) -> None:
        later = series("fees").changed(grace=timedelta(hours=2))
        self.apply(declared, [series("fees"), later])
        assert declared.series_spec("fees") == later

    def test_all_names_are_told_in_their_order(self, declared: Any) -> None:
        self.apply(declared, map(series, SEVERAL))
        assert declared.series_names() == tuple(sorted(SEVERAL))


class TestMemory(DeclaredContract):
    """Ingest's surroundings."""

    @pytest.fixture
    def declared(self) -> Any:
        outside = Outside()
        outside.specs.clear()
        return outside

    def apply(self, declared: Any, specs: Iterable[SeriesSpec]) -> None:
        declared.specs |= {one.series: one for one in specs}


class TestSsm(DeclaredContract):
    """SSM on the local AWS."""

    @pytest.fixture
    def declared(self, connect: Connect, fresh: str) -> Any:
        return SsmDeclared(Parameters(connect("ssm"), fresh))

    def apply(self, declared: Any, specs: Iterable[SeriesSpec]) -> None:
        for one in specs:
            path = names.series_parameter(declared.parameters.env, one.series)
            write(declared.parameters, path, one.compact())


class DirectoryContract:
    """What the finding of concerned models relies on: one model is declared, and reads one
    series."""

    @pytest.fixture
    def directory(self) -> Any:
        """The port, where the model fees reads the series transactions."""
        raise NotImplementedError

    def test_models_are_found_and_by_their_series(self, directory: Any) -> None:
        assert directory.models() == ("fees",)
        assert directory.models_of_series("transactions") == ("fees",)
        assert directory.models_of_series("transaction") == ()


class TestFixedDirectory(DirectoryContract):
    """The fake."""

    @pytest.fixture
    def directory(self) -> Any:
        return Directory()


class TestParameters(DirectoryContract):
    """SSM on the local AWS, and what only it has to bear."""

    @pytest.fixture
    def directory(self, connect: Connect, fresh: str) -> Any:
        parameters = Parameters(connect("ssm"), fresh)
        declare(parameters, spec())
        return parameters

    def test_more_models_than_one_call_answers_are_all_answered(self, directory: Any) -> None:
        models = [f"model-{letter}" for letter in "mlkjihgfedcba"]
        for model in models:
            declare(directory, spec(model=model))
        assert directory.models() == ("fees", *sorted(models))
        assert directory.models_of_series("transactions") == ("fees", *sorted(models))

    def test_what_is_declared_of_a_model_is_read(self, directory: Any) -> None:
        said = {ModelParameter.THRESHOLD: "0.4", ModelParameter.HYPERPARAMETERS: '{"rounds": 9}'}
        for kind, text in said.items():
            write(directory, names.parameter(directory.env, "fees", kind), text)
        assert directory.model_spec("fees") == spec()
        assert directory.threshold("fees") == 0.4
        assert directory.hyperparameters("fees") == {"rounds": "9"}
        assert directory.models() == ("fees",)

    def test_what_nobody_declared_of_a_model_is_nothing(self, directory: Any) -> None:
        assert directory.model_spec("other") is None
        assert directory.threshold("fees") is None
        assert directory.hyperparameters("fees") == {}

    @pytest.mark.parametrize("text", ["{", "[]", '{"colour": "red"}'])
    def test_a_spec_that_cannot_be_read_is_named(self, directory: Any, text: str) -> None:
        write(directory, names.parameter(directory.env, "fees", ModelParameter.SPEC), text)
        with pytest.raises(SpecError):
            directory.model_spec("fees")
        assert directory.models() == ("fees",)


def declare(parameters: Parameters, model: ModelSpec) -> None:
    """Apply a model, as `models apply` does: its spec, and its place in the index."""
    env = parameters.env
    write(parameters, names.parameter(env, model.model, ModelParameter.SPEC), model.compact())
    write(parameters, names.model_of_series(env, model.series, model.model), "{}")


def write(parameters: Parameters, path: str, text: str) -> None:
    """Write a parameter."""
    parameters.client.put_parameter(Name=path, Value=text, Type="String", Overwrite=True)
