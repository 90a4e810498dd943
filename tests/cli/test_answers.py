"""A wish is told with what the service decided upon it: one that leads to nothing is an error."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest
from click.testing import Result

from infra.local import account
from ops.cli import answering
from services.journal.aws import DynamoBook
from services.journal.questions import answers
from services.journal.questions.answers import Answer
from shared.contracts import names
from shared.contracts.lifecycle import DecisionRecorded
from shared.messaging.errors import Refused
from tests.cli.conftest import Cli, Clients, Files
from tests.cli.test_wishes import put_on
from tests.cli.world import Evaluator, heard, lines
from tests.services.journal.chronicle import Chronicle

TAKEN = "v2 may not serve in production: it was taken from there (rolled back by {}: odd)"
JANE = "arn:aws:iam::123456789012:user/jane"
DEPLOY = ("deploy", "fees", "2", "--stage", "production", "--reason", "back")
ROLLBACK = ("rollback", "fees", "--stage", "production", "--reason", "odd")
MINUTES = count()
Answered = Callable[..., Result]


def decided(cause_id: str, why: str, **changes: Any) -> Chronicle:
    """The deployer's record of a decision by which nothing follows, but for the changes."""
    told = Chronicle()
    told.minute = next(MINUTES)
    values = {
        "service": "deployer",
        "cause_id": cause_id,
        "answered": None,
        "why": why,
        "state_before": "0" * 64,
        "state_after": "0" * 64,
        "actions": (),
        "events": (),
    }
    told.say(DecisionRecorded, because=cause_id, **{**values, **changes})
    return told


@pytest.fixture
def promoted(cli: Cli, aws: Clients, files: Files, evaluator: Evaluator) -> Iterator[None]:
    """Two versions are approved for production, of which the first serves there."""
    files("fees")
    cli("models", "apply", "fees.yaml")
    if not aws("sagemaker").list_endpoints()["Endpoints"]:
        for arn in (evaluator.register("fees"), evaluator.register("fees")):
            aws("sagemaker").update_model_package(
                ModelPackageArn=arn, ModelApprovalStatus="Approved"
            )
            evaluator.life_cycle(arn, "Approved")
        put_on(aws, "fees", "production", 1)
    yield None
    heard(aws, "deployer")


@pytest.fixture
def answered(
    cli: Cli, aws: Clients, url: str, promoted: None, monkeypatch: pytest.MonkeyPatch
) -> Answered:
    """Ask with a deployer that answers, and a journal that hears it."""
    monkeypatch.setattr(answering, "WAIT_S", 20.0)
    heard(aws, "deployer")
    book = DynamoBook(account.client("dynamodb", url, "journal"), names.table("dev", "journal"))

    def ask(arguments: Sequence[str], why: str, **changes: Any) -> Result:
        with ThreadPoolExecutor(1) as pool:
            result = pool.submit(lambda: cli(*arguments))
            wishes: list[Any] = []
            while not wishes and not result.done():
                wishes = [one for one in heard(aws, "deployer") if is_wish(one)]
            for wish in wishes:
                for entry in decided(
                    wish["detail"]["metadata"]["event_id"], why, **changes
                ).entries:
                    book.keep(entry)
            return result.result()

    return ask


def is_wish(event: Any) -> bool:
    """Tell a wish from a fact."""
    return str(event["detail-type"]).endswith("Requested")


def test_a_deployment_that_leads_to_nothing_is_refused_with_the_reason(answered: Answered) -> None:
    result = answered(DEPLOY, TAKEN.format(JANE))
    assert lines(result) == (
        4,
        [
            f"Error: it was refused by deployer: {TAKEN.format('jane')}",
            "Try: `modelcycle versions fees` tells how each stands; "
            '`modelcycle retrain fees --reason "…"` makes another',
        ],
    )
    assert result.stdout == ""


def test_a_roll_back_with_nothing_behind_is_refused_and_says_what_ends_the_forecasts(
    answered: Answered,
) -> None:
    exit_code, told = lines(answered(ROLLBACK, "nothing that may serve is kept behind v1"))
    assert exit_code == 4
    assert told == [
        "Error: it was refused by deployer: nothing that may serve is kept behind v1",
        "Try: to end its forecasts, take the approval back: modelcycle decline fees 1 --revoke",
    ]


def test_what_serves_already_is_refused_without_asking_for_another(answered: Answered) -> None:
    serving = ("deploy", "fees", "1", *DEPLOY[3:])
    exit_code, told = lines(answered(serving, "v1 is in production already, or on its way"))
    assert (exit_code, told[-1]) == (4, "Try: modelcycle status fees")


@pytest.mark.parametrize(
    "follows", [{"actions": ("RollOut",)}, {"events": ("X",)}, {"state_after": "1" * 64}]
)
def test_what_leads_to_something_is_told_with_the_decision(
    answered: Answered, follows: dict[str, Any]
) -> None:
    result = answered(DEPLOY, "v2 waits for production: the model is frozen", **follows)
    assert result.exit_code == 0
    assert result.stdout == "a deployment of fees v2 to production is requested\n"
    assert "deployer: v2 waits for production: the model is frozen" in result.stderr


def test_a_journal_that_cannot_be_read_does_not_make_a_wish_that_was_said_an_error(
    cli: Cli, promoted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: Any) -> Any:
        raise Refused("AccessDeniedException", "not authorized")

    monkeypatch.setattr(DynamoBook, "caused_by", denied)
    result = cli(*DEPLOY)
    assert result.exit_code == 0
    assert "says what became of it" in result.stderr


def test_only_the_decision_upon_the_wish_itself_answers_it() -> None:
    other = decided("another", "no").entries
    outcome = decided("wish", "v2 rolls out", answered="RollOut").entries
    assert answers.answer("wish", [*other, *outcome]) is None
    upon = decided("wish", "it lapses").entries
    expected = Answer("deployer", "it lapses", is_no=True)
    assert answers.answer("wish", [*outcome, *upon]) == expected
