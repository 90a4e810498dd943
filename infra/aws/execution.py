"""What SageMaker may do in our name: a role each for pipelines, jobs, endpoints and features.

A row that nothing asks which we have SageMaker do says why (`unseen`); the tests compare both ways.
"""

from collections.abc import Mapping

from infra.aws.environments import Environment
from infra.aws.grants import Grant, Places, Role, use_of_key
from shared.contracts import names, windows
from shared.contracts.algorithms import DATASET_REPOSITORY
from shared.contracts.names import Execution

SAGEMAKER = "sagemaker.amazonaws.com"
PIPELINES, JOBS = Execution.PIPELINES, Execution.JOBS
ENDPOINTS, FEATURES = Execution.ENDPOINTS, Execution.FEATURES
OFFLINE = f"{windows.OFFLINE_PREFIX}/"
GLUE_DATABASE = "sagemaker_featurestore"


def roles(environment: Environment) -> Mapping[Execution, Role]:
    """Answer the roles that SageMaker takes, by what they are for."""
    places = Places(environment)
    rows = {
        PIPELINES: ("starts the jobs of a training", pipelines(places)),
        JOBS: ("the programs that prepare, train and forecast", jobs(places)),
        ENDPOINTS: ("what serves a version", endpoints(places)),
        FEATURES: ("the feature group, which writes its offline store", features(places)),
    }
    return {
        part: Role(names.execution_role(environment.name, part), SAGEMAKER, why, grants)
        for part, (why, grants) in rows.items()
    }


def pipelines(places: Places) -> tuple[Grant, ...]:
    """Write the rows of the role that a pipeline takes; its jobs have another."""
    kinds = {"ProcessingJob": "processing-job", "TrainingJob": "training-job"}
    kinds["TransformJob"] = "transform-job"
    jobs_of = tuple(
        Grant(
            tuple(f"sagemaker:{verb}{kind}" for verb in ("Create", "Describe")),
            places.jobs(resource),
            why="a step of a training",
        )
        for kind, resource in kinds.items()
    )
    stops = tuple(
        Grant(
            (f"sagemaker:Stop{kind}",),
            places.jobs(resource),
            why="a step of a training that is stopped",
            unseen="only where a person stops it, or another step of it fails",
        )
        for kind, resource in kinds.items()
    )
    return (
        *jobs_of,
        *stops,
        Grant(
            ("sagemaker:CreateModel", "sagemaker:DescribeModel"),
            places.jobs("model"),
            why="the model that makes the batch forecast",
        ),
        Grant(
            ("sagemaker:AddTags",),
            places.jobs(*kinds.values(), "model"),
            why="SageMaker tags what a pipeline makes with the pipeline",
        ),
        Grant(
            ("iam:PassRole",),
            (places.role(names.execution_role(places.env, JOBS)),),
            why="the jobs take this role",
            when={"StringEquals": {"iam:PassedToService": (SAGEMAKER,)}},
        ),
    )


def jobs(places: Places) -> tuple[Grant, ...]:
    """Write the rows of the role that processing, training and transform jobs take."""
    only_our_key = {
        "ForAnyValue:StringEquals": {"kms:ResourceAliases": (names.key_alias(places.env),)}
    }
    return (
        Grant(
            ("s3:GetObject",),
            places.objects(OFFLINE, "runs/"),
            why="the windows that are learnt from; what the step before left",
        ),
        Grant(("s3:PutObject",), places.objects("runs/"), why="what a step makes"),
        Grant(
            ("s3:AbortMultipartUpload",),
            places.objects("runs/"),
            why="an upload that fails leaves nothing that costs money",
            unseen="only where an upload fails",
        ),
        *container(places, DATASET_REPOSITORY),
        Grant(
            ("kms:CreateGrant",),
            (places.keys(),),
            why="disks of jobs are encrypted with the environment's key",
            when={**only_our_key, "Bool": {"kms:GrantIsForAWSResource": ("true",)}},
        ),
        Grant(
            ("kms:DescribeKey",),
            (places.keys(),),
            why="SageMaker looks at the key before it grants disks the use of it",
            when=only_our_key,
        ),
        *network(places),
    )


def endpoints(places: Places) -> tuple[Grant, ...]:
    """Write the rows of the role that a SageMaker model takes where it serves."""
    return (
        Grant(("s3:GetObject",), places.objects("runs/"), why="the artifact"),
        *container(places),
        *network(places),
    )


def container(places: Places, *repositories: str) -> tuple[Grant, ...]:
    """Allow what SageMaker does around any container: find files, pull, print, measure, decrypt;
    the images are the algorithms', and those of some more repositories."""
    return (
        Grant(
            ("s3:ListBucket", "s3:GetBucketLocation"),
            (places.bucket(),),
            why="a prefix is copied file by file",
        ),
        Grant(("ecr:GetAuthorizationToken",), ("*",), why="images are pulled with a token"),
        Grant(
            ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
            places.images(*repositories),
            why="the images of the programs",
        ),
        Grant(
            ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"),
            (places.log_group("/aws/sagemaker/*"),),
            why="what a program prints; SageMaker makes these groups when they are first needed",
        ),
        Grant(
            ("logs:DescribeLogStreams",),
            (places.log_group("/aws/sagemaker/*"),),
            why="SageMaker looks for the stream that it goes on with",
        ),
        Grant(
            ("cloudwatch:PutMetricData",),
            ("*",),
            why="how busy machines are",
            when={"StringLike": {"cloudwatch:namespace": ("/aws/sagemaker/*", "aws/sagemaker/*")}},
        ),
        use_of_key(places, "s3", "sagemaker", unseen=""),
    )


def network(places: Places) -> tuple[Grant, ...]:
    """Allow network interfaces, where the environment keeps its containers in a VPC."""
    if places.environment.vpc is None:
        return ()
    return (
        Grant(
            (
                "ec2:CreateNetworkInterface",
                "ec2:CreateNetworkInterfacePermission",
                "ec2:DeleteNetworkInterface",
                "ec2:DeleteNetworkInterfacePermission",
                "ec2:DescribeDhcpOptions",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
            ),
            ("*",),
            why="containers live in the environment's VPC",
        ),
    )


def features(places: Places) -> tuple[Grant, ...]:
    """Write the rows of the role that the feature group takes."""
    database = tuple(places.of("glue", one) for one in ("catalog", f"database/{GLUE_DATABASE}"))
    table = places.of("glue", f"table/{GLUE_DATABASE}/*")
    return (
        Grant(
            ("s3:PutObject", "s3:GetObject", "s3:PutObjectAcl"),
            places.objects(OFFLINE),
            why="the offline store",
        ),
        Grant(
            ("s3:GetBucketAcl", "s3:GetBucketLocation", "s3:ListBucket"),
            (places.bucket(),),
            why="SageMaker checks the bucket when the group is made",
        ),
        Grant(("glue:GetDatabase",), database, why="where that table is"),
        Grant(
            ("glue:GetTable", "glue:UpdateTable"),
            (*database, table),
            why="the table by which the offline store can be queried",
        ),
        use_of_key(places, "s3", "sagemaker", "dynamodb", unseen=""),
    )
