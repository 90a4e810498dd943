"""Where uv is: beside the Python that runs this, as `make` installs it."""

import shutil
import sys
from pathlib import Path

UV = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv") or "uv"
