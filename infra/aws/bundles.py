"""What a service's functions are made of, put together without Docker.

``python -m infra.aws.bundles <service>|all`` writes ``build/bundles/<service>/`` and, beside it,
``<service>.zip``: the locked dependencies as wheels for Lambda's Python and processor, with their
hashes, the service's own folder, and `shared`. boto3 is left to Lambda's runtime, but for the
services in `OWN_BOTO3`. The same content gives the same archive, byte for byte.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from infra.aws import boto3_uses
from infra.aws.uv import UV
from shared.contracts.subscriptions import SERVICES

REPOSITORY = Path(__file__).parents[2]
BUILT = REPOSITORY / "build" / "bundles"
LAMBDA = "--python-version", "3.11", "--python-platform", "aarch64-manylinux2014"
THIS_MACHINE = "--python", sys.executable
MB = 1_000_000
BYTES_MAX = 20 * MB
BYTES_MAX_WITH_BOTO3 = 30 * MB

OWN_BOTO3: Mapping[str, str] = {
    "ingest": "BatchWriteRecord is of July 2026, and a backfill takes ten times as long without",
}
"""Which services bring a boto3 of their own, trimmed to the AWS services that they call, and why:
all that use more than `boto3_floor.FLOOR` has."""
BOTO3 = "boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3"

OURS_LEFT_OUT = shutil.ignore_patterns(
    "__pycache__", "*.pyc", "tests", "schemas", "README.md", "pyproject.toml"
)
OF_INSTALLING = (
    "bin",
    ".lock",
    "**/__pycache__",
    *(f"*.dist-info/{name}" for name in ("RECORD", "INSTALLER", "REQUESTED", "*.json")),
)
OF_BOTO3 = "boto3/data", "boto3/examples", "botocore/data/*/*/examples-1.*"

LONG_AGO = 1980, 1, 1, 0, 0, 0  # the oldest that an archive can say
READABLE = 0o100644 << 16  # Lambda reads its files as somebody else


class BundleError(RuntimeError):
    """A bundle cannot be made, or is not as it should be; the text says what to do."""


@dataclass(frozen=True)
class Bundle:
    """What was built.

    Parameters
    ----------
    folder, archive : Path
        The same content, unpacked and packed.
    size, packed : int
        Bytes of both.
    """

    service: str
    folder: Path
    archive: Path
    size: int
    packed: int

    def __str__(self) -> str:
        of = f"of at most {bytes_max(self.service) // MB} MB"
        return f"{self.service:9} {self.size / MB:5.1f} MB {of}, packed {self.packed / MB:4.1f} MB"


def build(service: str, above: Path = BUILT, target: tuple[str, ...] = LAMBDA) -> Bundle:
    """Put a service's bundle together in `above`, in place of the one before.

    Parameters
    ----------
    target : tuple of str
        uv's options that say for which machine: `LAMBDA` or `THIS_MACHINE`.

    Raises
    ------
    BundleError
        If its dependencies are not to be had as wheels, or it is too large.
    """
    above.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=above) as beside:
        made = Path(beside) / service
        install(service, REPOSITORY / "requirements" / f"{service}.txt", made, target)
        if service in OWN_BOTO3:
            add_boto3(service, made, target)
        for path in files_left_out(made, OF_INSTALLING):
            remove(path)
        add_ours(service, made)
        folder, archive = above / service, above / f"{service}.zip"
        pack(made, archive)
        shutil.rmtree(folder, ignore_errors=True)
        made.rename(folder)
    bundle = Bundle(service, folder, archive, size_of(folder), archive.stat().st_size)
    check(bundle)
    return bundle


def install(service: str, requirements: Path, folder: Path, target: tuple[str, ...]) -> None:
    """Install what is locked, as wheels with their hashes, and nothing else."""
    command = [UV, "pip", "install", "--quiet", "--require-hashes", "--no-deps"]
    command += ["--only-binary", ":all:", "--target", str(folder), *target, "-r", str(requirements)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    except FileNotFoundError as error:
        raise BundleError("uv is not installed: run make setup") from error
    if done.returncode:
        raise BundleError(
            f"{service}: {requirements.name} is not to be had as wheels for {' '.join(target)}: "
            f"{done.stderr.strip()}"
        )


def add_boto3(service: str, folder: Path, target: tuple[str, ...]) -> None:
    """Add the locked boto3, with the models of the AWS services that the service calls."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirements:
        requirements.write("\n".join(locked(package) for package in BOTO3))
        requirements.flush()
        install(service, Path(requirements.name), folder, target)
    called = boto3_uses.clients(service)
    for models in (folder / "botocore" / "data").iterdir():
        if models.is_dir() and models.name not in called:
            remove(models)
    for path in files_left_out(folder, OF_BOTO3):
        remove(path)


def locked(package: str) -> str:
    """Answer a package with its version and hashes, as locked for all.

    Raises
    ------
    BundleError
        If it is not.
    """
    text = (REPOSITORY / "requirements" / "all.txt").read_text()
    found = re.search(rf"^{re.escape(package)}==.*(?:\n[ ]+--hash=.*)+", text, re.MULTILINE)
    if found is None:
        raise BundleError(f"{package} is not in requirements/all.txt: run make lock")
    return found[0].rstrip(" \\")


def add_ours(service: str, folder: Path) -> None:
    """Add what is ours: `shared` and the service's folder, without what only people read."""
    (folder / "services").mkdir(parents=True)
    shutil.copyfile(REPOSITORY / "services" / "__init__.py", folder / "services" / "__init__.py")
    for ours in ("shared", f"services/{service}"):
        shutil.copytree(REPOSITORY / ours, folder / ours, ignore=OURS_LEFT_OUT)


def files_left_out(folder: Path, patterns: tuple[str, ...]) -> Iterator[Path]:
    """Answer what is not deployed."""
    for pattern in patterns:
        yield from sorted(folder.glob(pattern))


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that is in it."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def pack(folder: Path, archive: Path) -> None:
    """Write an archive in which nothing tells where, when and by whom it was packed."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in files(folder):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), LONG_AGO)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, READABLE
            entry.create_system = 3  # the permissions are Unix's, whatever packs
            packed.writestr(entry, path.read_bytes())


def files(folder: Path) -> list[Path]:
    """Answer all files below a folder, in the order of their names."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def size_of(folder: Path) -> int:
    """Answer how many bytes are in a folder."""
    return sum(path.stat().st_size for path in files(folder))


def bytes_max(service: str) -> int:
    """Answer how large a service's bundle may be, unpacked."""
    return BYTES_MAX_WITH_BOTO3 if service in OWN_BOTO3 else BYTES_MAX


def check(bundle: Bundle) -> None:
    """Refuse a bundle that is too large; the text names what is large in it."""
    if bundle.size <= (limit := bytes_max(bundle.service)):
        return
    parts = {path.name: size_of(path) for path in bundle.folder.iterdir() if path.is_dir()}
    largest = sorted(parts, key=lambda name: -parts[name])[:5]
    told = ", ".join(f"{name} {parts[name] / MB:.1f} MB" for name in largest)
    raise BundleError(
        f"{bundle.service}: the bundle has {bundle.size / MB:.1f} MB, at most {limit / MB:g} MB "
        f"are allowed. Largest: {told}. See services/{bundle.service}/pyproject.toml"
    )


@click.command()
@click.argument("service", type=click.Choice([*SERVICES, "all"]))
def main(service: str) -> None:
    """Build one service's bundle, or all; say how large they are and what their import costs."""
    from infra.aws import bundle_imports

    for name in SERVICES if service == "all" else (service,):
        click.echo(str(build(name)))
        with tempfile.TemporaryDirectory() as elsewhere:
            here = build(name, Path(elsewhere), THIS_MACHINE)
            for entry in boto3_uses.entries(name):
                click.echo(f"  {bundle_imports.imported(here.archive, entry)}")


if __name__ == "__main__":
    try:
        main()
    except BundleError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
