"""A service's bundle is its folder, shared/ and what its lock names: small, light, and alone."""

import subprocess
import sys
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra.aws import boto3_uses, bundle_imports, bundles
from infra.aws.bundle_imports import Imported
from infra.aws.bundles import Bundle, BundleError
from shared.contracts.subscriptions import SERVICES

ENTRIES = [(service, entry) for service in SERVICES for entry in boto3_uses.entries(service)]
ARM64 = 183  # ELF: EM_AARCH64
PROCESSOR = slice(18, 20)  # where ELF says it


@pytest.fixture(scope="module")
def for_lambda(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Bundle]:
    """Answer each service's bundle as it is deployed."""
    above = tmp_path_factory.mktemp("lambda")
    return {service: bundles.build(service, above) for service in SERVICES}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Bundle]:
    """Answer each service's bundle for this machine, so that it can be imported."""
    above = tmp_path_factory.mktemp("here")
    return {service: bundles.build(service, above, bundles.THIS_MACHINE) for service in SERVICES}


@pytest.fixture(scope="module")
def imported(here: Mapping[str, Bundle]) -> Mapping[str, Imported]:
    """Answer what each entry imports from its bundle alone."""
    with ThreadPoolExecutor(2) as two:
        seen = list(
            two.map(lambda row: bundle_imports.imported(here[row[0]].archive, row[1]), ENTRIES)
        )
    for one in seen:
        print(one)  # noqa: T201  # the budget is on modules; what it costs is told
    return {one.entry: one for one in seen}


@pytest.mark.parametrize(("service", "entry"), ENTRIES)
def test_a_bundle_alone_imports_its_entry_and_puts_the_service_together(
    service: str, entry: str, imported: Mapping[str, Imported]
) -> None:
    assert entry in imported[entry].modules
    assert imported[entry].own_boto3 == (service in bundles.OWN_BOTO3)


@pytest.mark.parametrize(("service", "entry"), ENTRIES)
def test_no_entry_imports_a_heavy_module(
    service: str, entry: str, imported: Mapping[str, Imported]
) -> None:
    assert imported[entry].heavy == []


@pytest.mark.parametrize(("service", "entry"), ENTRIES)
def test_no_entry_imports_from_this_repository_or_another_service(
    service: str, entry: str, imported: Mapping[str, Imported]
) -> None:
    seen = imported[entry]
    others = {f"services.{other}" for other in SERVICES} - {f"services.{service}"}
    assert others.isdisjoint(seen.modules)
    assert not [file for file in seen.files if file.startswith(str(bundles.REPOSITORY / "shared"))]


@pytest.mark.parametrize("service", SERVICES)
def test_a_bundle_holds_what_it_may_and_no_more(
    service: str, for_lambda: Mapping[str, Bundle]
) -> None:
    folder = for_lambda[service].folder
    inside = [path.relative_to(folder) for path in bundles.files(folder)]
    assert {path.parts[1] for path in inside if path.parts[0] == "services"} == {
        "__init__.py",
        service,
    }
    assert {path.parts[0] for path in inside}.isdisjoint(
        {"numpy", "pandas", "tests", "infra", "ops", "algorithms", "bin"}
    )
    assert not [path for path in inside if "__pycache__" in path.parts or path.suffix == ".pyc"]
    brings_boto3 = any(path.parts[0] in ("boto3", "botocore") for path in inside)
    assert brings_boto3 == (service in bundles.OWN_BOTO3)


@pytest.mark.parametrize("service", bundles.OWN_BOTO3)
def test_a_boto3_of_ones_own_knows_the_aws_services_in_use_and_no_others(
    service: str, for_lambda: Mapping[str, Bundle]
) -> None:
    models = for_lambda[service].folder / "botocore" / "data"
    assert {path.name for path in models.iterdir() if path.is_dir()} == boto3_uses.clients(service)


@pytest.mark.parametrize("service", SERVICES)
def test_all_that_is_binary_is_for_the_processor_of_lambda(
    service: str, for_lambda: Mapping[str, Bundle]
) -> None:
    libraries = list(for_lambda[service].folder.rglob("*.so"))
    assert libraries
    for library in libraries:
        assert int.from_bytes(library.read_bytes()[PROCESSOR], "little") == ARM64, library.name


@pytest.mark.parametrize("service", SERVICES)
def test_a_bundle_is_within_its_budget(service: str, for_lambda: Mapping[str, Bundle]) -> None:
    bundle = for_lambda[service]
    print(bundle)  # noqa: T201  # the size is told, whatever it is
    assert bundle.size <= bundles.bytes_max(service)


def test_the_same_content_gives_the_same_archive(
    for_lambda: Mapping[str, Bundle], tmp_path: Path
) -> None:
    again = bundles.build("journal", tmp_path)
    assert again.archive.read_bytes() == for_lambda["journal"].archive.read_bytes()
    with zipfile.ZipFile(again.archive) as packed:
        assert packed.namelist() == sorted(packed.namelist())
        assert {entry.date_time for entry in packed.infolist()} == {bundles.LONG_AGO}


def test_what_was_built_before_is_replaced_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal" / "left_behind.py").touch()
    bundle = bundles.build("journal", tmp_path, bundles.THIS_MACHINE)
    assert not (bundle.folder / "left_behind.py").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["journal", "journal.zip"]


def test_a_bundle_that_is_too_large_is_refused_with_what_is_large_in_it(
    here: Mapping[str, Bundle], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundles, "BYTES_MAX", bundles.MB)
    with pytest.raises(BundleError, match=r"journal: .* at most 1 MB .*pydantic_core [\d.]+ MB"):
        bundles.check(here["journal"])


def test_what_is_not_locked_is_not_put_into_a_bundle() -> None:
    with pytest.raises(BundleError, match=r"leftpad is not in requirements/all.txt: run make lock"):
        bundles.locked("leftpad")


def test_a_wheel_that_is_not_to_be_had_for_the_processor_is_named(tmp_path: Path) -> None:
    wanted = tmp_path / "journal.txt"
    wanted.write_text("pydantic==2.14.3 --hash=sha256:" + "0" * 64 + "\n")
    with pytest.raises(BundleError, match=r"journal: journal.txt is not to be had as wheels"):
        bundles.install("journal", wanted, tmp_path / "bundle", bundles.LAMBDA)


def test_an_entry_that_cannot_be_imported_is_named(tmp_path: Path) -> None:
    archive = tmp_path / "empty.zip"
    with zipfile.ZipFile(archive, "w"):
        pass
    with pytest.raises(BundleError, match=r"services\.journal\.app cannot be imported"):
        bundle_imports.imported(archive, "services.journal.app")


def test_an_unknown_service_is_refused_with_those_that_there_are() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "infra.aws.bundles", "journals"],
        cwd=bundles.REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "'journal'" in done.stderr
