"""The ways to the Hub: tokens, another endpoint, proxies; against real servers on 127.0.0.1."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import huggingface_hub
import pytest

from tests.conftest import REPOSITORY
from tests.forward_proxy import ForwardProxy
from tests.hub_server import HubServer
from tests.hub_uploads import HubAccount

CONTENT = bytes(range(256)) * 64
PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
DRIVER = """
import json, sys, time
from asmnet_sdk.errors import AsmnetError
from asmnet_sdk.hub.resolving import resolve_model

sleep = time.sleep
time.sleep = lambda seconds: sleep(min(seconds, 0.01))  # the pauses between retries
try:
    print(json.dumps(["Path", str(resolve_model("acme/model"))]))
except AsmnetError as error:
    print(json.dumps([type(error).__name__, str(error)]))
"""


@pytest.fixture
def hub():
    with HubServer() as server:
        server.add("acme/model", {"model.onnx": CONTENT})
        yield server


@pytest.fixture
def resolve(tmp_path: Path):
    """Resolve acme/model in a process with just these variables for the network."""

    def call(**environment: str) -> tuple[str, str]:
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("HF_", "ASMNET_")) and key.lower() not in PROXY_VARIABLES
        }
        result = subprocess.run(
            [sys.executable, "-c", DRIVER],
            capture_output=True,
            text=True,
            env={
                **kept,
                "PYTHONPATH": str(REPOSITORY),
                "HF_HOME": str(tmp_path / "hf"),
                "HF_HUB_ETAG_TIMEOUT": "5",
                **environment,
            },
            cwd=tmp_path,
            timeout=60,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        kind, text = json.loads(result.stdout)
        assert "\n" not in text
        return kind, text

    return call


def assert_is_model(answer: tuple[str, str]) -> None:
    kind, path = answer
    assert kind == "Path", path
    assert Path(path).read_bytes() == CONTENT


def test_token_opens_a_private_repository(hub, resolve):
    hub.repositories["acme/model"].is_private = True
    hub.accounts["hf_reader"] = HubAccount(frozenset())
    kind, message = resolve(HF_ENDPOINT=hub.url)
    assert kind == "ModelDownloadError"
    assert re.search(r"private.*hf auth login.*HF_TOKEN.*HTTP 401", message)
    assert_is_model(resolve(HF_ENDPOINT=hub.url, HF_TOKEN="hf_reader"))


def test_endpoint_may_be_a_folder_of_a_server(hub, resolve):
    assert_is_model(resolve(HF_ENDPOINT=f"{hub.url}/mirror"))
    assert {request.path.split("/")[1] for request in hub.requests} == {"mirror"}


def test_plain_requests_go_through_the_proxy(hub, resolve):
    with ForwardProxy(hub.port) as proxy:
        assert_is_model(resolve(HF_ENDPOINT="http://hub.invalid", HTTP_PROXY=proxy.url))
    assert {("HEAD", "hub.invalid"), ("GET", "hub.invalid")} <= set(proxy.asked)


def test_no_proxy_leads_past_the_proxy(hub, resolve):
    with ForwardProxy(hub.port) as proxy:
        answer = resolve(HF_ENDPOINT=hub.url, HTTP_PROXY=proxy.url, NO_PROXY="127.0.0.1")
    assert_is_model(answer)
    assert proxy.asked == []


def test_login_of_the_proxy_stands_in_its_address(hub, resolve):
    with ForwardProxy(hub.port, login="ada:secret") as proxy:
        kind, message = resolve(HF_ENDPOINT="http://hub.invalid", HTTP_PROXY=proxy.url)
        assert kind == "ModelDownloadError"
        assert re.search(r"the proxy wants a login.*HTTP 407", message)
        address = f"http://ada:secret@127.0.0.1:{proxy.port}"
        answer = resolve(HF_ENDPOINT="http://hub.invalid", HTTP_PROXY=address)
    assert_is_model(answer)


def test_dead_proxy_is_a_download_error(resolve):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    proxy = f"http://127.0.0.1:{port}"
    kind, message = resolve(HF_ENDPOINT="http://hub.invalid", HTTP_PROXY=proxy)
    assert kind == "ModelDownloadError"
    assert re.search(r"refused.*check the network, HTTPS_PROXY and HF_ENDPOINT", message)
    assert "ASMNET_MODELS_DIR (now unset)" in message


def test_cache_outlives_the_network(hub, resolve):
    answer = resolve(HF_ENDPOINT=hub.url)
    assert_is_model(answer)
    hub.close()
    assert resolve(HF_ENDPOINT=hub.url) == answer


def test_host_that_nobody_knows_is_a_download_error(resolve):
    kind, message = resolve(HF_ENDPOINT="http://hub.invalid")
    assert kind == "ModelDownloadError"
    assert "check the network, HTTPS_PROXY and HF_ENDPOINT" in message


@pytest.mark.parametrize(
    "proxies",
    [
        {"HTTP_PROXY": "gopher://proxy:1"},
        {"HTTP_PROXY": "http://[::1"},
        {"ALL_PROXY": "socks5://127.0.0.1:1"},
    ],
)
def test_proxy_address_that_is_none_is_a_download_error(resolve, proxies):
    kind, message = resolve(HF_ENDPOINT="http://hub.invalid", **proxies)
    assert kind == "ModelDownloadError"
    assert "acme/model" in message


def test_certificates_that_are_not_there_are_named(resolve):
    kind, message = resolve(HF_ENDPOINT="https://127.0.0.1:9", SSL_CERT_FILE="/no/such.pem")
    assert kind == "ModelDownloadError"
    assert "SSL_CERT_FILE names /no/such.pem, which is not there" in message


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of hub.invalid with its key, in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
            "-subj", "/CN=hub.invalid", "-addext", "subjectAltName=DNS:hub.invalid",
            "-keyout", "key.pem", "-out", "certificate.pem",
        ],
        cwd=folder,
        capture_output=True,
        check=True,
    )  # fmt: skip
    both = folder / "both.pem"
    both.write_text((folder / "key.pem").read_text() + (folder / "certificate.pem").read_text())
    return both


@pytest.fixture
def encrypted(certificate: Path):
    with HubServer(certificate) as server:
        server.add("acme/model", {"model.onnx": CONTENT})
        yield server


def test_encrypted_requests_go_through_a_tunnel_of_the_proxy(encrypted, certificate, resolve):
    is_on_requests = int(huggingface_hub.__version__.split(".", maxsplit=1)[0]) < 1
    variable = "REQUESTS_CA_BUNDLE" if is_on_requests else "SSL_CERT_FILE"
    with ForwardProxy(encrypted.port) as proxy:
        answer = resolve(
            HF_ENDPOINT="https://hub.invalid",
            HTTPS_PROXY=proxy.url,
            **{variable: str(certificate.with_name("certificate.pem"))},
        )
    assert_is_model(answer)
    assert set(proxy.asked) == {("CONNECT", "hub.invalid:443")}


def test_certificate_that_nobody_vouches_for_is_a_download_error(encrypted, resolve):
    with ForwardProxy(encrypted.port) as proxy:
        kind, message = resolve(HF_ENDPOINT="https://hub.invalid", HTTPS_PROXY=proxy.url)
    assert kind == "ModelDownloadError"
    assert "certificate verify failed" in message


def test_tunnel_that_the_proxy_refuses_is_a_download_error(encrypted, resolve):
    with ForwardProxy(encrypted.port, login="ada:secret") as proxy:
        kind, message = resolve(HF_ENDPOINT="https://hub.invalid", HTTPS_PROXY=proxy.url)
    assert kind == "ModelDownloadError"
    assert "407" in message
