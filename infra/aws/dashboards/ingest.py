"""*Ingest*: do the data come in, in time, and can they be used?"""

from infra.aws import alarm_table
from infra.aws.alarm_table import Statistic, of_queue, ours
from infra.aws.dashboards.widgets import Graph, Line, Text, Widget
from infra.aws.environments import Environment
from shared.contracts import metrics, names


def widgets(environment: Environment) -> list[Widget]:
    """Answer the widgets of an environment."""
    env = environment.name
    records = names.records_queue(env)
    return [
        Text(f"## Ingest of {env}\nRecords become windows; what cannot be used is in quarantine."),
        Graph(
            "Records",
            [
                Line(ours(env, metrics.RECORDS), "records"),
                Line(ours(env, metrics.DUPLICATES), "duplicates"),
                Line(ours(env, metrics.LATE), "late"),
            ],
            "records",
        ),
        Graph(
            "Quarantined records",
            [Line(ours(env, metrics.QUARANTINED), "quarantined")],
            "records",
        ),
        Graph(
            "Lag: how old the latest window is when it is said",
            [
                Line(ours(env, metrics.WINDOW_LAG), "most", Statistic.MAXIMUM),
                Line(ours(env, metrics.WINDOW_LAG), "mean", Statistic.AVERAGE),
            ],
            "seconds",
        ),
        Graph(
            "Series that fell silent, data at fault",
            [
                Line(ours(env, metrics.STALLED), "silent"),
                Line(ours(env, metrics.DATA_FAULT), "at fault"),
            ],
            "times",
            above=0,
        ),
        Graph(
            "Records queue",
            [
                Line(
                    of_queue(records, "ApproximateAgeOfOldestMessage"),
                    "age of the oldest, in seconds",
                    Statistic.MAXIMUM,
                ),
                Line(of_queue(records, "NumberOfMessagesSent"), "batches sent"),
            ],
            "",
            above=alarm_table.QUEUE_AGE_S_MAX,
        ),
    ]
