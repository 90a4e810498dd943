"""``modelcycle cost``: what an environment costs in a month, before there is one."""

import click

from infra.aws.cost import prices, resources, tables
from infra.aws.cost.bill import CANNOT, Bill, Mode, bill
from ops.cli import output

MODELS_MAX = 1_000_000


@click.command()
@click.option(
    "--models",
    type=click.IntRange(1, MODELS_MAX),
    default=1,
    show_default=True,
    help="How many models, each on a series of its own with windows of one minute.",
)
@click.option("--polls", is_flag=True, help="A public source is polled, too.")
@output.reads
def cost(models: int, polls: bool, as_json: bool) -> None:
    """Tell what an environment costs in a month, by the way of serving.

    Prices are those of infra/aws/cost/prices.yaml, with its date; nothing is asked of AWS.
    """
    listed = prices.load()
    counted = resources.load()
    bills = [bill(models, mode, counted, listed, polls=polls) for mode in Mode]
    if as_json:
        output.document(
            {
                "models": models,
                "currency": "USD",
                "prices": {"written": f"{listed.written}", "checked": listed.checked},
                "modes": {one.mode.value: as_document(one) for one in bills},
                "assumptions": list(tables.assumptions(listed)),
            }
        )
        return
    show(bills)
    for assumption in tables.assumptions(listed):
        output.note(f"- {assumption}")


def show(bills: list[Bill]) -> None:
    """Show the bills side by side, and what each mode cannot do."""
    subjects = list(dict.fromkeys(what for one in bills for what in one.by_subject()))
    rows = [
        (what, *(tables.dollars(one.by_subject().get(what, 0.0)) for one in bills))
        for what in subjects
    ]
    totals = (
        ("a month", *(tables.dollars(one.usd) for one in bills)),
        ("beyond what is free", *(tables.dollars(one.usd_beyond_free) for one in bills)),
    )
    output.table(("", *(f">{one.mode}" for one in bills)), (*rows, *totals))
    click.echo()
    cannot = [(one.mode, CANNOT[one.mode].replace("**", "")) for one in bills]
    output.table(("serving", "what it cannot do"), cannot)


def as_document(one: Bill) -> dict[str, object]:
    """Write a bill for programs."""
    return {
        "usd_a_month": round(one.usd, 2),
        "usd_beyond_free": round(one.usd_beyond_free, 2),
        "by_subject": {what: round(usd, 2) for what, usd in one.by_subject().items()},
        "cannot": CANNOT[one.mode].replace("**", ""),
        "lines": [
            {
                "what": line.what,
                "price": line.price,
                "quantity": round(line.quantity, 3),
                "usd": round(line.usd, 2),
            }
            for line in one.lines
        ],
    }
