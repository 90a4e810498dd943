"""The way to ingest in boto3: a message, or a file in S3 where the records do not fit into one."""

import hashlib
import json
from typing import TYPE_CHECKING

from services.ingest.ports import Files
from shared.contracts import limits
from shared.contracts.records import RecordFile
from shared.messaging.aws_errors import translated

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

FOLDER = "polled/"  # of the bucket; what is in it may go after the messages' 14 days in the queue


class RecordsQueue:
    """The records queue of an environment."""

    def __init__(self, client: "SQSClient", queue: str, files: Files) -> None:
        self.client = client
        self.queue = queue
        self.files = files
        self._url = ""

    def send(self, batch_id: str, series: str, lines: list[bytes]) -> None:
        """Send records, each as JSON, as one batch."""
        head = json.dumps({"batch_id": batch_id, "series": series})
        body = f'{head[:-1]}, "records": [{b",".join(lines).decode()}]}}'
        if len(body.encode()) > limits.RECORDS_MESSAGE_BYTES_MAX:
            body = self.file(batch_id, series, lines).model_dump_json()
        with translated():
            self.client.send_message(QueueUrl=self.url(), MessageBody=body)

    def file(self, batch_id: str, series: str, lines: list[bytes]) -> RecordFile:
        """Put records into S3."""
        content = b"\n".join(lines)
        return RecordFile(
            batch_id=batch_id,
            series=series,
            uri=self.files.put(f"{FOLDER}{series}/{batch_id}.jsonl", content),
            sha256=hashlib.sha256(content).hexdigest(),
        )

    def url(self) -> str:
        """Answer the queue's URL, asked for once."""
        if not self._url:
            self._url = self.client.get_queue_url(QueueName=self.queue)["QueueUrl"]
        return self._url
