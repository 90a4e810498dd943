"""Write the mean of the numbers in channel ``train``; ``mood`` asks for trouble."""

import json
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

root = Path(os.environ["MODELCYCLE_ML_ROOT"])
hyperparameters = json.loads((root / "input/config/hyperparameters.json").read_text())
mood = hyperparameters.get("mood", "good")


def save() -> None:
    """Write the model and what it was made in."""
    channel = Path(os.environ["SM_CHANNEL_TRAIN"])
    numbers = [float(n) for path in channel.rglob("*.txt") for n in path.read_text().split()]
    mean = sum(numbers) / len(numbers)
    model = Path(os.environ["SM_MODEL_DIR"])
    (model / "model.json").write_text(json.dumps({"mean": mean}))
    seen = {name: value for name, value in os.environ.items() if name != "PATH"}
    (root / "output" / "data" / "seen.json").write_text(json.dumps(seen))
    print(f"epoch 1 loss={mean + 1}\nepoch 2 loss={mean}", flush=True)  # noqa: T201


def leave(_signal: int, _frame: FrameType | None) -> None:
    """Save what there is, as SageMaker recommends."""
    save()
    sys.exit(0)


match mood:
    case "bad":
        (root / "output" / "failure").write_text("the numbers do not add up")
        sys.exit(3)
    case "dumb":
        print("last words", flush=True)  # noqa: T201
        sys.exit(1)
    case "slow":
        signal.signal(signal.SIGTERM, leave)
        print("waiting", flush=True)  # noqa: T201
        time.sleep(60)
    case _:
        save()
