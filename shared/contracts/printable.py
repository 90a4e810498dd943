"""Texts of strangers, as they may be shown."""


def printable(text: str) -> str:
    """Answer a text as terminals, logs and attributes of SQS take it.

    What cannot be printed, such as orders to a terminal, signs that turn a line around, NUL or half
    of a character, is shown as its escape.
    """
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)
