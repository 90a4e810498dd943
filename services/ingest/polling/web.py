"""HTTP by the standard library: nothing more is in the bundle."""

from collections.abc import Mapping
from http.client import HTTPException, HTTPResponse
from urllib.error import HTTPError
from urllib.request import OpenerDirector, Request, build_opener

from services.ingest.polling.ports import Answer, UnreachableError
from shared.contracts import limits

AGENT = "modelcycle"


class Urllib:
    """`Web` by urllib."""

    def __init__(self, opener: OpenerDirector | None = None) -> None:
        self.opener = opener or build_opener()

    def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        """Ask, and answer whatever status comes."""
        request = Request(url, headers={"User-Agent": AGENT, **headers})  # noqa: S310  # of our table
        try:
            with self.opener.open(request, timeout=limits.POLL_ANSWER_SECONDS_MAX) as response:
                return read(response)
        except HTTPError as error:
            with error:
                named = {name.lower(): value for name, value in error.headers.items()}
                return Answer(error.code, named, b"")
        except UnreachableError:
            raise
        except (OSError, HTTPException) as error:
            raise UnreachableError(f"{type(error).__name__}: {error}") from error


def read(response: HTTPResponse) -> Answer:
    """Read an answer; raise UnreachableError if it is too large, or ends too early."""
    body = response.read(limits.POLL_ANSWER_BYTES_MAX + 1)
    if len(body) > limits.POLL_ANSWER_BYTES_MAX:
        raise UnreachableError(f"more than {limits.POLL_ANSWER_BYTES_MAX:,} bytes")
    if response.length:
        raise UnreachableError(f"cut short: {response.length} bytes are missing")
    named = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status, named, body)
