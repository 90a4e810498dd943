"""LightGBM's pipeline; ``make pipelines`` writes it to ``pipeline.json``.

Prepare → Train, on what comes before the held-out points → its model → Forecast of those points;
beside them Refit, on everything: that artifact ships.
"""

import json
from pathlib import Path

from sagemaker.mlops.workflow.pipeline import Pipeline

from algorithms import authoring


def pipeline() -> Pipeline:
    """Answer the pipeline; its name is the environment's business."""
    specification = Path(__file__).with_name("hyperparameters.json").read_text(encoding="utf-8")
    bench = authoring.Bench(
        authoring.defaults(json.loads(specification)),
        processing="ml.t3.medium",
        training="ml.m5.large",
        transform="ml.m5.large",
    )
    prepare = bench.prepare()
    train = bench.train("Train", authoring.dataset(prepare, "judged"), "judged")
    refit = bench.train("Refit", authoring.dataset(prepare, "full"), "shipped")
    model = bench.model("CreateJudgedModel", train)
    return Pipeline(
        parameters=list(bench.parameters.values()),
        steps=[prepare, train, refit, model, bench.forecast(model, prepare)],
        pipeline_experiment_config=None,
        sagemaker_session=bench.session,
    )
