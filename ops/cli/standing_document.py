"""Where a model stands, for programs: keys are only ever added."""

from typing import Any

from ops.cli import output
from ops.cli.endpoints import Serving
from ops.cli.past import Live
from ops.cli.standing import Judged, Standing
from ops.cli.version_rows import in_production
from shared.contracts.names import Stage
from shared.contracts.specs import SeriesSpec


def as_document(one: Standing, series: SeriesSpec | None) -> dict[str, Any]:
    """Describe where a model stands for programs."""
    data, run, steps = one.data, one.run, one.next_steps()
    return {
        "model": one.spec.model,
        "series": one.spec.series,
        "algorithm": one.spec.algorithm,
        "frozen": one.spec.frozen,
        "data": data
        and {
            "first": output.iso(data.first),
            "last": output.iso(data.last),
            "windows": data.windows,
            "points": one.points(series) if series else None,
            "points_needed": one.spec.history_points,
        },
        "run": run
        and {
            "run_id": run.run_id,
            "status": run.status,
            "started_at": output.iso(run.started_at),
            "execution_arn": run.execution_arn,
        },
        "stages": {stage.value: serving_document(found) for stage, found in one.stages.items()},
        "aged_out": one.aged_out.words if one.aged_out else None,
        "live": live_document(one.live) if one.live else None,
        "versions": [
            version_document(each, one.stages.get(Stage.PRODUCTION)) for each in one.versions
        ],
        "next": steps[0] if steps else None,
        "next_steps": list(steps),
    }


def serving_document(serving: Serving | None) -> dict[str, Any] | None:
    """Describe an endpoint."""
    if serving is None:
        return None
    return {
        "endpoint": serving.endpoint,
        "status": serving.status,
        "version": serving.version,
        "coming": serving.coming,
        "config": serving.config,
        "modified_at": output.iso(serving.modified_at),
        "reason": serving.reason or None,
    }


def live_document(live: Live) -> dict[str, Any]:
    """Describe the latest verdict on what serves production."""
    measured = live.measured
    return {
        "version": measured.version,
        "at": output.iso(live.at),
        "mean_wql": measured.mean_wql,
        "baseline_mean_wql": measured.baseline_wql,
        "limit": measured.limit,
        "points": measured.points,
        "breached": measured.breached,
        "breaches_in_a_row": live.breaches,
        "breaches_may_be_more": not live.is_all,
    }


def version_document(one: Judged, production: Serving | None) -> dict[str, Any]:
    """Describe a version."""
    version, described = one.version, one.described
    return {
        "version": version.number,
        "package_arn": version.arn,
        "run_id": described.registration.run_id if described.registration else None,
        "approval": version.approval.value,
        "approval_note": described.approval_note or None,
        "production": version.production.value if version.production else None,
        "approval_revoked": one.is_revoked,
        "in_production": in_production(one, production),
        "undone": one.undone.words if one.undone else None,
        "production_note": described.production_note or None,
        "registered_at": output.iso(version.registered_at),
        "modified_at": output.iso(described.modified_at),
        "modified_by": described.modified_by,
        "mean_wql": one.score,
        "baseline_mean_wql": one.baseline,
        "champion_mean_wql": one.champion,
        "limit": one.limit,
    }
