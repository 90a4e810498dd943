"""The table of algorithms: the next one is one folder under ``algorithms/`` and one row here."""

from collections.abc import Mapping
from typing import Any, Literal

from shared.contracts.complaints import Complaint, SpecError, shown, suggestion
from shared.contracts.frozen import Frozen

DATASET_REPOSITORY = "modelcycle/dataset"  # in ECR: the prepare step, common to all algorithms

Setting = int | float | str
"""A hyperparameter as users write it."""


class Whole(Frozen):
    """A hyperparameter that is a whole number between two others, both included."""

    kind: Literal["int"] = "int"
    name: str
    default: int
    least: int
    greatest: int
    description: str


class Real(Frozen):
    """A hyperparameter that is a finite number between two others, both included."""

    kind: Literal["float"] = "float"
    name: str
    default: float
    least: float
    greatest: float
    description: str


class Choice(Frozen):
    """A hyperparameter that is one of a few words."""

    kind: Literal["choice"] = "choice"
    name: str
    default: str
    choices: tuple[str, ...]
    description: str


Hyperparameter = Whole | Real | Choice


class Instances(Frozen):
    """SageMaker instance types by what they do."""

    processing: str
    training: str
    transform: str
    endpoint: str


class Algorithm(Frozen):
    """What the services must know about one algorithm; all else is in its folder."""

    name: str
    """Folder under ``algorithms/`` and, with the environment, name of the pipeline."""
    image_repository: str
    """Repository in ECR; the tag or digest is the deployment's business."""
    hyperparameters: tuple[Hyperparameter, ...]
    """What users may set; what follows from the spec (FROM_SPEC) is not among them."""
    refit: bool
    """Whether the last step trains once more on everything, and that artifact ships."""
    smoke_tolerance: float
    """Mean absolute difference allowed between the endpoint's median and the batch forecast's,
    relative to the mean absolute batch forecast. Without a refit both come from one artifact;
    with one the endpoint has seen the held-out points, so that they may differ."""
    instances_per_request: int
    """Series sent to an endpoint in one request, so that an answer stays well within 60 s."""
    min_points: int
    """Fewest points that a training can begin with, those held out not counted."""
    context_points_min: int
    """Fewest points before an origin that are given to a forecast."""
    context_seasons: int
    """Seasons before an origin that are given to a forecast, where they are more than that."""
    instances: Instances

    def context_points(self, season: int) -> int:
        """Points before an origin that a forecast is given, for a season of `season` points."""
        return max(self.context_points_min, self.context_seasons * season)


LIGHTGBM = Algorithm(
    name="lightgbm",
    image_repository="modelcycle/lightgbm",
    hyperparameters=(
        Whole(
            name="num_boost_round",
            default=60,
            least=10,
            greatest=1_000,
            description="Trees in the booster of each quantile.",
        ),
        Real(
            name="learning_rate",
            default=0.1,
            least=0.001,
            greatest=1.0,
            description="Weight of each tree; half of it needs twice the trees.",
        ),
        Whole(
            name="num_leaves",
            default=8,
            least=2,
            greatest=255,
            description="Leaves of a tree at most.",
        ),
        Whole(
            name="min_data_in_leaf",
            default=100,
            least=1,
            greatest=10_000,
            description="Training rows in a leaf at least; fewer follow the noise.",
        ),
        Whole(
            name="train_points",
            default=6_000,
            least=300,
            greatest=20_000,
            description="Latest points to train on; older ones cost time and teach little.",
        ),
        Whole(
            name="seed",
            default=0,
            least=0,
            greatest=2**31 - 1,
            description="Seed of all chance: the same data and seed give the same model.",
        ),
    ),
    refit=True,
    smoke_tolerance=0.5,
    instances_per_request=50,
    min_points=300,
    context_points_min=288,
    context_seasons=2,
    instances=Instances(
        processing="ml.t3.medium",
        training="ml.m5.large",
        transform="ml.m5.large",
        endpoint="ml.t2.medium",
    ),
)

ALGORITHMS: Mapping[str, Algorithm] = {row.name: row for row in (LIGHTGBM,)}

# Hyperparameters that every algorithm is given and no user sets: name → key of the spec
FROM_SPEC: Mapping[str, str] = {
    "prediction_length": "horizon",
    "time_freq": "frequency",
    "season_length": "season",
    "test_quantiles": "quantiles",
}


def find(name: str) -> Algorithm:
    """Find an algorithm by its name.

    Raises
    ------
    SpecError
        If there is none of that name; the text points to the nearest.
    """
    if name not in ALGORITHMS:
        problem = f"unknown algorithm {name!r}; {suggestion(name, ALGORITHMS)}"
        raise SpecError(Complaint("algorithm", problem))
    return ALGORITHMS[name]


def check(algorithm: Algorithm, given: Mapping[str, Setting]) -> dict[str, str]:
    """Complete the hyperparameters that a user gave, as the strings that SageMaker takes.

    Returns
    -------
    dict
        Every hyperparameter of the algorithm, in the order of its row, defaults filled in.

    Raises
    ------
    SpecError
        With one complaint for each unknown name and each value of a wrong type or out of range.
    """
    known = {parameter.name: parameter for parameter in algorithm.hyperparameters}
    complaints = [
        Complaint(f"hyperparameters.{name}", problem)
        for name, value in given.items()
        if (problem := _problem(algorithm, known, name, value))
    ]
    if complaints:
        raise SpecError(*complaints)
    return {
        name: _as_text(parameter, given.get(name, parameter.default))
        for name, parameter in known.items()
    }


def sagemaker_specification(algorithm: Algorithm) -> list[dict[str, Any]]:
    """Describe the user's hyperparameters in SageMaker's own schema (HyperParameterSpecification).

    The algorithm's ``hyperparameters.json`` says the same and FROM_SPEC on top; tests compare them.
    """
    return [
        {
            "Name": parameter.name,
            "Description": parameter.description,
            **_sagemaker_range(parameter),
            "IsTunable": parameter.name not in {"seed", "train_points"},
            "IsRequired": False,
            "DefaultValue": _as_text(parameter, parameter.default),
        }
        for parameter in algorithm.hyperparameters
    ]


def _problem(
    algorithm: Algorithm, known: Mapping[str, Hyperparameter], name: str, value: Setting
) -> str | None:
    if name in FROM_SPEC:
        return f"follows from the spec's {FROM_SPEC[name]!r}: set that and remove this"
    if name not in known:
        return f"unknown to {algorithm.name}; {suggestion(name, known)}"
    match known[name]:
        case Choice(choices=choices):
            wanted = f"one of {', '.join(map(repr, choices))}"
            fits = value in choices
        case Whole(least=least, greatest=greatest):
            wanted = f"a whole number from {least} to {greatest}"
            fits = isinstance(value, int) and type(value) is int and least <= value <= greatest
        case Real(least=least, greatest=greatest):
            wanted = f"a number from {least} to {greatest}"
            fits = (
                isinstance(value, int | float)
                and not isinstance(value, bool)
                and least <= value <= greatest  # NaN is within no range
            )
    return None if fits else f"must be {wanted}, got {shown(value)}"


def _as_text(parameter: Hyperparameter, value: Setting) -> str:
    return str(float(value)) if isinstance(parameter, Real) else str(value)


def _sagemaker_range(parameter: Hyperparameter) -> dict[str, Any]:
    match parameter:
        case Whole(least=least, greatest=greatest):
            kind, key = "Integer", "IntegerParameterRangeSpecification"
            extent: dict[str, Any] = {"MinValue": str(least), "MaxValue": str(greatest)}
        case Real(least=least, greatest=greatest):
            kind, key = "Continuous", "ContinuousParameterRangeSpecification"
            extent = {"MinValue": str(least), "MaxValue": str(greatest)}
        case Choice(choices=choices):
            kind, key = "Categorical", "CategoricalParameterRangeSpecification"
            extent = {"Values": list(choices)}
    return {"Type": kind, "Range": {key: extent}}
