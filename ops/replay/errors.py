"""What cannot be recorded or replayed, in words for people."""


class ReplayError(ValueError):
    """Bad input: nothing was sent or written.

    Parameters
    ----------
    what : str
        What is wrong, and in which line of which file.
    fix : str
        What to do next.
    """

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(f"{what}: {fix}")
        self.what = what
        self.fix = fix
