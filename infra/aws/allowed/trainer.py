"""What the trainer may do."""

from infra.aws.allowed.common import told_of_absent, worker
from infra.aws.grants import Grant, Places
from shared.contracts.names import ModelParameter


def rows(places: Places) -> tuple[Grant, ...]:
    """Answer the rows of the trainer."""
    executions = tuple(f"{one}/execution/*" for one in places.pipelines())
    return (
        *worker(places, "trainer"),
        Grant(
            ("ssm:GetParameter",),
            (
                *places.parameters("/series/*"),
                *places.parameter(ModelParameter.SPEC, ModelParameter.HYPERPARAMETERS),
            ),
            why="what is declared, and what people set at run time",
        ),
        Grant(
            ("ssm:GetParametersByPath",),
            places.parameters("", "/series/*"),
            why="which models there are, and which read a series",
        ),
        Grant(
            ("s3:GetObject",),
            places.objects("series/", "runs/"),
            why="how much data there is; what a run made, and its digest",
        ),
        told_of_absent(places),
        Grant(
            ("sagemaker:StartPipelineExecution",),
            places.pipelines(),
            why="a training is an execution of the algorithm's pipeline",
        ),
        Grant(
            ("sagemaker:ListPipelineExecutions",),
            places.pipelines(),
            why="a run is looked up before it is started",
        ),
        Grant(
            ("sagemaker:DescribePipelineExecution", "sagemaker:ListPipelineExecutionSteps"),
            executions,
            why="how a run is going, and what it made",
        ),
        Grant(
            ("sagemaker:DescribeTrainingJob",),
            places.jobs("training-job"),
            why="where a training job left its model",
        ),
        Grant(
            ("sagemaker:DescribeProcessingJob",),
            places.jobs("processing-job"),
            why="why the prepare step failed, in its own words",
            unseen="only where the prepare step failed",
        ),
        Grant(
            ("sagemaker:DescribeFeatureGroup",),
            (places.feature_group(),),
            why="where the offline store keeps its files",
        ),
    )
