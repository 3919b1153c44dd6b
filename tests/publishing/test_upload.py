"""``asmnet publish`` against a real HTTP server that takes uploads as the Hub does.

huggingface_hub reads its environment when it is imported, so each run is a process of its own.
Large files go up by Git LFS; by hf_xet where a test says so.
"""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.hub.registry import find_model
from asmnet_sdk.publishing.upload import plan_publication
from tests.conftest import REPOSITORY
from tests.dot_model import METADATA, renamed, write_dot_model
from tests.hub_folder import describe_model, write_hub_folder
from tests.hub_server import HubServer
from tests.hub_uploads import HubAccount

try:
    import hf_xet
except ImportError:
    hf_xet = None

TOKEN = "hf_of_acme"
DRIVER = """
import sys, time

sleep = time.sleep
time.sleep = lambda seconds: sleep(min(seconds, 0.01))  # the pauses between retries
from asmnet_sdk.cli import main

sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def server():
    with HubServer() as server:
        yield server


@pytest.fixture
def hub(server):
    server.forget()
    server.accounts[TOKEN] = HubAccount(frozenset({"acme"}))
    server.accounts["hf_of_a_reader"] = HubAccount(frozenset())
    return server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_hub_folder(tmp_path / "dots")


@pytest.fixture
def publish(hub: HubServer, folder: Path, tmp_path: Path):
    """Run the command on the folder; returns code, out and err."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "ASMNET_"))}
    environment = {
        **kept,
        "HF_ENDPOINT": hub.url,
        "HF_HOME": str(tmp_path / "hf"),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_VERBOSITY": "error",  # no lines about retries
        "HF_TOKEN": TOKEN,
        "NO_PROXY": "127.0.0.1",
        "PYTHONPATH": str(REPOSITORY),
    }

    def run(*options: str, **changes: str | None) -> SimpleNamespace:
        variables = {k: v for k, v in {**environment, **changes}.items() if v is not None}
        options = options or ("--repo", "acme/dots", "--tag", "v1")
        result = subprocess.run(
            [sys.executable, "-c", DRIVER, "publish", str(folder), *options],
            capture_output=True,
            text=True,
            env=variables,
            cwd=tmp_path,
            timeout=120,
            check=False,
        )
        assert TOKEN not in result.stdout + result.stderr
        return SimpleNamespace(code=result.returncode, out=result.stdout, err=result.stderr)

    return run


def contents_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def error_of(result: SimpleNamespace) -> str:
    """Return the one line of a refusal."""
    assert result.code == 1, result.out
    assert result.err.startswith("asmnet: error: "), result.err
    assert result.err.count("\n") == 1, result.err
    return result.err


def upload_error_of(result: SimpleNamespace) -> str:
    error = error_of(result)
    assert "cannot publish dots to acme/dots: cannot " in error
    return error


def test_folder_arrives_in_one_commit_and_is_tagged(hub, publish, folder):
    result = publish()
    assert result.code == 0, result.err
    repository = hub.repositories["acme/dots"]
    [commit] = repository.commits
    assert commit.files == contents_of(folder)
    assert commit.message == "dots v1"
    assert commit.description.startswith("model.onnx: SHA-256 ")
    assert commit.description[-64:] in (folder / "SHA256SUMS").read_text()
    assert repository.tagged == {"v1": contents_of(folder)}
    assert not repository.is_private
    sent = [r for r in hub.requests_for("acme/dots") if r.method != "PUT"]
    assert {request.token for request in sent} == {TOKEN}
    assert f"published    {hub.url}/acme/dots/tree/v1\n" in result.out
    assert f"verified     the Hub gives SHA-256 {commit.description[-64:]}\n" in result.out


def test_published_model_is_loaded_from_its_tag(hub, publish, folder, tmp_path):
    assert publish().code == 0
    code = (
        "from asmnet_sdk.hub.resolving import resolve_model; "
        "print(resolve_model('acme/dots', revision='v1').read_bytes() == "
        f"open({str(folder / 'model.onnx')!r}, 'rb').read())"
    )
    environment = {
        **os.environ,
        "HF_ENDPOINT": hub.url,
        "HF_HOME": str(tmp_path / "other"),
        "NO_PROXY": "127.0.0.1",
        "PYTHONPATH": str(REPOSITORY),
    }
    arguments = [sys.executable, "-c", code]
    assert subprocess.check_output(arguments, env=environment, text=True) == "True\n"


def test_dry_run_shows_all_and_sends_nothing(hub, publish, folder):
    result = publish("--repo", "acme/dots", "--tag", "v1", "--dry-run", HF_TOKEN=None)
    assert result.code == 0, result.err
    for text in ("acme/dots (public)", "v1", "Apache-2.0", "dry run: nothing was sent"):
        assert text in result.out
    for path in folder.iterdir():
        assert f"{path} ({path.stat().st_size} bytes)" in result.out
    assert "non-commercial" not in result.out
    assert not hub.requests


def test_research_only_licence_is_said_plainly(publish, folder):
    licence = "non-commercial research, as the training photos"
    describe_model(folder, licence=f"{METADATA.licence}; {licence}", license="other")
    out = publish("--repo", "acme/dots", "--tag", "v1", "--dry-run").out
    assert "NOTE         the weights are licensed for non-commercial research only" in out


def test_unfit_folder_is_refused_before_any_request(hub, publish, folder):
    (folder / "model.onnx").write_bytes(b"tampered")
    assert "has SHA-256" in error_of(publish())
    assert not hub.requests


def test_missing_token_is_refused_before_any_request(hub, publish):
    error = upload_error_of(publish(HF_TOKEN=None))
    assert "there is no token: log in with `hf auth login`, or set HF_TOKEN" in error
    assert not hub.requests


def test_token_of_a_login_is_used(hub, publish, tmp_path):
    (tmp_path / "hf").mkdir()
    (tmp_path / "hf" / "token").write_text(TOKEN)
    assert publish(HF_TOKEN=None).code == 0
    assert hub.repositories["acme/dots"].commits[0].token == TOKEN


def test_unknown_token_is_said_so(publish):
    error = upload_error_of(publish(HF_TOKEN="hf_unknown"))
    assert "the token is missing, wrong or expired" in error
    assert "HTTP 401" in error


def test_token_without_rights_is_said_so(hub, publish, folder):
    error = upload_error_of(publish(HF_TOKEN="hf_of_a_reader"))
    assert "this token may not write there" in error
    assert "HTTP 403" in error
    hub.add("acme/dots", folder)
    error = upload_error_of(publish(HF_TOKEN="hf_of_a_reader"))
    assert "cannot upload the files: this token may not write there" in error
    assert not hub.repositories["acme/dots"].commits


def test_existing_tag_is_never_moved(hub, publish):
    hub.add("acme/dots", {"model.onnx": b"old"}, revisions=("main", "v1"))
    error = upload_error_of(publish())
    assert "cannot tag v1: the tag exists, and tags are never moved" in error
    assert hub.repositories["acme/dots"].head == {"model.onnx": b"old"}


def test_tag_that_appears_meanwhile_is_not_moved_either(hub, publish):
    hub.refused_steps["tag"] = 409
    assert "never moved: publish under a new tag (HTTP 409)" in upload_error_of(publish())


def test_next_tag_leaves_the_last_one_alone(hub, publish, folder):
    assert publish().code == 0
    before = contents_of(folder)
    write_dot_model(folder / "model.onnx", metadata=renamed("dots"), drop_output="face_score")
    describe_model(folder)
    assert publish("--repo", "acme/dots", "--tag", "v2").code == 0
    assert hub.repositories["acme/dots"].tagged == {"v1": before, "v2": contents_of(folder)}
    assert before != contents_of(folder)


@pytest.mark.parametrize(
    ("step", "status", "action"),
    [
        ("create", 500, "open the repository"),
        ("refs", 429, "open the repository"),
        ("validate", 503, "upload the files"),
        ("preupload", 429, "upload the files"),
        ("batch", 500, "upload the files"),
        ("put", 503, "upload the files"),
        ("verify", 500, "upload the files"),
        ("commit", 503, "upload the files"),
        ("tag", 500, "tag v1"),
    ],
)
def test_refused_step_is_named_and_leaves_no_tag(hub, publish, step, status, action):
    hub.refused_steps[step] = status
    error = upload_error_of(publish())
    assert f"cannot {action}: " in error
    assert not hub.repositories or not hub.repositories["acme/dots"].tagged
    if step != "validate":  # huggingface_hub expects JSON there, whatever the status
        assert f"(HTTP {status})" in error
        assert "again" in error


def test_run_that_broke_off_may_be_repeated(hub, publish, folder):
    for step in ("put", "commit", "tag"):
        hub.refused_steps = {step: 503}
        upload_error_of(publish())
    hub.refused_steps = {}
    result = publish()
    assert result.code == 0, result.err
    assert hub.repositories["acme/dots"].tagged == {"v1": contents_of(folder)}


def test_hub_that_cannot_be_reached_is_said_so(publish):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = upload_error_of(publish(HF_ENDPOINT=f"http://127.0.0.1:{port}"))
    assert "cannot open the repository" in error
    assert "refused" in error


def test_forbidden_network_is_not_used(hub, publish):
    assert "HF_HUB_OFFLINE is set" in upload_error_of(publish(HF_HUB_OFFLINE="1"))
    assert not hub.requests


def test_private_repository_stays_private(hub, publish):
    options = ("--repo", "acme/dots", "--private", "--tag")
    assert publish(*options, "v1").code == 0
    assert hub.repositories["acme/dots"].is_private
    assert publish(*options, "v2").code == 0
    error = upload_error_of(publish("--repo", "acme/dots", "--tag", "v3"))
    assert "it is private on the Hub" in error
    hub.repositories["acme/dots"].is_private = False
    assert "it is public on the Hub" in upload_error_of(publish(*options, "v3"))
    assert set(hub.repositories["acme/dots"].tagged) == {"v1", "v2"}


def test_model_is_fetched_back_and_compared(hub, publish):
    hub.add("acme/dots", {}, wrong_content=b"something else")
    assert "the Hub gives a file with SHA-256" in upload_error_of(publish())


class LocalChunkStore:
    """Chunks that hf_xet wrote to a folder, put together again by hf_xet."""

    def __init__(self, folder: Path, *files: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self._infos = {
            hashlib.sha256(file.read_bytes()).hexdigest(): hf_xet.hash_files([str(file)])[0]
            for file in files
        }

    def read(self, sha256: str) -> bytes:
        info = self._infos[sha256]
        target = self.folder.with_name("from-chunks")
        session = hf_xet.XetSession()
        with session.new_file_download_group(endpoint=f"local://{self.folder}") as group:
            wanted = hf_xet.XetFileInfo(info.hash, info.file_size)
            group.start_download_file(wanted, str(target))
        return target.read_bytes()


@pytest.mark.skipif(hf_xet is None, reason="hf_xet is not installed")
def test_large_file_arrives_by_the_chunk_store_where_the_hub_offers_it(
    hub, publish, folder, tmp_path
):
    """huggingface_hub 2 always asks for it, older ones do not ask a Hub that offers Git LFS."""
    hub.chunk_store = LocalChunkStore(tmp_path / "chunks", folder / "model.onnx")
    result = publish(HF_HUB_DISABLE_XET="0")
    assert result.code == 0, result.err
    assert hub.repositories["acme/dots"].tagged == {"v1": contents_of(folder)}
    methods = {request.method for request in hub.requests}
    assert ("PUT" in methods) != asked_for_chunks(hub)


@pytest.mark.skipif(hf_xet is None, reason="hf_xet is not installed")
def test_chunk_store_is_done_without_or_its_absence_is_one_line(hub, publish):
    result = publish(HF_HUB_DISABLE_XET="0")
    tags = set(hub.repositories["acme/dots"].tagged)
    if asked_for_chunks(hub):
        assert "cannot upload the files" in upload_error_of(result)
        assert tags == set()
    else:
        assert result.code == 0, result.err
        assert tags == {"v1"}


def asked_for_chunks(hub: HubServer) -> bool:
    return any("/xet-write-token/" in request.path for request in hub.requests)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({}, "no model 'dots': name its repository"),
        ({"repository": "dots", "tag": "v1"}, "'dots' is no Hub repository"),
        ({"repository": "acme/dots"}, "no tag for 'acme/dots': name one"),
        ({"repository": "acme/dots", "tag": "v 1"}, "'v 1' is no tag"),
        ({"repository": "acme/dots", "tag": "main"}, "'main' is no tag"),
    ],
)
def test_repository_and_tag_have_to_be_known_and_well_formed(folder, options, reason):
    with pytest.raises(InvalidInputError, match=reason):
        plan_publication(folder, **options)


def test_registry_gives_repository_and_tag():
    spec = find_model("asmnet-68")
    folder = REPOSITORY / "hub" / spec.name
    plan = plan_publication(folder)
    assert (plan.repository, plan.tag) == (spec.repository, spec.revision)
    assert not plan.is_private
    with pytest.raises(InvalidInputError, match=f"expects 'asmnet-68' at tag '{spec.revision}'"):
        plan_publication(folder, tag="v9.9.9")
    other = plan_publication(folder, repository="acme/mirror", tag="v9.9.9")
    assert (other.repository, other.tag) == ("acme/mirror", "v9.9.9")
