"""Alarms and dashboards: each alarm has its page, what they look at exists, and is counted."""

import json
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from infra.aws import alarm_table, definitions
from infra.aws.dashboards import DASHBOARDS
from infra.aws.dashboards.widgets import COLUMNS
from infra.aws.environments import Environment
from shared.contracts import metrics
from shared.contracts.algorithms import ALGORITHMS
from shared.contracts.metrics import METRICS, OF_A_MODEL
from shared.contracts.subscriptions import SERVICES

RUNBOOKS = Path(__file__).parents[2] / "docs" / "runbooks"
PARTS = ("What it means", "What to look at", "What to do")
CUSTOM_METRICS_MAX = 20
OURS = metrics.namespace("dev")
ALARMS = [
    *alarm_table.of_platform("dev"),
    *(alarm for service in SERVICES for alarm in alarm_table.of_service("dev", service)),
]

Templates = Mapping[str, Mapping[str, Any]]
Measured = tuple[str, str, frozenset[tuple[str, str]]]


def resources(templates: Templates, kind: str) -> list[dict[str, Any]]:
    return [
        one["Properties"]
        for template in templates.values()
        for one in template["Resources"].values()
        if one["Type"] == kind
    ]


def physical_names(templates: Templates) -> set[str]:
    keys = ("FunctionName", "QueueName", "Name", "PipelineName")
    return {
        one["Properties"][key]
        for template in templates.values()
        for one in template["Resources"].values()
        for key in keys
        if isinstance(one.get("Properties", {}).get(key), str)
    }


def watched(alarm: Mapping[str, Any]) -> Iterator[Measured]:
    stats = [one["MetricStat"]["Metric"] for one in alarm.get("Metrics", ()) if "MetricStat" in one]
    for one in stats or [alarm]:
        dimensions = frozenset((pair["Name"], pair["Value"]) for pair in one["Dimensions"])
        yield one["Namespace"], one["MetricName"], dimensions


def shown(templates: Templates) -> Iterator[Measured]:
    for board in resources(templates, "AWS::CloudWatch::Dashboard"):
        for widget in json.loads(board["DashboardBody"])["widgets"]:
            for line in widget["properties"].get("metrics", ()):
                if "expression" in line[0]:
                    continue
                namespace, name, *flat = line[:-1]
                yield namespace, name, frozenset(zip(flat[::2], flat[1::2], strict=True))


def searched(templates: Templates) -> set[str]:
    return {
        line[0]["expression"]
        for board in resources(templates, "AWS::CloudWatch::Dashboard")
        for widget in json.loads(board["DashboardBody"])["widgets"]
        for line in widget["properties"].get("metrics", ())
        if isinstance(line[0], dict)
    }


def test_every_alarm_has_a_runbook_and_every_runbook_an_alarm() -> None:
    pages = {path.stem for path in RUNBOOKS.glob("*.md")} - {"README"}
    assert pages == {alarm.name for alarm in ALARMS}


@pytest.mark.parametrize("page", sorted(RUNBOOKS.glob("*.md")), ids=lambda path: path.stem)
def test_a_runbook_is_a_page_that_says_what_to_do(page: Path) -> None:
    text = page.read_text()
    assert len(text.splitlines()) <= 60
    if page.stem != "README":
        places = [text.index(f"## {part}\n") for part in PARTS]
        assert all(first < second for first, second in pairwise(places))


def test_every_alarm_of_the_table_is_in_the_templates_and_links_to_its_page(
    templates: Templates,
) -> None:
    found = resources(templates, "AWS::CloudWatch::Alarm")
    rows = {alarm.full_name("dev"): alarm for alarm in ALARMS}
    assert rows.keys() <= {alarm["AlarmName"] for alarm in found}
    names = [alarm["AlarmName"] for alarm in found]
    assert len(names) == len(set(names))
    for alarm in found:
        page = alarm["AlarmDescription"].rsplit(" ", 1)[1]
        assert (RUNBOOKS.parents[1] / page).is_file()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_training_is_not_stuck_while_a_step_takes_what_it_may(
    environment: Environment, algorithm: str
) -> None:
    path = Path(__file__).parents[2] / "algorithms" / algorithm / "pipeline.json"
    assert environment.spot
    definition = definitions.of_environment(json.loads(path.read_text()), environment)
    longest = max(longest_s(step) for step in definition["Steps"])
    assert longest == alarm_table.RUN_AGE_S_MAX


def longest_s(step: Mapping[str, Any]) -> int:
    """Answer how long a step may wait for a machine, and then its last job."""
    patience: int = max(60 * policy.get("ExpireAfterMin", 0) for policy in step["RetryPolicies"])
    stopping = step["Arguments"].get("StoppingCondition", {})
    return patience + int(max(stopping.values(), default=0))  # its running, or that with waiting


def test_alarms_tell_operators_when_they_begin_and_when_they_end(templates: Templates) -> None:
    for alarm in resources(templates, "AWS::CloudWatch::Alarm"):
        (topic,) = alarm["AlarmActions"]
        assert str(topic).endswith(":modelcycle-dev-alarms")
        assert alarm["OKActions"] == alarm["AlarmActions"]


def test_what_alarms_and_dashboards_look_at_is_there(templates: Templates) -> None:
    known = physical_names(templates)
    written = {(row.name, frozenset(row.dimensions().items())) for row in METRICS}
    looked_at = {*shown(templates)}
    for alarm in resources(templates, "AWS::CloudWatch::Alarm"):
        looked_at |= {*watched(alarm)}
    for namespace, name, dimensions in looked_at:
        if namespace == OURS:
            assert (name, dimensions) in written, f"no service writes {name} {dimensions}"
        else:
            missing = {value for _, value in dimensions} - known
            assert not missing, f"{namespace} {name}: {missing} is in no template"


def test_every_metric_that_is_paid_for_is_looked_at(templates: Templates) -> None:
    seen = {(name, dimensions) for space, name, dimensions in shown(templates) if space == OURS}
    assert seen == {(row.name, frozenset(row.dimensions().items())) for row in METRICS}
    assert len(seen) <= CUSTOM_METRICS_MAX


def test_templates_make_no_custom_metrics_of_their_own(templates: Templates) -> None:
    """Metric filters of logs would be custom metrics, too."""
    kinds = {
        one["Type"] for template in templates.values() for one in template["Resources"].values()
    }
    assert "AWS::Logs::MetricFilter" not in kinds


def test_models_that_ask_are_found_by_search_and_no_model_is_named(templates: Templates) -> None:
    assert len(searched(templates)) == len(OF_A_MODEL)
    for expression in searched(templates):
        assert expression.startswith(f"SEARCH('{{{OURS},service,stage,model}}")


def test_there_are_three_dashboards_whose_widgets_do_not_overlap(templates: Templates) -> None:
    boards = resources(templates, "AWS::CloudWatch::Dashboard")
    assert {board["DashboardName"] for board in boards} == {
        f"modelcycle-dev-{name.lower()}" for name in DASHBOARDS
    }
    for board in boards:
        taken: set[tuple[int, int]] = set()
        for widget in json.loads(board["DashboardBody"])["widgets"]:
            columns = range(widget["x"], widget["x"] + widget["width"])
            rows = range(widget["y"], widget["y"] + widget["height"])
            cells = {(x, y) for x in columns for y in rows}
            assert not cells & taken
            assert max(columns) < COLUMNS
            taken |= cells
