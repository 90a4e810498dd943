"""How much the truths of a window scatter, and what that does to a forecaster that is not at fault.

The losses of a model rise when the world becomes noisier, without the model having become worse.
Scatter tells the two apart: it is what even hindsight loses, so it rises with the noise, and not
when the truths lie elsewhere than they used to.
"""

import math
from collections.abc import Sequence

from shared.forecasting.baseline import quantile
from shared.forecasting.losses import Outcome, loss


def of(truth: Sequence[float], levels: Sequence[float]) -> float:
    """Answer the loss of forecasting a window by the quantiles of its own truths.

    Returns
    -------
    float
        Mean over the levels of 2·Σ pinball, in the unit of the truth, as `losses.loss`; NaN is left
        out. 0 where fewer than two truths are known: one does not scatter.
    """
    known = sorted(value for value in truth if not math.isnan(value))
    if len(known) < 2:
        return 0.0
    hindsight = {level: [quantile(known, level)] * len(known) for level in levels}
    return loss(Outcome(known, hindsight)).loss


def growth(factor: float) -> float:
    """Answer by what a forecaster's loss grows when its world scatters `factor` times as much.

    More scatter costs more than its factor, for the forecast bands are too narrow then; less saves
    less, for they are too wide. For a normal distribution of standard deviation s, forecast while
    the truth has t, the continuous ranked probability score, which the mean quantile loss
    approximates, is ``√(2(s² + t²)/π) - s/√π``: Gneiting and Raftery, "Strictly Proper Scoring
    Rules, Prediction, and Estimation", Journal of the American Statistical Association 102 (2007).
    """
    return math.sqrt(2 * (1 + factor**2)) - 1
