"""Reading users' observations.

Importing this costs a second (pandas, pyarrow), so commands import it where they need it.
"""

from ops.cli.observations.faults import Fault, Quarantine, Quarantined
from ops.cli.observations.guess import Guess, guess
from ops.cli.observations.model import Columns, Observations, ObservationsRefused, Record
from ops.cli.observations.read import read
from ops.cli.observations.show import summary

__all__ = [
    "Columns",
    "Fault",
    "Guess",
    "Observations",
    "ObservationsRefused",
    "Quarantine",
    "Quarantined",
    "Record",
    "guess",
    "read",
    "summary",
]
