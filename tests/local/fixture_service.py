"""A tiny function for the tests of the function host: each message says what is to be done."""

import json
import os
import time
from pathlib import Path
from typing import Any

MAPPED = {"string": "not an object", "nameless": {"batchItemFailures": [{"id": "x"}]}}


def handler(event: dict[str, Any], context: Any) -> Any:
    """Do what the messages say; note each, with what was seen of the world."""
    failures = []
    for record in event["Records"]:
        message = json.loads(record["body"])
        note({"message": message, "record": record, "left_ms": left(context)})
        match message.get("do"):
            case "fail":
                failures.append({"itemIdentifier": record["messageId"]})
            case "fail once" if record["attributes"]["ApproximateReceiveCount"] == "1":
                failures.append({"itemIdentifier": record["messageId"]})
            case "raise":
                raise ValueError("as told")
            case "die once" if record["attributes"]["ApproximateReceiveCount"] == "1":
                os._exit(9)
            case "sleep":
                time.sleep(message["seconds"])
            case "answer":
                return MAPPED[message["what"]]
            case _:
                pass
    return {"batchItemFailures": failures}


def left(context: Any) -> int:
    """Answer the remaining time, as services ask for it."""
    return int(context.get_remaining_time_in_millis())


def note(content: dict[str, Any]) -> None:
    """Append a line to the file that the tests read."""
    with Path(os.environ.get("NOTES", os.devnull)).open("a") as notes:
        notes.write(json.dumps({**content, "pid": os.getpid(), "sees": dict(os.environ)}) + "\n")
