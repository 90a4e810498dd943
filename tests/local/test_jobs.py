"""Jobs do real work in real processes and walk through SageMaker's statuses."""

import io
import json
import os
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from infra.local.processes import Children
from infra.local.sagemaker import storage, transform
from infra.local.sagemaker.core import Caller, ServiceError
from infra.local.sagemaker.job import ENDED, ServedModel
from infra.local.sagemaker.jobs import Jobs
from infra.local.sagemaker.runner import algorithm_images, inside, repository
from tests.local.documented import TWINS, all_keys, documented_keys, missing, read
from tests.local.world import IMAGE, REPOSITORY, ROLE, World, fixture_runner, until

Shapes = Mapping[str, Any]
CALLER = Caller("modelcycle-trainer", "modelcycle-trainer")
INPUT = {"s3://data/in/a.txt": b"1 2\n", "s3://data/in/deep/b.txt": b"6\n"}


class Yard:
    """Jobs with everything around them."""

    def __init__(self, folder: Path, children: Children) -> None:
        self.world = World()
        self.world.objects.content.update(INPUT)
        self.models: dict[str, ServedModel] = {}
        self.seconds = 0.0
        self.folder = folder
        self.jobs = Jobs(
            self.world.surroundings,
            fixture_runner(children),
            folder,
            self.models.get,
            elapsed_s=lambda: self.seconds,
        )

    def train(self, name: str, **changes: Any) -> None:
        self.jobs.create_training_job({**training_request(name), **changes}, CALLER)

    def process(self, name: str, *arguments: str, **changes: Any) -> None:
        request = {**processing_request(name, *arguments), **changes}
        self.jobs.create_processing_job(request, CALLER)

    def transform(self, name: str, **changes: Any) -> None:
        self.jobs.create_transform_job({**transform_request(name), **changes}, CALLER)

    def see(self, word: str, name: str) -> dict[str, Any]:
        describe = getattr(self.jobs, f"describe_{word.lower()}_job")
        seen: dict[str, Any] = describe({f"{word}JobName": name}, CALLER)
        return seen

    def finish(self, word: str, name: str) -> dict[str, Any]:
        status = f"{word}JobStatus"
        until(lambda: self.see(word, name)[status] in ENDED, self.jobs.tick)
        return self.see(word, name)

    def until_log_has(self, word: str, name: str, said: str) -> None:
        log = self.folder / "logs" / f"{word.lower()}-job-{name}.log"
        until(lambda: log.exists() and said in log.read_text(), self.jobs.tick)


def training_request(name: str, mood: str = "good", image: str = IMAGE) -> dict[str, Any]:
    return {
        "TrainingJobName": name,
        "HyperParameters": {"mood": mood},
        "AlgorithmSpecification": {
            "TrainingImage": image,
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "loss", "Regex": "loss=([0-9.]+)"}],
        },
        "RoleArn": ROLE,
        "InputDataConfig": [
            {"ChannelName": "train", "DataSource": {"S3DataSource": s3_prefix("s3://data/in")}}
        ],
        "OutputDataConfig": {"S3OutputPath": "s3://data/out/"},
        "ResourceConfig": {
            "InstanceType": "ml.m5.large",
            "InstanceCount": 1,
            "VolumeSizeInGB": 1,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        "Tags": [{"Key": "model", "Value": "fees"}],
    }


def processing_request(name: str, factor: str = "2") -> dict[str, Any]:
    source, target = "/opt/ml/processing/input/numbers", "/opt/ml/processing/output/more"
    return {
        "ProcessingJobName": name,
        "ProcessingInputs": [
            {
                "InputName": "numbers",
                "S3Input": {
                    **s3_prefix("s3://data/in"),
                    "LocalPath": source,
                    "S3InputMode": "File",
                },
            }
        ],
        "ProcessingOutputConfig": {
            "Outputs": [
                {
                    "OutputName": "more",
                    "S3Output": {
                        "S3Uri": "s3://data/more",
                        "LocalPath": target,
                        "S3UploadMode": "EndOfJob",
                    },
                }
            ]
        },
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceCount": 1,
                "InstanceType": "ml.m5.large",
                "VolumeSizeInGB": 1,
            }
        },
        "AppSpecification": {
            "ImageUri": IMAGE,
            "ContainerEntrypoint": ["python3", "-m", "tests.local.fixture_algorithms.mean.prepare"],
            "ContainerArguments": [factor, source, target],
        },
        "RoleArn": ROLE,
    }


def transform_request(name: str) -> dict[str, Any]:
    return {
        "TransformJobName": name,
        "ModelName": "mean",
        "BatchStrategy": "SingleRecord",
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/ask"}},
            "ContentType": "application/jsonlines",
            "SplitType": "Line",
        },
        "TransformOutput": {"S3OutputPath": "s3://data/told", "AssembleWith": "Line"},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
    }


def s3_prefix(uri: str) -> dict[str, str]:
    return {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with Children() as children:
        yard = Yard(tmp_path, children)
        yield yard
        children.close()
        yard.jobs.close()


@pytest.fixture(scope="module")
def api() -> Any:
    return botocore.session.get_session().get_service_model("sagemaker")


def unpacked(body: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        opened = {entry.name: archive.extractfile(entry) for entry in archive}
        return {name: stream.read() for name, stream in opened.items() if stream is not None}


def assert_shaped(api: Any, operation: str, response: Mapping[str, Any]) -> None:
    report = ParamValidator().validate(response, api.operation_model(operation).output_shape)
    assert not report.has_errors(), report.generate_report()


def test_training_leaves_an_artifact_metrics_and_its_walk(yard: Yard, api: Any) -> None:
    yard.train("fees-1")
    assert yard.see("Training", "fees-1")["SecondaryStatus"] == "Starting"

    seen = yard.finish("Training", "fees-1")

    artifact = "s3://data/out/fees-1/output/model.tar.gz"
    assert seen["TrainingJobStatus"] == "Completed"
    assert seen["ModelArtifacts"] == {"S3ModelArtifacts": artifact}
    assert [step["Status"] for step in seen["SecondaryStatusTransitions"]] == [
        "Starting",
        "Downloading",
        "Training",
        "Uploading",
        "Completed",
    ]
    assert [(m["MetricName"], m["Value"]) for m in seen["FinalMetricDataList"]] == [("loss", 3.0)]
    assert unpacked(yard.world.objects.get(artifact)) == {"model.json": b'{"mean": 3.0}'}
    assert_shaped(api, "DescribeTrainingJob", seen)


def test_a_program_finds_the_container_contract_and_none_of_our_own_variables(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "somebody's own")
    yard.train("fees-1", Environment={"GREETING": "/opt/ml/model"})
    yard.finish("Training", "fees-1")

    output = yard.world.objects.get("s3://data/out/fees-1/output/output.tar.gz")
    seen = json.loads(unpacked(output)["seen.json"])
    root = str(yard.folder / "training-job" / "fees-1")
    assert seen["SM_CHANNEL_TRAIN"] == f"{root}/input/data/train"
    assert seen["GREETING"] == f"{root}/model"
    assert (seen["SM_HP_MOOD"], seen["TRAINING_JOB_NAME"]) == ("good", "fees-1")
    assert (seen["OMP_NUM_THREADS"], seen["AWS_REGION"]) == ("1", "eu-central-1")
    assert seen["AWS_ACCESS_KEY_ID"] == "modelcycle-jobs"
    assert "AWS_SESSION_TOKEN" not in seen
    assert {seen["AWS_CONFIG_FILE"], seen["AWS_SHARED_CREDENTIALS_FILE"]} == {os.devnull}
    assert not (yard.folder / "training-job" / "fees-1").exists()  # gone with its job


def test_the_same_training_gives_the_same_artifact_to_the_byte(yard: Yard) -> None:
    yard.train("one")
    yard.train("two")
    yard.finish("Training", "one")
    yard.finish("Training", "two")
    first, second = (
        yard.world.objects.get(f"s3://data/out/{name}/output/model.tar.gz")
        for name in ("one", "two")
    )
    assert first == second


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"HyperParameters": {"mood": "bad"}},
            "AlgorithmError: the numbers do not add up, exit code: 3",
        ),
        ({"HyperParameters": {"mood": "dumb"}}, "AlgorithmError: last words, exit code: 1"),
        (
            {
                "AlgorithmSpecification": {
                    "TrainingImage": f"{IMAGE[:-6]}median:1",
                    "TrainingInputMode": "File",
                }
            },
            "ClientError: Cannot pull algorithm container. Either the image"
            " 123456789012.dkr.ecr.eu-central-1.amazonaws.com/modelcycle/median:1",
        ),
        (
            {
                "InputDataConfig": [
                    {
                        "ChannelName": "train",
                        "DataSource": {"S3DataSource": s3_prefix("s3://data/void/x")},
                    }
                ]
            },
            "ClientError: Data download failed:S3 key matching prefix"
            ' "void/x" does not exist in bucket "data"',
        ),
        (
            {"OutputDataConfig": {"S3OutputPath": "s3://no-bucket/x"}},
            "ClientError: there is no bucket for s3://no-bucket/x",
        ),
    ],
    ids=["failure file", "last words", "unknown image", "no input", "no bucket"],
)
def test_a_training_that_goes_wrong_says_whose_fault_it_is(
    yard: Yard, change: Shapes, reason: str
) -> None:
    yard.train("fees-1", **change)
    seen = yard.finish("Training", "fees-1")
    assert seen["TrainingJobStatus"] == seen["SecondaryStatus"] == "Failed"
    assert seen["FailureReason"].startswith(reason)
    assert yard.world.details("SageMaker Training Job State Change")[-1]["FailureReason"]


def test_a_stopped_training_saves_what_it_has(yard: Yard) -> None:
    yard.train("fees-1", HyperParameters={"mood": "slow"})
    yard.until_log_has("Training", "fees-1", "waiting")

    yard.jobs.stop_training_job({"TrainingJobName": "fees-1"}, CALLER)
    assert yard.see("Training", "fees-1")["TrainingJobStatus"] == "Stopping"
    seen = yard.finish("Training", "fees-1")

    assert seen["TrainingJobStatus"] == seen["SecondaryStatus"] == "Stopped"
    assert seen["ModelArtifacts"]["S3ModelArtifacts"] in yard.world.objects.content
    with pytest.raises(ServiceError, match="rejected because the job is in status Stopped"):
        yard.jobs.stop_training_job({"TrainingJobName": "fees-1"}, CALLER)


def test_a_training_that_outlives_its_limit_is_stopped(yard: Yard) -> None:
    yard.train("fees-1", HyperParameters={"mood": "slow"})
    yard.until_log_has("Training", "fees-1", "waiting")
    yard.seconds = 61.0
    seen = yard.finish("Training", "fees-1")
    assert seen["TrainingJobStatus"] == "Stopped"
    assert seen["SecondaryStatus"] == "MaxRuntimeExceeded"


def test_a_job_stopped_before_it_began_never_runs(yard: Yard) -> None:
    yard.train("fees-1")
    yard.jobs.stop_training_job({"TrainingJobName": "fees-1"}, CALLER)
    yard.jobs.tick()
    seen = yard.see("Training", "fees-1")
    assert (seen["TrainingJobStatus"], "TrainingStartTime" in seen) == ("Stopped", False)


def test_only_two_containers_run_at_a_time(yard: Yard) -> None:
    for name in ("one", "two", "three"):
        yard.train(name, HyperParameters={"mood": "slow"})
    for name in ("one", "two"):
        yard.until_log_has("Training", name, "waiting")
    assert yard.see("Training", "three")["SecondaryStatus"] == "Starting"

    yard.jobs.stop_training_job({"TrainingJobName": "one"}, CALLER)
    yard.until_log_has("Training", "three", "waiting")
    assert yard.jobs.running() == 2


def test_closing_ends_what_runs_without_waiting_for_its_work(yard: Yard) -> None:
    yard.train("fees-1", HyperParameters={"mood": "slow"})
    yard.until_log_has("Training", "fees-1", "waiting")
    yard.jobs.close()
    yard.until_log_has("Training", "fees-1", "epoch 2")  # it heard the signal and saved
    assert yard.jobs.running() == 0


def test_processing_reads_and_writes_s3_through_its_folders(yard: Yard, api: Any) -> None:
    yard.process("prepare-1")
    seen = yard.finish("Processing", "prepare-1")
    assert seen["ProcessingJobStatus"] == "Completed"
    assert yard.world.objects.get("s3://data/more/a.txt") == b"2.0\n4.0"
    assert yard.world.objects.get("s3://data/more/b.txt") == b"12.0"
    assert_shaped(api, "DescribeProcessingJob", seen)


def test_a_failed_processing_tells_its_exit_message_and_writes_nothing(yard: Yard) -> None:
    yard.process("prepare-1", "0")
    seen = yard.finish("Processing", "prepare-1")
    assert seen["ProcessingJobStatus"] == "Failed"
    assert seen["ExitMessage"] == "a factor of 0 leaves nothing to train on"
    assert seen["FailureReason"] == f"AlgorithmError: {seen['ExitMessage']}, exit code: 1"
    assert not yard.world.objects.list("s3://data/more")


def serve_mean(yard: Yard, **environment: str) -> None:
    folder = yard.folder / "made"
    folder.mkdir()
    (folder / "model.json").write_text('{"mean": 3}')
    yard.world.objects.content |= {
        "s3://data/model.tar.gz": storage.pack(folder),
        "s3://data/ask/sub/one.jsonl": b"1\n2\n\n3\n",
        "s3://data/ask/two.jsonl": b"4",
    }
    yard.models["mean"] = ServedModel(IMAGE, "s3://data/model.tar.gz", environment)


@pytest.mark.parametrize("strategy", ["SingleRecord", "MultiRecord"])
def test_transform_answers_every_line_in_its_place(yard: Yard, api: Any, strategy: str) -> None:
    serve_mean(yard)
    yard.transform("ask-1", BatchStrategy=strategy)
    seen = yard.finish("Transform", "ask-1")
    assert (seen["TransformJobStatus"], seen.get("FailureReason")) == ("Completed", None)
    answers = yard.world.objects.get("s3://data/told/sub/one.jsonl.out").splitlines()
    assert [json.loads(answer)["answer"] for answer in answers] == [4.0, 5.0, 6.0]
    assert json.loads(answers[0])["batch"] == "true"
    assert json.loads(yard.world.objects.get("s3://data/told/two.jsonl.out"))["answer"] == 7.0
    assert_shaped(api, "DescribeTransformJob", seen)


def test_an_answer_other_than_200_fails_the_transform(yard: Yard) -> None:
    serve_mean(yard)
    yard.world.objects.content["s3://data/ask/two.jsonl"] = b"four"
    yard.transform("ask-1")
    seen = yard.finish("Transform", "ask-1")
    assert seen["TransformJobStatus"] == "Failed"
    assert seen["FailureReason"] == "ClientError: /invocations answered 400: that is no number"


def test_a_model_that_cannot_be_loaded_fails_the_transform_with_its_last_words(yard: Yard) -> None:
    serve_mean(yard, MOOD="bad")
    yard.transform("ask-1")
    seen = yard.finish("Transform", "ask-1")
    reason = "AlgorithmError: this model cannot be loaded, exit code: 1"
    assert (seen["TransformJobStatus"], seen["FailureReason"]) == ("Failed", reason)


def test_a_transform_that_is_stopped_ends_stopped(yard: Yard) -> None:
    serve_mean(yard)
    yard.transform("ask-1")
    yard.jobs.tick()
    yard.jobs.stop_transform_job({"TransformJobName": "ask-1"}, CALLER)
    assert yard.finish("Transform", "ask-1")["TransformJobStatus"] == "Stopped"


@pytest.mark.parametrize(
    ("body", "request_", "payloads"),
    [
        (b"a\nb\n", {"BatchStrategy": "SingleRecord"}, [b"a", b"b"]),
        (b"a\nb\n", {"BatchStrategy": "MultiRecord"}, [b"a\nb"]),
        (b"a\nb\n", {"TransformInput": {}}, [b"a\nb\n"]),
        (b"", {}, []),
        (b"x" * 2**19 + b"\n" + b"y" * 2**19, {"MaxPayloadInMB": 1}, [b"x" * 2**19, b"y" * 2**19]),
    ],
    ids=["one by one", "together", "unsplit", "empty", "together as far as they fit"],
)
def test_input_is_split_as_the_request_says(
    body: bytes, request_: Shapes, payloads: list[bytes]
) -> None:
    request = {"TransformInput": {"SplitType": "Line"}, **request_}
    assert list(transform.records(body, request)) == payloads


@given(
    lines=st.lists(
        st.binary(min_size=1, max_size=9).filter(lambda b: b.strip() and b"\n" not in b)
    ),
    single=st.booleans(),
)
def test_no_record_is_lost_or_moved_by_splitting(lines: list[bytes], single: bool) -> None:
    request = {
        "TransformInput": {"SplitType": "Line"},
        "BatchStrategy": "SingleRecord" if single else "MultiRecord",
    }
    payloads = list(transform.records(b"\n".join(lines), request))
    assert b"\n".join(payloads) == b"\n".join(lines)
    assert not single or payloads == lines


@given(st.dictionaries(st.text("ab", min_size=1, max_size=3), st.binary(max_size=9), max_size=4))
def test_a_packed_folder_unpacks_to_itself(content: dict[str, bytes]) -> None:
    with TemporaryDirectory() as place:
        before, after = Path(place, "before"), Path(place, "after")
        before.mkdir()
        for name, body in content.items():
            (before / name).write_bytes(body)
        storage.unpack(storage.pack(before), after)
        assert {path.name: path.read_bytes() for path in after.iterdir()} == content


def test_a_record_over_the_payload_limit_is_the_clients_fault() -> None:
    request = {"TransformInput": {"SplitType": "Line"}, "MaxPayloadInMB": 1}
    with pytest.raises(storage.JobError, match="ClientError: record 2 has 1048577 bytes"):
        list(transform.records(b"a\n" + b"b" * (2**20 + 1), request))


@pytest.mark.parametrize("word", ["Training", "Processing", "Transform"])
def test_names_are_unique_and_unknown_ones_are_refused(yard: Yard, word: str) -> None:
    yard.models["mean"] = ServedModel(IMAGE, None, {})
    begin = {"Training": yard.train, "Processing": yard.process, "Transform": yard.transform}[word]
    begin("Fees-1")
    with pytest.raises(ServiceError, match=f"{word.lower()}-job/fees-1") as refused:
        begin("Fees-1")
    assert refused.value.code == "ResourceInUse"
    with pytest.raises(ServiceError) as unknown:
        yard.see(word, "fees-2")
    assert unknown.value.code == "ValidationException"


@pytest.mark.parametrize(
    ("word", "change", "message"),
    [
        ("transform", {"ModelName": "median"}, 'Could not find model ".*model/median"'),
        ("train", {"ResourceConfig": {"InstanceCount": 2}}, "set InstanceCount to 1"),
        ("train", {"AlgorithmSpecification": {"AlgorithmName": "x"}}, "by .*TrainingImage only"),
        ("train", {"InputDataConfig": training_request("x")["InputDataConfig"] * 2}, "unique"),
        (
            "process",
            {"ProcessingInputs": [{"InputName": "x", "S3Input": {"S3DataType": "ManifestFile"}}]},
            "S3DataType S3Prefix",
        ),
        (
            "process",
            {
                "ProcessingInputs": [
                    {
                        "InputName": "x",
                        "S3Input": {
                            **s3_prefix("s3://data/in"),
                            "LocalPath": "/opt/ml/processing/../../x",
                        },
                    }
                ]
            },
            "LocalPath must lie below /opt/ml/processing",
        ),
        ("process", {"AppSpecification": {"ImageUri": IMAGE}}, "needs a ContainerEntrypoint"),
    ],
)
def test_what_the_local_aws_has_not_is_refused_before_a_job_begins(
    yard: Yard, word: str, change: Shapes, message: str
) -> None:
    yard.models["mean"] = ServedModel(IMAGE, None, {})
    with pytest.raises(ServiceError, match=message) as refused:
        getattr(yard, word)("fees-1", **change)
    assert refused.value.code == "ValidationException"
    assert yard.jobs.running() == 0


def test_jobs_are_listed_by_status(yard: Yard, api: Any) -> None:
    yard.train("one")
    yard.finish("Training", "one")
    yard.world.pass_time(1)
    yard.train("two")
    completed = yard.jobs.list_training_jobs({"StatusEquals": "Completed"}, CALLER)
    everything = yard.jobs.list_training_jobs({}, CALLER)
    assert [row["TrainingJobName"] for row in completed["TrainingJobSummaries"]] == ["one"]
    assert [row["TrainingJobName"] for row in everything["TrainingJobSummaries"]] == ["one", "two"]
    assert_shaped(api, "ListTrainingJobs", everything)


OPEN_MAPS = (".HyperParameters.", ".Environment.", ".Tags.")
KEY = "arn:aws:kms:eu-central-1:123456789012:key/k"
# All that the guides print of a request; the container of a job is none the wiser
WHOLE: Shapes = {
    "Training": {
        "InputDataConfig": [
            {
                "ChannelName": "train",
                "DataSource": {"S3DataSource": s3_prefix("s3://data/in")},
                "ContentType": "text/plain",
                "CompressionType": "None",
                "RecordWrapperType": "None",
            }
        ],
        "OutputDataConfig": {"S3OutputPath": "s3://data/out/", "KmsKeyId": KEY},
        "ResourceConfig": {
            "InstanceType": "ml.m5.large",
            "InstanceCount": 1,
            "VolumeSizeInGB": 1,
            "VolumeKmsKeyId": KEY,
        },
        "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]},
    },
    "Processing": {
        "ProcessingOutputConfig": {
            **processing_request("any")["ProcessingOutputConfig"],
            "KmsKeyId": KEY,
        },
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceCount": 1,
                "InstanceType": "ml.m5.large",
                "VolumeSizeInGB": 1,
                "VolumeKmsKeyId": KEY,
            }
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        "NetworkConfig": {
            "EnableInterContainerTrafficEncryption": True,
            "EnableNetworkIsolation": False,
            "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]},
        },
        "ExperimentConfig": {},
    },
    "Transform": {
        "MaxConcurrentTransforms": 1,
        "MaxPayloadInMB": 6,
        "Environment": {"DEEPAR_INFERENCE_CONFIG": "{}"},
        "TransformInput": {
            **transform_request("any")["TransformInput"],
            "CompressionType": "None",
        },
        "TransformOutput": {
            **transform_request("any")["TransformOutput"],
            "Accept": "application/jsonlines",
            "KmsKeyId": KEY,
        },
    },
}


@pytest.mark.parametrize("word", WHOLE)
def test_events_have_every_documented_field_and_no_other(yard: Yard, word: str) -> None:
    serve_mean(yard)
    begin = {"Training": yard.train, "Processing": yard.process, "Transform": yard.transform}[word]
    begin("fees-1", **WHOLE[word])
    yard.finish(word, "fees-1")
    events = yard.world.details(f"SageMaker {word} Job State Change")
    kind = f"sagemaker-{word.lower()}-job-state-change"
    documented = documented_keys(f"{kind}*.json")
    assert {event[f"{word}JobStatus"] for event in events} == {"InProgress", "Completed"}
    for event in events:
        unknown = all_keys(event) - documented
        assert {key for key in unknown if not key.startswith(OPEN_MAPS)} == set()
        assert event["FailureReason"] is None
        assert isinstance(event["CreationTime"], int)
    absent = documented - all_keys(events[-1])
    assert {key for key in absent if not key.startswith(OPEN_MAPS)} == set()
    twin = read(TWINS / f"{kind}.json")["detail"]
    ours = json.loads(json.dumps(events[-1]))
    assert [said for said in missing(twin, ours) if not said.startswith(OPEN_MAPS)] == []
    last = events[-1]
    assert isinstance(last[f"{word}EndTime"], int)
    assert yard.world.events[-1][1] == [last[f"{word}JobArn"]]


def test_processing_events_shout_the_enums_inside(yard: Yard) -> None:
    yard.process("prepare-1")
    detail = yard.world.details("SageMaker Processing Job State Change")[0]
    given = detail["ProcessingInputs"][0]["S3Input"]
    assert (given["S3DataType"], given["S3InputMode"]) == ("S3_PREFIX", "FILE")
    assert given["S3DataDistributionType"] == "FULLYREPLICATED"
    output = detail["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]
    assert output["S3UploadMode"] == "END_OF_JOB"


@pytest.mark.parametrize(
    ("prefix", "names"),
    [
        ("s3://b/in", ["a", "deep/b"]),
        ("s3://b/in/", ["a", "deep/b"]),
        ("s3://b/in/a", ["a"]),
        ("s3://b/in/de", ["deep/b"]),
    ],
)
def test_objects_keep_their_names_below_the_prefix(prefix: str, names: list[str]) -> None:
    world = World()
    world.objects.content = {"s3://b/in/a": b"", "s3://b/in/deep/b": b"", "s3://b/in/deep/": b""}
    assert [name for _, name in storage.matches(world.objects, prefix)] == names


def test_keys_and_archives_that_climb_out_of_their_folder_are_refused(tmp_path: Path) -> None:
    world = World()
    world.objects.content = {"s3://b/in/../../x": b""}
    with pytest.raises(storage.JobError, match="not a path below"):
        storage.fetch(world.objects, "s3://b/in", tmp_path)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("../x"))
    with pytest.raises(storage.JobError, match="not a path below"):
        storage.unpack(packed.getvalue(), tmp_path / "model")
    with pytest.raises(storage.JobError, match="Failed to extract model data archive"):
        storage.unpack(b"no archive", tmp_path / "model")


def test_links_inside_of_an_archive_become_copies_and_those_out_of_it_are_refused(
    tmp_path: Path,
) -> None:
    def archive_with_a_link_to(target: str) -> bytes:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            folder = tarfile.TarInfo("code")
            folder.type = tarfile.DIRTYPE
            archive.addfile(folder)
            content = tarfile.TarInfo("code/model.txt")
            content.size = 2
            archive.addfile(content, io.BytesIO(b"ok"))
            link = tarfile.TarInfo("code/latest.txt")
            link.type, link.linkname = tarfile.SYMTYPE, target
            archive.addfile(link)
        return packed.getvalue()

    storage.unpack(archive_with_a_link_to("model.txt"), tmp_path / "in")
    latest = tmp_path / "in" / "code" / "latest.txt"
    assert latest.read_bytes() == b"ok"
    assert not latest.is_symlink()
    for outside in ("/etc/hostname", "../../x"):
        with pytest.raises(storage.JobError, match="Failed to extract model data archive"):
            storage.unpack(archive_with_a_link_to(outside), tmp_path / "out")


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ("/opt/ml", "/box"),
        ("/opt/ml/model", "/box/model"),
        ("--input=/opt/ml/x:/opt/ml/y", "--input=/box/x:/box/y"),
        ("/opt/mlflow", "/opt/mlflow"),
        ("/srv/opt/ml/x", "/srv/opt/ml/x"),
    ],
)
def test_paths_below_opt_ml_move_into_the_sandbox(text: str, moved: str) -> None:
    assert inside(Path("/box"), text) == moved


def test_every_algorithm_is_an_image() -> None:
    images = algorithm_images(REPOSITORY)
    assert images["modelcycle/lightgbm"] == "algorithms.lightgbm"
    assert repository(IMAGE) == "modelcycle/mean"
    assert repository("1.dkr.ecr.x.amazonaws.com/modelcycle/dataset@sha256:ab") == (
        "modelcycle/dataset"
    )
