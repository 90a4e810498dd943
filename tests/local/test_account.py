"""Nothing of the caller's own AWS comes into play."""

import pytest

from infra.local import account

URL = "http://127.0.0.1:9"


def test_a_client_ignores_the_callers_profile_proxy_and_credentials(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "a-profile-that-does-not-exist")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "the caller's own")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "http://example.com")
    monkeypatch.setenv("HTTP_PROXY", "http://example.com:3128")
    account._session.cache_clear()
    client = account.client("sqs", URL, "operator.alice")
    account._session.cache_clear()
    assert client.meta.endpoint_url == URL
    assert client.meta.region_name == account.REGION
    assert client.meta.config.proxies == {}
    assert client._request_signer._credentials.access_key == "operator.alice"


def test_a_function_sees_its_settings_and_none_of_the_callers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "the caller's own")
    sees = account.function_environment("dev", "trainer", URL, limit_s=60)
    assert sees["AWS_ENDPOINT_URL"] == URL
    assert sees["AWS_ACCESS_KEY_ID"] == "modelcycle-trainer"
    assert sees["MODELCYCLE_BUCKET"] == "modelcycle-dev-123456789012-us-east-1"
    assert float(sees["MODELCYCLE_LEASE_SECONDS"]) > 60
    assert "the caller's own" not in sees.values()
    assert "HOME" not in sees
