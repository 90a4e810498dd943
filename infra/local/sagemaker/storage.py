"""Between S3 and the folders of a container."""

import gzip
import io
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from infra.local.sagemaker.core import Blobs


class JobError(Exception):
    """Why a job fails, in SageMaker's words: ``ClientError: …`` or ``AlgorithmError: …``."""


def matches(blobs: Blobs, prefix: str) -> list[tuple[str, str]]:
    """Answer the objects under an S3 prefix as (URI, path relative to the prefix), sorted.

    An object that *is* the prefix is named by its last part, as SageMaker names it.

    Raises
    ------
    JobError
        If there is none.
    """
    folder = prefix.rstrip("/") + "/"
    parent = prefix[: prefix.rindex("/") + 1]
    found = [
        (uri, uri.removeprefix(folder if uri.startswith(folder) else parent))
        for uri in sorted(blobs.list(prefix))
        if not uri.endswith("/")  # the consoles' markers of an empty folder
    ]
    if not found:
        bucket, _, key = prefix.removeprefix("s3://").partition("/")
        raise JobError(
            "ClientError: Data download failed:S3 key matching prefix"
            f' "{key}" does not exist in bucket "{bucket}"'
        )
    return found


def fetch(blobs: Blobs, prefix: str, folder: Path) -> None:
    """Copy the objects under an S3 prefix into a folder.

    Raises
    ------
    JobError
        If there is none, or a key climbs out of the folder.
    """
    for uri, name in matches(blobs, prefix):
        target = within(folder, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(blobs.get(uri))


def send(blobs: Blobs, folder: Path, prefix: str) -> None:
    """Copy every file of a folder under an S3 prefix."""
    for path in files(folder):
        blobs.put(f"{prefix.rstrip('/')}/{path.relative_to(folder).as_posix()}", path.read_bytes())


def files(folder: Path) -> Iterator[Path]:
    """Iterate over the files below a folder in the order of their names."""
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def pack(folder: Path) -> bytes:
    """Answer a folder as tar.gz, the same bytes for the same content: no times, owners or order."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as squeezed,
        tarfile.open(fileobj=squeezed, mode="w") as archive,
    ):
        for path in files(folder):
            entry = tarfile.TarInfo(path.relative_to(folder).as_posix())
            entry.size = path.stat().st_size
            with path.open("rb") as content:
                archive.addfile(entry, content)
    return packed.getvalue()


def unpack(body: bytes, folder: Path) -> None:
    """Write the files of a tar.gz into a folder, which is made; links become copies.

    Entry by entry, because ``extractall`` has a safe filter only from Python 3.11.4 on, which is
    newer than what Debian 12 brings.

    Raises
    ------
    JobError
        If it is no tar.gz, or an entry climbs out of the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(fileobj=io.BytesIO(body), mode="r:gz") as archive:
            for entry in archive:
                _unpack_entry(archive, entry, within(folder, entry.name))
    except (tarfile.TarError, OSError, EOFError, KeyError) as error:
        raise JobError(f"ClientError: Failed to extract model data archive: {error}") from error


def _unpack_entry(archive: tarfile.TarFile, entry: tarfile.TarInfo, target: Path) -> None:
    if entry.isdir():
        target.mkdir(parents=True, exist_ok=True)
    elif (content := archive.extractfile(entry)) is not None:  # follows links inside the archive
        target.parent.mkdir(parents=True, exist_ok=True)
        with content, target.open("wb") as written:
            shutil.copyfileobj(content, written)


def within(folder: Path, name: str) -> Path:
    """Answer the path of ``name`` below a folder.

    Raises
    ------
    JobError
        If it lies outside.
    """
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts:
        raise JobError(f"ClientError: {name} is not a path below its folder")
    return folder / relative
