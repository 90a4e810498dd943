"""Planted bugs, one for each promise at least: the simulator has to find every one of them.

Each names the invariant that it breaks. ``seeds/mutants.txt`` holds for each the first seed that
showed it: ``python -m tests.simulation --hunt``.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from tests.simulation import bugs_of_messaging as messaging
from tests.simulation import bugs_of_services as services
from tests.simulation import past


class Mutant(NamedTuple):
    """A planted bug, and the invariant that it breaks."""

    breaks: str
    plant: Callable[[], AbstractContextManager[Any]]

    def planted(self) -> AbstractContextManager[Any]:
        """Plant it, in schedules whose past was lived without it."""
        past.live()
        return self.plant()


FOUND: dict[str, Mutant] = {
    "approval asked before a lost answer": Mutant(
        "S8", services.approval_asked_before_a_lost_answer
    ),
    "roll-back without capacity begins again": Mutant(
        "S10", services.roll_back_without_capacity_begins_again
    ),
}
MUTANTS: dict[str, Mutant] = {
    "hint trusted without Describe": Mutant("S1", services.hint_trusted_without_describe),
    "approval looked at before the queue only": Mutant(
        "S1", services.approval_looked_at_before_the_queue_only
    ),
    "last click wins": Mutant("S2", services.last_click_wins),
    "UpdateEndpoint retried blindly": Mutant("S3", services.update_retried_blindly),
    "limit loosens with a worse version": Mutant("S4", services.limit_loosens_with_a_worse_version),
    "gate lets all pass": Mutant("S5", services.gate_lets_all_pass),
    "ids of records forgotten": Mutant("S6", services.ids_of_records_forgotten),
    "run in flight not looked at": Mutant("S7", services.run_in_flight_not_looked_at),
    "no rest between runs": Mutant("S7", services.no_rest_between_runs),
    "refused wish forgotten": Mutant("S7", services.refused_wish_forgotten),
    "trouble of an endpoint not seen": Mutant("S8", services.trouble_not_seen),
    "digest of the name": Mutant("S9", services.digest_of_the_name),
    "start settles as collecting": Mutant("S10", services.start_settles_as_collecting),
    "all versions in one group": Mutant("S11", services.all_versions_in_one_group),
    "poison swallowed": Mutant("S12", messaging.poison_swallowed),
    "judged by what it was trained on": Mutant("S13", services.judged_by_what_it_was_trained_on),
    "fault repeats its input": Mutant("S14", messaging.fault_repeats_its_input),
    "done mark missing": Mutant("S15", messaging.done_mark_missing),
    "inbox forgets after an hour": Mutant("S16", messaging.inbox_forgets_after_an_hour),
    "ids made when said": Mutant("S16", messaging.ids_made_when_said),
    "revision not compared": Mutant("S16", messaging.revision_not_compared),
    "promotion not waited for": Mutant("S17", services.promotion_not_waited_for),
    "revised windows not written": Mutant("L1", services.revised_windows_not_written),
    "failed run not noticed": Mutant("L2", services.failed_run_not_noticed),
    "deferred for ever": Mutant("L3", services.deferred_for_ever),
    "poison goes back to the queue": Mutant("L4", messaging.poison_goes_back_to_the_queue),
    "degradation shrugged off": Mutant("L5", services.degradation_shrugged_off),
    "sweep does nothing": Mutant("L6", messaging.sweep_does_nothing),
    "time to live not looked at": Mutant("L7", services.time_to_live_not_looked_at),
    **FOUND,
}
