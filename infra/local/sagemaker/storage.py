"""Between S3 and the folders of a container."""

import gzip
import io
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import IO

from infra.local.sagemaker.core import Blobs
from shared.contracts.printable import printable, shortened

UNPACKED_BYTES_MAX = 1024**3  # of a model: a few hundred KB of it may unpack to gigabytes
ENTRIES_MAX = 10_000
SPOOLED_BYTES_MAX = 16 * 1024**2  # larger ones are unpacked by way of the disk
CHUNK_BYTES = 1024**2
REASON_CHARACTERS_MAX = 300  # of what a key or an archive says of itself


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
        If there is none, or a key climbs out of the folder or cannot be the name of a file.
    """
    for uri, name in matches(blobs, prefix):
        target = within(folder, name)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(blobs.get(uri))
        except (OSError, ValueError) as error:  # as it is a folder, too, is too long, or holds NUL
            shown = shortened(printable(uri), REASON_CHARACTERS_MAX)
            why = getattr(error, "strerror", None) or error
            raise JobError(f"ClientError: {shown} cannot be a file: {why}") from error


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
        If it is no tar.gz, unpacks to too much, or has an entry that climbs out of the folder or is
        neither file, folder nor link.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with (
            _unzipped(body) as plain,
            tarfile.open(fileobj=plain, mode="r:") as archive,
        ):
            room = UNPACKED_BYTES_MAX
            for number, entry in enumerate(archive):
                if number == ENTRIES_MAX:
                    raise _unfit(f"it has more than {ENTRIES_MAX} entries")
                room -= _unpack_entry(archive, entry, within(folder, entry.name), room)
    except RecursionError as error:
        raise _unfit("a link leads to itself") from error
    except (tarfile.TarError, zlib.error, OSError, EOFError, KeyError, ValueError) as error:
        raise _unfit(str(error)) from error


def _unfit(reason: str) -> JobError:
    shown = shortened(printable(reason), REASON_CHARACTERS_MAX)
    return JobError(f"ClientError: Failed to extract model data archive: {shown}")


def _unzipped(body: bytes) -> IO[bytes]:
    """Answer the tar inside of a tar.gz: on disk, as its entries lie when they say how long they
    are."""
    with ExitStack() as ending:
        plain = ending.enter_context(SpooledTemporaryFile(max_size=SPOOLED_BYTES_MAX))
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as squeezed:
            while chunk := squeezed.read(CHUNK_BYTES):
                if plain.tell() + len(chunk) > UNPACKED_BYTES_MAX:
                    raise _unfit(f"it unpacks to more than {UNPACKED_BYTES_MAX} bytes")
                plain.write(chunk)
        plain.seek(0)
        ending.pop_all()  # it is whole: from here on the caller closes it
    return plain


def _unpack_entry(archive: tarfile.TarFile, entry: tarfile.TarInfo, target: Path, room: int) -> int:
    """Write one entry; answer its bytes, which are at most `room`."""
    if entry.isdir():
        target.mkdir(parents=True, exist_ok=True)
        return 0
    if not (entry.isfile() or entry.issym() or entry.islnk()):
        raise _unfit(f"{entry.name} is neither file, folder nor link")
    content = archive.extractfile(entry)  # follows links inside the archive
    if content is None:
        raise _unfit(f"{entry.name} leads to no file")
    with content:
        if (size := content.seek(0, io.SEEK_END)) > room:
            raise _unfit(f"it unpacks to more than {UNPACKED_BYTES_MAX} bytes")
        content.seek(0)
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as written:
            shutil.copyfileobj(content, written)
    return size


def within(folder: Path, name: str) -> Path:
    """Answer the path of ``name`` below a folder.

    Raises
    ------
    JobError
        If it lies outside.
    """
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts:
        shown = shortened(printable(name), REASON_CHARACTERS_MAX)
        raise JobError(f"ClientError: {shown} is not a path below its folder")
    return folder / relative
