"""Answer each invocation with the model's mean plus the number that was sent."""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

model = Path(os.environ["MODELCYCLE_ML_ROOT"]) / "model" / "model.json"
if os.environ.get("MOOD") == "bad":
    sys.exit("this model cannot be loaded")
mean = json.loads(model.read_text())["mean"]


class Handler(BaseHTTPRequestHandler):
    """The two paths of the contract."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:  # noqa: N802
        """Answer the ping."""
        self.answer(200, b"")

    def do_POST(self) -> None:  # noqa: N802
        """Answer one payload, each line of it."""
        lines = self.rfile.read(int(self.headers["Content-Length"])).split()
        try:
            numbers = [mean + float(line) for line in lines]
        except ValueError:
            self.answer(400, b"that is no number")
        else:
            batch = os.environ.get("SAGEMAKER_BATCH", "false")
            said = [json.dumps({"answer": number, "batch": batch}) for number in numbers]
            self.answer(200, "\n".join(said).encode())

    def answer(self, status: int, body: bytes) -> None:
        """Send an answer of known length, so that the connection can stay open."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


HTTPServer(("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), Handler).serve_forever()
