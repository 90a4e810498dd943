"""What is wrong with a template is found before anybody deploys it."""

from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_sqs as sqs

from infra.aws import checks, findings
from infra.aws.findings import Finding


def app_with_a_queue(folder: Path, *accepted: Finding) -> cdk.App:
    """Answer an app with a queue that has no dead letters and lets TLS be."""
    app = cdk.App(outdir=str(folder), analytics_reporting=False)
    queue = sqs.Queue(cdk.Stack(app, "stack"), "Queue", enforce_ssl=True)
    findings.accept(queue, *accepted)
    return app


def test_a_finding_without_a_reason_ends_the_synthesis(tmp_path: Path) -> None:
    with pytest.raises(checks.FindingsError, match="cdk-nag has findings"):
        checks.synthesize(app_with_a_queue(tmp_path))


def test_a_finding_with_a_reason_does_not(tmp_path: Path) -> None:
    app = app_with_a_queue(tmp_path, Finding.DEAD_LETTERS_OF_DEAD_LETTERS)
    findings.accept_because(app, "AwsSolutions-SQS3", "a test of its own")
    checks.synthesize(app)
    assert (tmp_path / "stack.template.json").exists()


def test_a_wrong_template_is_told_with_its_place(tmp_path: Path) -> None:
    template = tmp_path / "wrong.template.json"
    template.write_text('{"Resources": {"Queue": {"Type": "AWS::SQS::Queu"}}}')
    with pytest.raises(checks.FindingsError, match=r"(?s)AWS::SQS::Queu.*wrong\.template\.json"):
        checks.lint([template])
