"""*Models*: how good is what serves, and when did it change?"""

from infra.aws.alarm_table import Measure, Statistic, ours
from infra.aws.dashboards.widgets import Graph, Line, Search, Text, Widget
from infra.aws.environments import Environment
from shared.contracts import metrics, names
from shared.contracts.algorithms import ALGORITHMS
from shared.contracts.metrics import Metric

HOUR_S = 3_600


def widgets(environment: Environment) -> list[Widget]:
    """Answer the widgets of an environment."""
    env = environment.name
    loss = metrics.LOSS
    return [
        Text(
            f"## Models of {env}\nAll models together; below, each that asks with "
            "`own_metrics: true`. One model's story: `modelcycle status MODEL`"
        ),
        Graph(
            "Loss (mean wQL) against limit and baseline: mean of all verdicts",
            [
                Line(ours(env, loss.mean_wql), "loss", Statistic.AVERAGE),
                Line(ours(env, loss.limit), "limit", Statistic.AVERAGE),
                Line(ours(env, loss.baseline_wql), "baseline", Statistic.AVERAGE),
            ],
            "mean wQL",
            period_s=HOUR_S,
        ),
        Graph(
            "Coverage of the outermost quantiles",
            [Line(ours(env, metrics.COVERAGE), "covered", Statistic.AVERAGE)],
            "share",
            period_s=HOUR_S,
        ),
        Graph(
            "Verdicts that are breaches",
            [Line(ours(env, metrics.BREACH), "share of verdicts", Statistic.AVERAGE)],
            "share",
            period_s=HOUR_S,
        ),
        Graph(
            "Degraded, recovered",
            [
                Line(ours(env, metrics.DEGRADED), "degraded"),
                Line(ours(env, metrics.RECOVERED), "recovered"),
            ],
            "models",
            period_s=HOUR_S,
        ),
        Graph(
            "New versions in production, and retrainings",
            [Line(ours(env, metrics.IN_PRODUCTION), "versions"), *_retrainings(env)],
            "",
            period_s=HOUR_S,
        ),
        Text("### Models that ask for metrics of their own"),
        *(
            Graph(title, [_of_each_model(env, metric)], unit, period_s=HOUR_S)
            for title, metric, unit in (
                ("Loss", loss.mean_wql, "mean wQL"),
                ("Limit", loss.limit, "mean wQL"),
                ("Baseline", loss.baseline_wql, "mean wQL"),
                ("Coverage", metrics.COVERAGE, "share"),
            )
        ),
    ]


def _retrainings(env: str) -> list[Line]:
    return [
        Line(
            Measure(
                "AWS/Sagemaker/ModelBuildingPipeline",
                "ExecutionStarted",
                (("PipelineName", names.pipeline(env, algorithm)),),
            ),
            f"{algorithm}: retrainings",
        )
        for algorithm in ALGORITHMS
    ]


def _of_each_model(env: str, metric: Metric) -> Search:
    dimensions = ",".join((*metric.dimensions(), metrics.MODEL))
    found = f'{{{metrics.namespace(env)},{dimensions}}} MetricName="{metric.name}"'
    return Search(f"SEARCH('{found}', '{Statistic.AVERAGE.value}', {HOUR_S})")
