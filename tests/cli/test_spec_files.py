"""Model and series files: what people write becomes specs, or lines that name file, key and fix."""

from pathlib import Path
from textwrap import dedent

import pytest

from infra import spec_files
from infra.yaml_files import FileError
from shared.contracts.specs import SeriesSpec

MODELS = Path(__file__).parents[2] / "models"
TRANSACTIONS = "series: transactions\nwindow: 1m\n"
FEES = """\
    model: fees
    series: transactions
    target: mean
    frequency: 5m
    horizon: 12
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of models, from where its files have short relative names."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models" / "series").mkdir(parents=True)
    write("models/series/transactions.yaml", TRANSACTIONS)
    return Path("models")


def write(path: str, text: str) -> Path:
    file = Path(path)
    file.write_text(dedent(text), encoding="utf-8")
    return file


def refused(*paths: Path, **known: SeriesSpec) -> list[str]:
    with pytest.raises(FileError) as error:
        spec_files.load(paths, known)
    return list(error.value.lines)


def test_the_models_of_this_repository_are_declared_well() -> None:
    declared = spec_files.load([MODELS])
    (fees,) = (model for model in declared.models if model.model == "fees")
    (transactions,) = (series for series in declared.series if series.series == "transactions")
    assert fees.season_points == 288
    assert fees.algorithm == "lightgbm"
    fees.check_against(transactions)


def test_a_model_finds_its_series_beside_it(folder: Path) -> None:
    declared = spec_files.load([write("models/fees.yaml", FEES)])
    assert [model.model for model in declared.models] == ["fees"]
    assert [series.series for series in declared.series] == ["transactions"]


def test_a_model_may_read_a_series_that_exists_already(tmp_path: Path) -> None:
    file = write(str(tmp_path / "fees.yaml"), FEES)
    declared = spec_files.load([file], {"transactions": SeriesSpec(series="transactions")})
    assert [model.model for model in declared.models] == ["fees"]
    assert declared.series == ()


def test_two_models_may_share_a_series(folder: Path) -> None:
    write("models/fees.yaml", FEES)
    write("models/count.yml", FEES.replace("fees", "arrivals").replace("mean", "count"))
    declared = spec_files.load([folder])
    assert {model.model for model in declared.models} == {"fees", "arrivals"}
    assert len(declared.series) == 1


def test_a_file_named_twice_is_read_once(folder: Path) -> None:
    file = write("models/fees.yaml", FEES)
    assert len(spec_files.load([file, folder]).models) == 1


def test_numbers_in_scientific_notation_are_numbers(folder: Path) -> None:
    file = write("models/fees.yaml", dedent(FEES) + "hyperparameters: {learning_rate: 5e-2}\n")
    assert spec_files.load([file]).models[0].hyperparameters == {"learning_rate": 0.05}


BAD_FILES = [
    ("horizn: 12", "models/bad.yaml:6: horizn: unknown key; did you mean 'horizon'?"),
    (
        "gate:\n  min_points: 60\n  limit_ratio: .nan",
        "models/bad.yaml:8: gate.limit_ratio: must be a finite number > 0 and <= 100, got NaN",
    ),
    (
        "hyperparameters:\n  num_leafs: 3",
        "models/bad.yaml:7: hyperparameters.num_leafs: unknown to lightgbm; "
        "did you mean 'num_leaves'?",
    ),
    (
        "quantiles: [0.1, 0.5, 90]",
        "models/bad.yaml:6: quantiles: must be between 0 and 1, both excluded, got 90.0",
    ),
    (
        "training:\n  cool_down: 1:30",
        "models/bad.yaml:7: training.cool_down: needs a unit, got 90: "
        "write '15m' for minutes, or s, h, d",
    ),
    ("horizon: 3", "models/bad.yaml:6: horizon: given twice, first in line 5: remove one"),
    (
        "gate: {headroom: 0.1, headroom: 0.2}",
        "models/bad.yaml:6: gate.headroom: given twice, first in line 6: remove one",
    ),
    ("yes: 1", "models/bad.yaml:6: a key must be text: put yes in quotes"),
    ("? [a]\n: 1", "models/bad.yaml:6: a key must be text: a word"),
    ("season: 2024-02-01", "models/bad.yaml:6: season: must be a whole number >= 1"),
    ("season: 2024-13-01", "models/bad.yaml: not valid YAML: month must be in 1..12"),
    ("gate: &gate {}\nmonitor: *gate", "models/bad.yaml:7: not valid YAML: aliases are not"),
    ("gate: [", "models/bad.yaml:7: not valid YAML: expected the node content"),
    ("gate: !!python/name:os.system x", "models/bad.yaml:6: not valid YAML: tags are not"),
    ("---\nmodel: other", "models/bad.yaml:6: not valid YAML: but found another document"),
    ("gate: " + "[" * 20_000, "models/bad.yaml: nested too deeply"),
    ("# " + "x" * 70_000, "models/bad.yaml: has more than the 65536 bytes"),
    ("season: \x00", "models/bad.yaml: not valid YAML: unacceptable character #x0000"),
]


@pytest.mark.parametrize(("added", "line"), BAD_FILES, ids=[line[:70] for _, line in BAD_FILES])
def test_a_mistake_names_file_line_key_and_fix(folder: Path, added: str, line: str) -> None:
    (told,) = refused(write("models/bad.yaml", dedent(FEES) + added + "\n"))
    assert told.startswith(line)


def test_mistakes_in_several_files_are_told_together(folder: Path) -> None:
    write("models/one.yaml", FEES.replace("12", "0"))
    write("models/two.yaml", FEES.replace("mean", "avg").replace("12", "twelve"))
    assert [line.partition(" ")[0] for line in refused(folder)] == [
        "models/one.yaml:5:",
        "models/two.yaml:3:",
        "models/two.yaml:5:",
    ]


def test_a_missing_key_hides_no_other_mistake(folder: Path) -> None:
    text = """\
        model: fees
        series: transaction
        target: avg
        horizon: 400
        gate: {min_points: 100_000}
        hyperparameters:
          num_leafs: 3
          learning_rate: 7
          seed: [1]
    """
    assert refused(write("models/fees.yaml", text)) == [
        "models/fees.yaml:3: target: must be 'count', 'sum' or 'mean', got 'avg'",
        "models/fees.yaml: frequency: is missing: add it, for example 'frequency: 5m'",
        "models/fees.yaml:9: hyperparameters.seed: must be a finite number or a text, got [1]",
        "models/fees.yaml:5: gate.min_points: the backtest has 8000 points (origins x horizon), "
        "the gate wants 100000: set backtest.origins to at least 250, or lower this",
        "models/fees.yaml:7: hyperparameters.num_leafs: unknown to lightgbm; "
        "did you mean 'num_leaves'?",
        "models/fees.yaml:8: hyperparameters.learning_rate: must be a number from 0.001 to 1.0, "
        "got 7",
        "models/fees.yaml:2: series: unknown series 'transaction': declare it in "
        "models/series/transaction.yaml (there is none yet)",
    ]


def test_a_wrong_algorithm_is_told_with_the_rest_and_nothing_that_rests_on_a_guess(
    folder: Path,
) -> None:
    text = """\
        model: fees
        series: transactions
        target: mean
        frequency: 5m
        algorithm: lightgmb
        backtest: {origins: 2}
        hyperparameters: {num_leafs: 3}
    """
    assert refused(write("models/fees.yaml", text)) == [
        "models/fees.yaml: horizon: is missing: add it, for example 'horizon: 12'",
        "models/fees.yaml:5: algorithm: unknown algorithm 'lightgmb'; did you mean 'lightgbm'?",
    ]


def test_a_series_file_with_mistakes_is_not_told_as_an_unknown_series_too(folder: Path) -> None:
    write("models/series/transactions.yaml", "series: transactions\nwindow: 7m\n")
    write("models/series/blocks.yaml", "series: [\n")
    write("models/fees.yaml", FEES.replace("horizon: 12\n", ""))
    write("models/blocks.yaml", FEES.replace("fees", "blocks").replace("transactions", "blocks"))
    assert [line.partition(" ")[0] for line in refused(folder)] == [
        "models/fees.yaml:",
        "models/series/blocks.yaml:2:",
        "models/series/transactions.yaml:2:",
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "models/bad.yaml: is empty: write keys and values, such as 'model: fees'"),
        ("- model: fees", "models/bad.yaml: is no mapping: write keys and values"),
        ("fees", "models/bad.yaml: is no mapping: write keys and values"),
    ],
)
def test_a_file_without_keys_is_refused(folder: Path, text: str, line: str) -> None:
    (told,) = refused(write("models/bad.yaml", text))
    assert told.startswith(line)


def test_a_file_that_is_not_there_or_not_text_is_refused(folder: Path) -> None:
    Path("models/latin.yaml").write_bytes(b"model: fees # caf\xe9")
    assert refused(Path("models/none.yaml")) == [
        "models/none.yaml: cannot be read: No such file or directory"
    ]
    assert refused(Path("models/latin.yaml")) == [
        "models/latin.yaml: not UTF-8 at byte 17: save it as UTF-8"
    ]


def test_a_folder_without_yaml_is_refused(folder: Path) -> None:
    Path("empty").mkdir()
    assert refused(Path("empty")) == ["empty: has no .yaml file in it"]


def test_an_unknown_series_points_to_the_nearest(folder: Path) -> None:
    write("models/fees.yaml", FEES.replace("transactions", "transaction"))
    assert refused(folder) == [
        "models/fees.yaml:2: series: unknown series 'transaction': declare it in "
        "models/series/transaction.yaml (did you mean 'transactions'?)"
    ]


def test_a_model_that_cannot_be_built_from_its_series_is_refused(folder: Path) -> None:
    write("models/series/transactions.yaml", "series: transactions\nwindow: 2m\n")
    assert refused(write("models/fees.yaml", FEES)) == [
        "models/fees.yaml:4: frequency: must be a multiple of the window of series "
        "'transactions' (2m), got 5m"
    ]


@pytest.mark.parametrize(
    ("first", "second", "text", "line"),
    [
        (
            "models/a.yaml",
            "models/b.yaml",
            FEES,
            "models/b.yaml:1: model: 'fees' is declared in models/a.yaml:1 already: ",
        ),
        (
            "models/series/transactions.yaml",
            "models/series/unconfirmed.yaml",
            TRANSACTIONS,
            "models/series/unconfirmed.yaml:1: series: 'transactions' is declared in "
            "models/series/transactions.yaml:1 already: ",
        ),
    ],
)
def test_a_name_is_declared_once(
    folder: Path, first: str, second: str, text: str, line: str
) -> None:
    write(first, text)
    write(second, text)
    (told,) = refused(folder)
    assert told == line + "remove one, or choose another name"


def test_a_series_that_exists_keeps_its_window(folder: Path) -> None:
    existing = SeriesSpec.parse('{"series": "transactions", "window": "5m"}')
    assert refused(folder, transactions=existing) == [
        "models/series/transactions.yaml:2: window: series 'transactions' exists with another "
        "window, and models may read it: choose another name for the new series"
    ]


def test_a_series_that_exists_may_wait_longer_for_late_records(folder: Path) -> None:
    write("models/series/transactions.yaml", TRANSACTIONS + "lateness: 10m\n")
    existing = SeriesSpec(series="transactions")
    assert len(spec_files.load([folder], {"transactions": existing}).series) == 1
