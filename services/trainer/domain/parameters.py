"""ONE MAPPING: from a spec to the parameters of an algorithm's pipeline.

The names are those of ``algorithms/<name>/pipeline.json``; a test compares them.
"""

import re
from collections.abc import Mapping
from contextlib import suppress

from shared.contracts import algorithms
from shared.contracts.algorithms import Algorithm, Real, Setting, Whole
from shared.contracts.frozen import Frozen
from shared.contracts.specs import ModelSpec
from shared.forecasting import deepar_json, frequency


class Site(Frozen):
    """Where an environment has its things."""

    env: str
    bucket: str
    role_arn: str
    image_registry: str
    image_tag: str

    def image(self, repository: str) -> str:
        """Name an image."""
        return f"{self.image_registry}/{repository}:{self.image_tag}"

    def output_uri(self, run_id: str) -> str:
        """Answer the prefix of all that a run writes."""
        return f"s3://{self.bucket}/runs/{run_id}"


def hyperparameters(spec: ModelSpec, at_run_time: Mapping[str, str]) -> dict[str, str]:
    """Complete the spec's hyperparameters, those set at run time before all.

    Raises
    ------
    SpecError
        If one is unknown to the algorithm, or out of its range.
    """
    row = algorithms.find(spec.algorithm)
    said = {name: read_setting(row, name, text) for name, text in at_run_time.items()}
    return algorithms.check(row, {**spec.hyperparameters, **said})


def read_setting(row: Algorithm, name: str, text: str) -> Setting:
    """Read a text as the kind of value that a hyperparameter has; leave it where it does not
    fit."""
    parameter = next((one for one in row.hyperparameters if one.name == name), None)
    if isinstance(parameter, Whole) and re.fullmatch(r"[+-]?\d+", text):
        return int(text)
    if isinstance(parameter, Real):
        with suppress(ValueError):
            return float(text)
    return text


def of_run(
    site: Site,
    run_id: str,
    spec: ModelSpec,
    window_s: int,
    chosen: Mapping[str, str],
    offline_store_uri: str,
) -> dict[str, str]:
    """Answer the parameters of one execution.

    Parameters
    ----------
    window_s : int
        Of the series.
    chosen : Mapping
        The algorithm's hyperparameters, all of them.
    offline_store_uri : str
        Where the feature group's Parquet is.
    """
    row = algorithms.find(spec.algorithm)
    frequency_s = int(spec.frequency.total_seconds())
    return {
        "Model": spec.model,
        "RunId": run_id,
        "RoleArn": site.role_arn,
        "Image": site.image(row.image_repository),
        "DatasetImage": site.image(algorithms.DATASET_REPOSITORY),
        "OutputUri": site.output_uri(run_id),
        "OfflineStoreUri": offline_store_uri,
        "Series": spec.series,
        "Target": spec.target.value,
        "WindowSeconds": str(window_s),
        "FrequencySeconds": str(frequency_s),
        "TimeFreq": frequency.spell(frequency_s),
        "Horizon": str(spec.horizon),
        "Season": str(spec.season_points),
        "Quantiles": deepar_json.write_quantiles(spec.quantiles),
        "Origins": str(spec.backtest.origins),
        "Stride": str(spec.stride_points),
        "ContextPoints": str(spec.context_points),
        "MinPoints": str(spec.history_points),
        "ProcessingInstanceType": row.instances.processing,
        "TrainingInstanceType": row.instances.training,
        "TransformInstanceType": row.instances.transform,
        **chosen,
    }
