"""``python -m ops.contracts check|write``."""

import sys

from ops.contracts import files


def main(arguments: list[str]) -> int:
    """Check or write the committed contracts; answer the exit code."""
    match arguments:
        case ["check"]:
            found = tuple(files.problems())
        case ["write"]:
            found = files.write()
        case _:
            sys.stderr.write("usage: python -m ops.contracts check|write\n")
            return 2
    for problem in found:
        sys.stderr.write(problem + "\n")
    if not found:
        sys.stdout.write("contracts: schemas and examples are as the code says\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
