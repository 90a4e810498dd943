"""Model and series files: from the YAML that people write to specs that agree with each other."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from infra.yaml_files import Document, FileError, read
from shared.contracts import names
from shared.contracts.complaints import Complaint, SpecError, suggestion
from shared.contracts.names import IllegalNameError
from shared.contracts.specs import ModelSpec, SeriesSpec, changed_fields

SUFFIXES = frozenset({".yaml", ".yml"})

T = TypeVar("T")


class Declared(NamedTuple):
    """What files declare, checked: each model can be built from its series."""

    models: tuple[ModelSpec, ...]
    series: tuple[SeriesSpec, ...]
    """Those that the files define; a model may also read one that the environment has already."""


class _Found(NamedTuple):
    models: dict[str, tuple[ModelSpec, Document]]
    series: dict[str, tuple[SeriesSpec, Document]]
    reads: list[tuple[str, Document]]
    """Series that model files name, those with mistakes, too."""
    meant: set[str]
    """Series that files with mistakes were to declare: nobody is told that they are unknown."""


def load(paths: Sequence[Path], known: Mapping[str, SeriesSpec] | None = None) -> Declared:
    """Read model files, series files and folders of them, and check all together.

    A file with the key ``model`` is a model's, any other a series'. A model's series is looked for
    among `paths`, then in `known`, then beside the model's file, in ``series/<name>.yaml``.

    Parameters
    ----------
    known
        The series that the environment has already, by name.

    Raises
    ------
    FileError
        With one line for each mistake in all the files; nothing is returned then.
    """
    known = known or {}
    found = _Found({}, {}, [], set())
    mistakes = _each(_files(paths), lambda path: _read(found, path))
    beside = dict.fromkeys(
        file
        for series, document in found.reads
        if series not in found.series and series not in known and series not in found.meant
        if (file := document.path.parent / "series" / f"{series}.yaml").is_file()
    )
    mistakes += _each(beside, lambda path: _read(found, path))
    mistakes += _each(found.series.values(), lambda one: _check_redefinition(*one, known))
    declared = {**known, **{name: series for name, (series, _) in found.series.items()}}
    mistakes += _each(found.reads, lambda one: _check_known(*one, declared, found.meant))
    mistakes += _each(found.models.values(), lambda one: _check_series(*one, declared))
    if mistakes:
        raise FileError(*mistakes)
    return Declared(
        tuple(spec for spec, _ in found.models.values()),
        tuple(spec for spec, _ in found.series.values()),
    )


def is_part(path: Path) -> bool:
    """Tell whether a file names neither a model nor a series, so that it can be a part of one only.

    Raises
    ------
    FileError
        If it is no YAML.
    """
    return not path.is_dir() and not {"model", "series"} & read(path).line_numbers.keys()


def laid_over(path: Path, spec: ModelSpec, series: SeriesSpec | None) -> ModelSpec:
    """Read a part of a model's file, and answer what it and the rest of a spec say; mappings are
    laid over each other key by key. `frozen` is no part of the rest.

    Raises
    ------
    FileError
        With one line for each mistake.
    """
    document = read(path)
    rest = json.loads(spec.model_dump_json(exclude={"frozen"}, exclude_defaults=True))
    try:
        found = ModelSpec.parse(json.dumps(_merged(rest, json.loads(document.json_text))))
        if series:
            found.check_against(series)
    except SpecError as error:
        raise _located(document, error) from error
    return found


def _merged(below: Any, above: Any) -> Any:
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    return below | {key: _merged(below.get(key), value) for key, value in above.items()}


def _each(things: Iterable[T], act: Callable[[T], None]) -> list[str]:
    """Do `act` with each thing, and gather the lines of all that fail."""
    mistakes: list[str] = []
    for thing in things:
        try:
            act(thing)
        except FileError as error:
            mistakes += error.lines
    return mistakes


def _files(paths: Sequence[Path]) -> list[Path]:
    files: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inside = sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES)
            if not inside:
                raise FileError(f"{path}: has no .yaml file in it")
            files.update(dict.fromkeys(inside))
        else:
            files[path] = None
    return list(files)


def _read(found: _Found, path: Path) -> None:
    try:
        document = read(path)
    except FileError:
        found.meant.add(path.stem)
        raise
    _add(found, document)


def _add(found: _Found, document: Document) -> None:
    series_name = json.loads(document.json_text).get("series")
    try:
        if "model" in document.line_numbers:
            if isinstance(series_name, str) and _may_be_series(series_name):
                found.reads.append((series_name, document))
            model = ModelSpec.parse(document.json_text)
            _once("model", model.model, found.models, document)
            found.models[model.model] = model, document
        else:
            series = SeriesSpec.parse(document.json_text)
            _once("series", series.series, found.series, document)
            found.series[series.series] = series, document
    except SpecError as error:
        if "model" not in document.line_numbers:
            found.meant.update((str(series_name), document.path.stem))
        raise _located(document, error) from error


def _once(
    kind: str, name: str, earlier: Mapping[str, tuple[object, Document]], document: Document
) -> None:
    if name in earlier:
        place = earlier[name][1].at(kind)
        problem = f"{name!r} is declared in {place} already: remove one, or choose another name"
        raise SpecError(Complaint(kind, problem))


def _check_redefinition(
    spec: SeriesSpec, document: Document, known: Mapping[str, SeriesSpec]
) -> None:
    """Refuse a series that would give another meaning to what is stored under its name."""
    before = known.get(spec.series)
    changed = changed_fields(before, spec) if before else ()
    if before and "window" in changed:
        raise FileError(
            f"{document.at('window')}: window: series {spec.series!r} exists with another window, "
            "and models may read it: choose another name for the new series"
        )


def _check_known(
    name: str, document: Document, declared: Mapping[str, SeriesSpec], meant: Set[str]
) -> None:
    if name in declared or name in meant:
        return
    raise FileError(
        f"{document.at('series')}: series: unknown series {name!r}: declare it in "
        f"{document.path.parent / 'series' / name}.yaml ({suggestion(name, declared)})"
    )


def _may_be_series(name: str) -> bool:
    """Tell whether a series may have that name: of another no file is looked for."""
    try:
        names.check_series(name)
    except IllegalNameError:
        return False
    return True


def _check_series(spec: ModelSpec, document: Document, declared: Mapping[str, SeriesSpec]) -> None:
    if spec.series not in declared:
        return
    try:
        spec.check_against(declared[spec.series])
    except SpecError as error:
        raise _located(document, error) from error


def _located(document: Document, error: SpecError) -> FileError:
    return FileError(
        *(f"{document.at(complaint.key)}: {complaint}" for complaint in error.complaints)
    )
