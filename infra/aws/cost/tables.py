"""The cost of some numbers of models by mode, as text: the README's table is this one.

``python -m infra.aws.cost.tables`` writes it there; a test compares.
"""

from collections.abc import Iterator
from pathlib import Path

from infra.aws.cost import prices as price_file
from infra.aws.cost import resources as counted
from infra.aws.cost.bill import CANNOT, Bill, Mode, bill
from infra.aws.cost.prices import Prices
from infra.aws.cost.resources import Resources
from infra.aws.cost.usage import ASSUMED, EACH_MINUTE, JOURNAL_MODELS_MAX, SAFETY

NUMBERS = (1, 100, 10_000)
AIM_USD = 25  # for one model, serverless
README = Path(__file__).parents[3] / "README.md"
BEGIN = "<!-- cost: written by python -m infra.aws.cost.tables -->\n"
END = "<!-- /cost -->\n"


def dollars(usd: float) -> str:
    """Write an amount: ``$7.25``, ``$1,234``."""
    return f"${usd:,.2f}" if usd < 100 else f"${usd:,.0f}"


def markdown(resources: Resources, prices: Prices) -> str:
    """Write the table of the README."""
    return "\n".join(_markdown(resources, prices)) + "\n"


def _markdown(resources: Resources, prices: Prices) -> Iterator[str]:
    heads = " | ".join(f"{n:,} model{'s' if n > 1 else ''}" for n in NUMBERS)
    yield f"| serving | {heads} | what it cannot do |"
    yield f"|---|{'---:|' * len(NUMBERS)}---|"
    for mode in Mode:
        row = [bill(n, mode, resources, prices, polls=False) for n in NUMBERS]
        cells = " | ".join(dollars(one.usd) for one in row)
        yield f"| {mode} | {cells} | {CANNOT[mode]} |"
    one = bill(1, Mode.SERVERLESS, resources, prices, polls=False)
    polled = bill(1, Mode.SERVERLESS, resources, prices, polls=True)
    yield ""
    yield (
        f"One model, serverless, aimed at ${AIM_USD} at most: {dollars(one.usd)} by the price "
        f"list, "
        f"{dollars(one.usd_beyond_free)} in an account that does nothing else, by what AWS gives "
        f"every account free of charge; {dollars(polled.usd - one.usd)} more where a public source "
        f"is polled. {sentence(one)}"
    )


def sentence(one: Bill) -> str:
    """Say what the most of it is spent on."""
    most = list(one.by_subject().items())[:4]
    return "Most of it: " + ", ".join(f"{what} {dollars(usd)}" for what, usd in most) + "."


def assumptions(prices: Prices) -> tuple[str, ...]:
    """Say what the amounts rest on."""
    checked = "checked then" if prices.checked else "not checked against AWS's pages: do so first"
    each = EACH_MINUTE
    return (
        f"prices of {prices.region}, written {prices.written}, {checked}",
        "each model has a series of its own with windows of one minute, 100 records a minute",
        f"measured a minute and model, times {SAFETY:g}: {each.dynamodb_writes:g} write units, "
        f"{each.events:g} events, {each.invocations:g} calls of functions beside the journal's",
        f"custom metrics are paid for by the hours in which they are written: "
        f"{ASSUMED.metrics_always} in all, each other in {ASSUMED.metric_hours_a_model:g} a month",
        f"{ASSUMED.forecasts_a_day:g} forecasts a day of {ASSUMED.forecast_seconds:g} s, "
        f"{ASSUMED.trainings_a_month:g} trainings a month, no saving by spot capacity",
        f"the journal has been kept for {ASSUMED.journal_months:g} months; its table and its pages "
        "in S3 grow on for as long as the environment's file says",
        "point-in-time recovery of all tables but the journal's (`journal.recovery`)",
        f"events stay in the archive for {ASSUMED.archive_days:g} days, logs for "
        f"{ASSUMED.log_days:g}",
        "not counted: images in ECR, traffic to the internet, the network of a VPC, support, taxes",
        "beyond some thousand models one sweep no longer ends within its time limit, the standard "
        f"parameters of SSM are used up, and (at {JOURNAL_MODELS_MAX:,}) DynamoDB takes no more "
        "into the journal's index of all events: several environments are needed",
    )


def main() -> None:
    """Write the table into the README."""
    text = README.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    table = markdown(counted.load(), price_file.load())
    README.write_text(f"{before}{BEGIN}{table}{END}{after}")


if __name__ == "__main__":
    main()
