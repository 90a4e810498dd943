"""A version comes back to production, and news of its first arrival was overtaken."""

from shared.contracts.envelope import Revision
from shared.contracts.lifecycle import EndpointInService, ModelRegistered
from tests.services.trainer.world import Loop


def test_a_candidate_that_is_back_in_production_has_arrived_though_its_arrival_was_not_heard() -> (
    None
):
    loop = Loop()
    run_id = loop.train()
    loop.hear(ModelRegistered.example().changed(run_id=run_id, version=3))
    back = EndpointInService.example().changed(stage="production", version=3, reason="rollback")
    loop.hear(back, revision=Revision(number=12, index=1))
    arrival = back.changed(reason="roll-out")
    loop.hear(arrival, revision=Revision(number=9, index=0))
    assert (loop.state.production, loop.state.candidates) == (3, ())
