from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from asmnet_sdk.labelling import Review, review_server
from tests.labelling.faces import write_label_files


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    return write_label_files(tmp_path, "coco")


@pytest.fixture
def address(labels: Path) -> Iterator[str]:
    with review_server(Review(labels)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def get(address: str, path: str, *, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(address + path, data=body, headers=names)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def token_of(address: str) -> str:
    page = get(address, "/")[1].decode()
    return page.split('name="asmnet-token" content="')[1].split('"')[0]


def test_page_labels_and_photos_are_served(address, labels):
    status, page = get(address, "/")
    assert (status, page.startswith(b"<!doctype html>")) == (200, True)
    assert b"{token}" not in page
    names = [photo["name"] for photo in json.loads(get(address, "/labels")[1])["photos"]]
    assert names == ["b.png", "a.png"]
    assert get(address, "/photo/1") == (200, (labels.parent / "a.png").read_bytes())
    assert get(address, "/photo/2")[0] == 404
    assert get(address, "/photo/../labels.json")[0] == 404


def test_saving_needs_the_secret_of_the_page(address, labels):
    before = labels.read_bytes()
    faces = json.loads(get(address, "/labels")[1])["photos"][1]["faces"]
    faces[0]["landmarks"][0] = [1.25, 2.5]
    body = json.dumps({"photo": 1, "faces": faces}).encode()
    assert get(address, "/save", body=body)[0] == 403
    assert get(address, "/save", body=body, X_Asmnet_Token="guessed")[0] == 403
    assert labels.read_bytes() == before
    status, reply = get(address, "/save", body=body, X_Asmnet_Token=token_of(address))
    assert (status, json.loads(reply)) == (
        200, {"files": [str(labels)], "copies": [f"{labels}.bak"]},
    )  # fmt: skip
    assert b"1.25, 2.5" in labels.read_bytes()
    assert Path(f"{labels}.bak").read_bytes() == before


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"photo": 0, "faces": [1]}', b'{"photo": "x"}'])
def test_what_is_no_label_is_refused(address, labels, body):
    before = labels.read_bytes()
    status, reply = get(address, "/save", body=body, X_Asmnet_Token=token_of(address))
    assert (status, "error" in json.loads(reply)) == (400, True)
    assert labels.read_bytes() == before


def test_other_host_names_are_refused(address):
    """A web page whose name someone lets point to 127.0.0.1 must not read photos."""
    assert get(address, "/labels", Host="evil.example")[0] == 403
    assert get(address, "/save", body=b"{}", Host="evil.example")[0] == 403
    assert get(address, "/labels", Host=address.replace("http://127.0.0.1", "localhost"))[0] == 200
