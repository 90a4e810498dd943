"""Arguments and options that several verbs share."""

import click

from shared.contracts import limits

VERSION_DIGITS_MAX = len(str(limits.VERSION_MAX))
RULE = "rule:"
"""How the deployer signs what a spec's rule decided: no person may write so."""


class VersionNumber(click.ParamType[int]):
    """A version, as ``3`` or ``v3``."""

    name = "version"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Read the number."""
        text = str(value).removeprefix("v")
        is_short = text.isdecimal() and text.isascii() and len(text) <= VERSION_DIGITS_MAX
        if not is_short or not 1 <= int(text) <= limits.VERSION_MAX:
            self.fail(f"{value!r} is no version: write its number, as 3 or v3", param, ctx)
        return int(text)


def check_note(ctx: click.Context, param: click.Parameter, given: str | None) -> str:
    """Accept what fits into the registry and into an event, and can be shown to others: one line,
    not signed as the rule."""
    text = (given or "").replace("\N{NO-BREAK SPACE}", " ").strip()
    if not text.isprintable() or len(text) > limits.EVENT_TEXT_CHARACTERS_MAX:
        raise click.BadParameter(
            f"must be one line of at most {limits.EVENT_TEXT_CHARACTERS_MAX} characters, each of "
            "which can be printed",
            ctx,
            param,
        )
    if text.startswith(RULE):
        raise click.BadParameter(f"must not begin with '{RULE}': rules sign so", ctx, param)
    if param.required and not text:
        raise click.BadParameter("must not be empty", ctx, param)
    return text


model = click.argument("model")
version = click.argument("version", type=VersionNumber(), required=False)
needed_version = click.argument("version", type=VersionNumber())
note = click.option("--note", callback=check_note, help="What you want to be remembered.")
reason = click.option(
    "--reason", required=True, callback=check_note, help="Why, in one line: the journal keeps it."
)
