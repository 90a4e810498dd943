"""Alarms and dashboards: each alarm has its page, what they look at exists, and is counted."""

import json
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from infra.aws import alarm_table, dashboards, definitions
from infra.aws.dashboards.widgets import COLUMNS, body
from infra.aws.environments import URL_CHARACTERS_MAX, Dashboards, Environment
from shared.contracts import metrics
from shared.contracts.algorithms import ALGORITHMS
from shared.contracts.metrics import METRICS, OF_A_MODEL
from shared.messaging.settings import POLLER

RUNBOOKS = Path(__file__).parents[2] / "docs" / "runbooks"
PARTS = ("What it means", "What to look at", "What to do")
CUSTOM_METRICS_MAX = 20
OURS = metrics.namespace("dev")
ALARMS = alarm_table.of_environment("dev", [POLLER])
WEB = "https://example.org/our/runbooks"
ALARMS_SHOWN_MAX = 100  # AWS: in one widget
ALARM_CHARACTERS_MAX = 1_024  # AWS: of an alarm's description

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
        pairs = one.get("Dimensions", ())
        dimensions = frozenset((pair["Name"], pair["Value"]) for pair in pairs)
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
    assert sorted(rows) == sorted(alarm["AlarmName"] for alarm in found)
    for alarm in found:
        page = alarm["AlarmDescription"].rsplit(" ", 1)[1]
        assert (RUNBOOKS.parents[1] / page).is_file()


@pytest.mark.parametrize("alarm", ALARMS, ids=lambda alarm: alarm.full_name("dev"))
def test_an_alarm_links_to_where_people_read_its_page(alarm: alarm_table.Alarm) -> None:
    told = alarm.description(WEB)
    assert told.endswith(f" {WEB}/{alarm.name}.md")
    assert len(alarm.description("x" * URL_CHARACTERS_MAX)) <= ALARM_CHARACTERS_MAX


def test_the_dashboard_links_to_every_page_and_shows_what_rings(environment: Environment) -> None:
    linked = environment.changed(runbooks=WEB)
    ((_, widgets),) = dashboards.dashboards(linked)
    text, ringing, *_ = body(widgets, linked.region)["widgets"]
    for alarm in ALARMS:
        assert f"[{alarm.name}]({WEB}/{alarm.name}.md)" in text["properties"]["markdown"]
    of_account = f"arn:aws:cloudwatch:{linked.region}:{linked.account}:alarm:"
    assert ringing["type"] == "alarm"
    assert ringing["properties"]["alarms"] == [
        of_account + alarm.full_name("dev") for alarm in ALARMS
    ]
    assert len(ALARMS) <= ALARMS_SHOWN_MAX


def test_without_an_address_the_dashboard_names_the_folder(templates: Templates) -> None:
    (board,) = resources(templates, "AWS::CloudWatch::Dashboard")
    text = json.loads(board["DashboardBody"])["widgets"][0]["properties"]["markdown"]
    assert "`docs/runbooks/`" in text


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


def test_every_metric_of_an_alarm_is_on_the_dashboard_but_the_accounts_throttles(
    templates: Templates,
) -> None:
    alarmed = {
        one
        for alarm in resources(templates, "AWS::CloudWatch::Alarm")
        for one in watched(alarm)
        if one[2]  # those of the account are shown by function
    }
    assert alarmed <= {*shown(templates)}


def test_of_every_rule_whose_failures_ring_the_dashboard_shows_what_is_in_no_dead_letters(
    templates: Templates,
) -> None:
    unkept = {dimensions for _, name, dimensions in shown(templates) if name == alarm_table.UNKEPT}
    ringing = [alarm for alarm in ALARMS if alarm.measure.name == alarm_table.UNDELIVERED]
    assert unkept == {frozenset(alarm.measure.dimensions) for alarm in ringing}
    rules = resources(templates, "AWS::Events::Rule")
    assert len(rules) == len(ringing)


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


def test_dashboards_are_three_or_one_of_the_same_widgets(
    environment: Environment, templates: Templates
) -> None:
    (board,) = resources(templates, "AWS::CloudWatch::Dashboard")
    assert board["DashboardName"] == "modelcycle-dev-operators"
    apart = dict(dashboards.dashboards(environment.changed(dashboards=Dashboards.APART)))
    assert list(apart) == ["Operations", "Models", "Ingest"]
    ((name, together),) = dashboards.dashboards(environment)
    assert name == dashboards.TOGETHER
    assert together == [widget for part in apart.values() for widget in part]


@pytest.mark.parametrize("how", Dashboards)
def test_widgets_do_not_overlap(environment: Environment, how: Dashboards) -> None:
    for _, widgets in dashboards.dashboards(environment.changed(dashboards=how)):
        taken: set[tuple[int, int]] = set()
        for widget in body(widgets, environment.region)["widgets"]:
            columns = range(widget["x"], widget["x"] + widget["width"])
            rows = range(widget["y"], widget["y"] + widget["height"])
            cells = {(x, y) for x in columns for y in rows}
            assert not cells & taken
            assert max(columns) < COLUMNS
            taken |= cells
