"""The prepare step as SageMaker runs it."""

import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from algorithms.container import Failure
from algorithms.dataset import arguments
from shared.contracts.manifest import Manifest
from shared.forecasting import deepar_json
from shared.forecasting.deepar_json import Series
from shared.forecasting.grid import Window
from tests.algorithms import sandbox
from tests.algorithms.conftest import START, windows, words


def prepare(root: Path, **changed: str) -> dict[str, Any]:
    """Run the prepare step and answer its manifest."""
    arguments = {name.replace("_", "-"): value for name, value in changed.items()}
    done = sandbox.run(root, "algorithms.dataset.prepare", *words(arguments))
    assert done.returncode == 0, done.stdout + done.stderr
    path = root / "processing/output/manifest/manifest.json"
    manifest: dict[str, Any] = json.loads(path.read_text())
    return manifest


def lines(root: Path, name: str) -> list[Series]:
    """Read a DeepAR file of the output."""
    text = (root / "processing/output" / name).read_text()
    return [deepar_json.read_series(line) for line in text.splitlines()]


def offline(root: Path) -> Path:
    """Answer where the offline store's files lie."""
    return root / "processing/input/offline"


def test_the_manifest_says_what_was_prepared(prepared: Path) -> None:
    text = (prepared / "processing/output/manifest/manifest.json").read_text()
    manifest = Manifest.model_validate_json(text)
    assert (manifest.model, manifest.run_id, manifest.target) == ("fees", "fees-r1", "mean")
    assert (manifest.points, manifest.gaps, manifest.filled) == (500, 0, 0)
    assert manifest.first == START
    assert manifest.cutoff == START + timedelta(hours=499)
    assert manifest.judged_cutoff == START + timedelta(hours=469)
    assert [origin.index for origin in manifest.origins] == [470, 476, 482, 488, 494]
    assert manifest.origins[-1].start == START + timedelta(hours=494)
    assert manifest.quantiles == (0.1, 0.5, 0.9)


def test_every_file_has_the_digest_that_the_manifest_says(prepared: Path) -> None:
    output = prepared / "processing/output"
    manifest = Manifest.model_validate_json((output / "manifest/manifest.json").read_text())
    assert set(manifest.files) == {
        "judged/train.json",
        "full/train.json",
        "backtest/backtest.jsonl",
    }
    for name, digest in manifest.files.items():
        assert hashlib.sha256((output / name).read_bytes()).hexdigest() == digest


def test_nothing_judged_by_the_backtest_is_trained_on(prepared: Path) -> None:
    (full,) = lines(prepared, "full/train.json")
    (judged,) = lines(prepared, "judged/train.json")
    assert judged.target == full.target[:470]
    assert judged.start == full.start == START.replace(tzinfo=None)


def test_each_origin_has_the_points_right_before_it(prepared: Path) -> None:
    (full,) = lines(prepared, "full/train.json")
    instances = lines(prepared, "backtest/backtest.jsonl")
    for instance, index in zip(instances, (470, 476, 482, 488, 494), strict=True):
        assert instance.target == full.target[index - 48 : index]
        assert instance.start == full.start + timedelta(hours=index - 48)


def test_the_same_input_gives_the_same_bytes(prepared: Path, tmp_path: Path) -> None:
    sandbox.write_offline_store(offline(tmp_path), "transactions", windows(500))
    prepare(tmp_path)
    for name in ("full/train.json", "backtest/backtest.jsonl", "manifest/manifest.json"):
        again = (tmp_path / "processing/output" / name).read_bytes()
        assert again == (prepared / "processing/output" / name).read_bytes()


def test_the_last_write_of_a_record_counts_and_a_delete_is_obeyed(tmp_path: Path) -> None:
    made = windows(200)
    sandbox.write_offline_store(offline(tmp_path), "transactions", made)
    later, earlier = START + timedelta(days=30), START - timedelta(days=30)
    revised, outdated, gone, back = (made[2 * hour] for hour in (10, 20, 30, 40))

    def row(window: Window, total: float, **more: Any) -> dict[str, object]:
        changed = Window(window.start, window.count, total)
        return sandbox.offline_row("transactions", changed, **more)

    deleted = row(gone, 0, event_time=later, is_deleted=True)
    deleted |= dict.fromkeys(("series", "window_start", "count", "total"))
    sandbox.write_rows(
        offline(tmp_path) / "year=2025/late.parquet",
        [
            row(revised, 4000.0, event_time=later),
            row(outdated, 4000.0, event_time=earlier),
            deleted,
            row(back, 0, event_time=earlier, is_deleted=True),
        ],
    )
    prepare(tmp_path, target="count")
    (counts,) = lines(tmp_path, "full/train.json")
    prepare(tmp_path, target="sum")
    (sums,) = lines(tmp_path, "full/train.json")
    assert counts.target[9:12] == (8, 8, 8) and counts.target[30] == 4 and counts.target[40] == 8
    assert sums.target[10] == pytest.approx(4000 + made[21].total)
    assert sums.target[20] == pytest.approx(outdated.total + made[41].total)


def test_other_series_of_the_feature_group_are_left_out(tmp_path: Path) -> None:
    sandbox.write_offline_store(offline(tmp_path), "transactions", windows(200))
    sandbox.write_rows(
        offline(tmp_path) / "year=2026/other.parquet",
        [sandbox.offline_row("blocks", Window(START + timedelta(days=400), 1, 1.0))],
    )
    assert prepare(tmp_path)["points"] == 200


def test_holes_are_counted_and_filled_and_partial_ends_dropped(tmp_path: Path) -> None:
    kept = [window for at, window in enumerate(windows(200)) if at not in range(40, 44)][1:-1]
    sandbox.write_offline_store(offline(tmp_path), "transactions", kept)
    manifest = prepare(tmp_path)
    assert (manifest["points"], manifest["gaps"], manifest["filled"]) == (198, 1, 2)
    (full,) = lines(tmp_path, "full/train.json")
    assert full.target[18] == full.target[19] == full.target[20]


def test_only_the_latest_points_are_used_where_a_limit_is_given(tmp_path: Path) -> None:
    sandbox.write_offline_store(offline(tmp_path), "transactions", windows(200))
    manifest = prepare(tmp_path, max_points="150")
    assert manifest["points"] == 150
    assert manifest["first"] == "2025-03-05T02:00:00Z"
    assert manifest["origins"][0]["index"] == 120


def failure(root: Path, **changed: str) -> str:
    """Run a prepare step that must fail and answer what SageMaker would show."""
    named = {name.replace("_", "-"): value for name, value in changed.items()}
    done = sandbox.run(root, "algorithms.dataset.prepare", *words(named))
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    return (root / "output/message").read_text()


def test_too_few_points_are_one_sentence(tmp_path: Path) -> None:
    sandbox.write_offline_store(offline(tmp_path), "transactions", windows(90))
    assert failure(tmp_path) == (
        "The series transactions has 90 points of 3600 s; 100 are needed, 30 of them for the"
        " backtest of 5 origins: import more history or ask for fewer origins."
    )


def test_an_unknown_series_is_one_sentence(tmp_path: Path) -> None:
    sandbox.write_offline_store(offline(tmp_path), "transactions", windows(2))
    assert "The series blocks cannot be used: there are no windows" in failure(
        tmp_path, series="blocks"
    )


def test_a_file_that_is_no_parquet_is_named(tmp_path: Path) -> None:
    path = offline(tmp_path) / "year=2025/broken.parquet"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not this")
    assert "file year=2025/broken.parquet cannot be used" in failure(tmp_path)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    row = sandbox.offline_row("transactions", windows(1)[0])
    del row["total"]
    sandbox.write_rows(offline(tmp_path) / "part.parquet", [row])
    assert "part.parquet cannot be used: it has no column 'total'" in failure(tmp_path)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"series": ""}, "the following arguments are required: --series"),
        ({"target": "median"}, "argument --target: invalid choice: 'median'"),
        ({"horizon": "0"}, "argument --horizon: '0' is not a whole number of 1 or more"),
        ({"stride": "1.5"}, "argument --stride: '1.5' is not a whole number"),
        ({"max-points": "-1"}, "argument --max-points: "),
        ({"quantiles": "0.1,1.5"}, "argument --quantiles: the quantile 1.5 is not between 0 and 1"),
        ({"quantiles": "0.1,x"}, "argument --quantiles: quantiles is not JSON"),
        ({"colour": "red"}, "unrecognized arguments: --colour red"),
    ],
)
def test_wrong_arguments_are_named(changed: dict[str, str], message: str) -> None:
    with pytest.raises(Failure) as caught:
        arguments.parse(words(changed))
    assert message in str(caught.value)
