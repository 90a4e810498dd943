"""What the demo's ending says of a model."""

import pytest

from ops.cli.demo import ending


@pytest.mark.parametrize(
    ("loss", "baseline", "said"),
    [
        (0.3, 0.4, "25.0%"),
        (0.5, 0.4, "-25.0%"),
        (0.0, 0.0, "no: it makes no error"),
        (1e-9, 0.0, "no: it makes no error"),
    ],
)
def test_a_model_is_compared_with_a_baseline_that_may_be_perfect(
    loss: float, baseline: float, said: str
) -> None:
    assert ending.better(loss, baseline) == said
