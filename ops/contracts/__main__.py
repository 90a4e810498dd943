"""``python -m ops.contracts check|write|catalogue``."""

import sys
from itertools import chain

from ops.contracts import files
from ops.contracts.catalogue import files as catalogue


def main(arguments: list[str]) -> int:
    """Check or write the committed contracts, and their catalogue; answer the exit code."""
    match arguments:
        case ["check"]:
            found = tuple(chain(files.problems(), catalogue.problems()))
        case ["write"]:
            found = files.write()
            if not found:
                catalogue.write()
        case ["catalogue"]:
            found = ()
            catalogue.write()
        case _:
            sys.stderr.write("usage: python -m ops.contracts check|write|catalogue\n")
            return 2
    for problem in found:
        sys.stderr.write(problem + "\n")
    if not found:
        sys.stdout.write("contracts: schemas, examples and catalogue are as the code says\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
