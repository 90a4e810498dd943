"""Texts of strangers, as they may be shown."""


def printable(text: str) -> str:
    """Answer a text as terminals, logs and attributes of SQS take it.

    What cannot be printed, such as orders to a terminal, signs that turn a line around, NUL or half
    of a character, is shown as its escape.
    """
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)


def shortened(text: str, characters_max: int) -> str:
    """Answer a text of at most so many characters: its beginning, which mostly says where, and its
    end, which mostly says why."""
    if len(text) <= characters_max:
        return text
    half = characters_max // 2 - 1
    return f"{text[:half]}…{text[-half:]}"
