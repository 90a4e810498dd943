"""LightGBM's programs as SageMaker runs them: train in a sandbox, serve over HTTP."""

import gzip
import json
import math
from pathlib import Path

import pytest

from bench import algorithms as bench
from shared.forecasting import baseline, deepar_json, losses
from shared.forecasting.deepar_json import Configuration, Request, Series
from shared.forecasting.losses import Outcome
from tests.algorithms import sandbox
from tests.algorithms.conftest import HYPERPARAMETERS

JSON, LINES = "application/json", "application/jsonlines"


def instances(prepared: Path) -> list[Series]:
    """Read the backtest."""
    text = (prepared / "processing/output/backtest/backtest.jsonl").read_text()
    return [deepar_json.read_series(line) for line in text.splitlines()]


def test_the_artifact_describes_itself(trained: Path) -> None:
    described = json.loads((trained / "model/model.json").read_text())
    assert described["algorithm"] == "lightgbm"
    assert (described["horizon"], described["time_freq"]) == (6, "1H")
    assert described["trained_to"] == "2025-03-22T13:00:00Z"
    assert {path.name for path in (trained / "model").iterdir()} == {
        *("model.json", "quantile-0.1.txt", "quantile-0.5.txt", "quantile-0.9.txt")
    }


def test_the_same_data_and_seed_give_the_same_files(
    prepared: Path, trained: Path, tmp_path: Path
) -> None:
    line = prepared / "processing/output/judged/train.json"
    zipped = tmp_path / "train.json.gz"
    zipped.write_bytes(gzip.compress(line.read_bytes()))
    sandbox.write_training_job(tmp_path, zipped, HYPERPARAMETERS)
    assert sandbox.run(tmp_path, "algorithms.lightgbm.train").returncode == 0
    for path in (trained / "model").iterdir():
        assert (tmp_path / "model" / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("changed", "line", "message"),
    [
        ({"num_leafs": "9"}, "", "num_leafs is unknown; did you mean num_leaves?"),
        ({}, '{"start":"2025-03-03 00:00:00","target":[1,"x"]}', "train.json, line 1: the line: "),
        ({}, '{"start":"2025-03-03 00:00:00","target":[null]}', "no known value in its target"),
        ({}, '{"start":"2025-03-03 00:00:00","target":[1,2]}', "has 2 points; a horizon of 6"),
        ({}, " ", "train.json is empty"),
    ],
)
def test_a_training_that_cannot_be_says_why_in_one_sentence(
    tmp_path: Path, changed: dict[str, str], line: str, message: str
) -> None:
    (tmp_path / "train.json").write_text(line)
    sandbox.write_training_job(tmp_path, tmp_path / "train.json", HYPERPARAMETERS | changed)
    done = sandbox.run(tmp_path, "algorithms.lightgbm.train")
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert message in (tmp_path / "output/failure").read_text()


def test_the_forecast_beats_the_naive_ones_on_what_can_be_learned(
    prepared: Path, server: sandbox.Serving
) -> None:
    output = prepared / "processing/output"
    target = deepar_json.read_series((output / "full/train.json").read_text()).target
    status, body = server.request(
        "POST", "/invocations", (output / "backtest/backtest.jsonl").read_bytes(), LINES
    )
    assert status == 200
    windows = [
        baseline.Window(target[:at], target[at : at + 6]) for at in (470, 476, 482, 488, 494)
    ]
    outcomes = [
        Outcome(window.truth, deepar_json.read_prediction(line).quantiles or {})
        for window, line in zip(windows, body.splitlines(), strict=True)
    ]
    naive = baseline.better(windows, 24, (0.1, 0.5, 0.9)).score.mean_wql
    assert losses.score(outcomes).mean_wql < naive


def test_real_time_and_batch_agree(prepared: Path, server: sandbox.Serving) -> None:
    series = instances(prepared)[:2]
    asked = Configuration(output_types=("mean", "quantiles"), quantiles=(0.1, 0.5, 0.9))
    status, body = server.request(
        "POST", "/invocations", deepar_json.write_request(Request(tuple(series), asked)), JSON
    )
    assert status == 200
    for one, prediction in zip(series, deepar_json.read_response(body), strict=True):
        line = deepar_json.write_series(one)
        status, body = server.request("POST", "/invocations", line, LINES)
        assert status == 200
        assert deepar_json.read_prediction(body).quantiles == prediction.quantiles
        assert prediction.mean is not None and len(prediction.mean) == 6


def test_missing_values_and_short_contexts_are_bridged(
    prepared: Path, server: sandbox.Serving
) -> None:
    whole = instances(prepared)[0]
    holed = Series(whole.start, (*whole.target[:-2], math.nan, whole.target[-1]))
    line = deepar_json.write_series(holed)
    assert server.request("POST", "/invocations", line, LINES)[0] == 200


def test_samples_are_told_where_asked_for(prepared: Path, server: sandbox.Serving) -> None:
    asked = Configuration(num_samples=3, output_types=("samples",))
    request = Request((instances(prepared)[0],), asked)
    status, body = server.request("POST", "/invocations", deepar_json.write_request(request), JSON)
    (prediction,) = deepar_json.read_response(body)
    assert status == 200 and prediction.samples is not None
    assert [len(path) for path in prediction.samples] == [6, 6, 6]


SHORT = '{"start":"2025-03-03 00:00:00","target":[1,2,3]}'


@pytest.mark.parametrize(
    ("body", "content_type", "status", "message"),
    [
        ("{", JSON, 400, "the body is not JSON"),
        ("", JSON, 400, "the body is not JSON"),
        ("", LINES, 400, "the body is empty"),
        (b"\xff", LINES, 400, "not UTF-8"),
        (SHORT, JSON, 400, "unknown field"),
        (
            SHORT,
            LINES,
            400,
            "instances[0] has 3 points from its first value on; this model needs 30",
        ),
        (f'{{"instances":[{SHORT}],"configuration":{{"quantiles":["0.05"]}}}}', JSON, 400, "0.05"),
        ("a,b", "text/csv", 415, "text/csv is neither"),
    ],
)
def test_a_bad_request_is_refused_with_its_reason(
    server: sandbox.Serving, body: str | bytes, content_type: str, status: int, message: str
) -> None:
    answered, text = server.request("POST", "/invocations", body, content_type)
    assert answered == status
    assert message in json.loads(text)["error"]


def test_it_says_that_it_is_ready_and_how_a_transform_should_ask(server: sandbox.Serving) -> None:
    assert server.request("GET", "/ping") == (200, "{}")
    status, body = server.request("GET", "/execution-parameters")
    assert status == 200
    assert json.loads(body)["BatchStrategy"] == "SINGLE_RECORD"
    assert server.request("GET", "/elsewhere")[0] == 404
    assert server.request("PUT", "/ping")[0] == 404


@pytest.mark.parametrize(
    ("description", "configuration", "message"),
    [
        (None, "{}", "holds no model that can be served"),
        ('{"algorithm": "deepar", "format_version": 1}', "{}", "another algorithm or version"),
        ("{}", "{}", "KeyError"),
        ("whole", '{"quantiles": 3}', "quantiles is a number; it must be a list"),
    ],
)
def test_a_model_or_configuration_that_cannot_be_used_ends_the_program(
    trained: Path, tmp_path: Path, description: str | None, configuration: str, message: str
) -> None:
    (tmp_path / "model").mkdir()
    if description == "whole":
        for path in (trained / "model").iterdir():
            (tmp_path / "model" / path.name).write_bytes(path.read_bytes())
    elif description:
        (tmp_path / "model/model.json").write_text(description)
    with (
        pytest.raises(ChildProcessError, match="ended with 1"),
        sandbox.serving(tmp_path, DEEPAR_INFERENCE_CONFIG=configuration),
    ):
        pass
    assert message in (tmp_path / "serve.log").read_text()


@pytest.mark.skipif(not sandbox.BITCOIN.exists(), reason="no ../shared/data beside the repository")
def test_real_fees_are_forecast_at_least_as_well_as_by_the_better_naive_forecast(
    tmp_path: Path,
) -> None:
    measured = bench.measure(sandbox.bitcoin_windows(), tmp_path)
    assert measured.scores["lightgbm"].mean_wql <= 0.33
    assert measured.scores["lightgbm"].mean_wql <= measured.scores[measured.better].mean_wql
