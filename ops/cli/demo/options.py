"""The demo's options in what it says: people gave those, and not the keys of a spec."""

import re
from pathlib import Path


def with_make(fix: str) -> str:
    """Say how to give options to `make demo`, where some are to be given."""
    return f'{fix} (with make: make demo DATA=… ARGS="…")' if "--" in fix else fix


def as_option(line: str, model_file: Path) -> str:
    """Say of the demo's options what is said of the keys of the model's file."""
    said = re.sub(rf"^{re.escape(str(model_file))}(:\d+)?: ", "", line)
    said = said.removeprefix("gate.min_points: ").removesuffix(", or lower this")
    said = re.sub(r"\bbacktest\.(origins|stride)\b", r"--\1", said)
    return re.sub(r"^(target|frequency|horizon|season):", r"--\1:", said)
