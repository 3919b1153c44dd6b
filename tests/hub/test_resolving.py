"""Resolving models against a real HTTP server, through HF_ENDPOINT.

huggingface_hub reads its environment when it is imported, so each call runs in a new process; the
cases that share an environment share a process.
"""

import hashlib
import inspect
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from huggingface_hub import get_hf_file_metadata

import asmnet_sdk
from asmnet_sdk.errors import InvalidInputError, ModelFileError, UnknownModelError
from asmnet_sdk.hub.registry import ModelSpec, available_models
from asmnet_sdk.hub.resolving import MIRROR_VARIABLE, resolve_model, resolve_spec
from tests.hub_server import HubServer

PACKAGE = Path(asmnet_sdk.__file__).parent
CONTENT = bytes(range(256)) * 2048
WRONG = b"not the model" * 1000

DRIVER = """
import json, sys, time
from asmnet_sdk.errors import AsmnetError
from asmnet_sdk.hub.resolving import resolve_model, resolve_spec
from asmnet_sdk.hub.registry import ModelSpec

largest_file, gives_up_rights, *cases = json.loads(sys.argv[1])
if largest_file is not None:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
if gives_up_rights:
    import ctypes

    # The rights of root over the files of others, and to ignore modes: capset of version 3.
    header, nothing = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    assert ctypes.CDLL(None).capset(header, nothing) == 0
sleep = time.sleep
time.sleep = lambda seconds: sleep(min(seconds, 0.01))  # the pauses between retries
for model, options in cases:
    try:
        if isinstance(model, dict):
            path = resolve_spec(ModelSpec(**model), **options)
        else:
            path = resolve_model(model, **options)
    except AsmnetError as error:
        print(json.dumps([type(error).__name__, str(error)]))
    else:
        print(json.dumps(["Path", str(path)]))
print(json.dumps("huggingface_hub" in sys.modules))
"""


@pytest.fixture(scope="module")
def hub():
    with HubServer() as server:
        yield server


@pytest.fixture(autouse=True)
def empty_hub(hub, monkeypatch):
    hub.forget()
    monkeypatch.delenv(MIRROR_VARIABLE, raising=False)


@pytest.fixture
def start(hub, tmp_path):
    """Start a process that resolves each (model, options) case; ``finish`` gives the results."""

    def start_process(
        *cases,
        package=PACKAGE,
        largest_file=None,
        gives_up_rights=False,
        first_do="",
        **environment,
    ):
        kept = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
        return subprocess.Popen(
            [
                *(sys.executable, "-c", first_do + DRIVER),
                json.dumps([largest_file, gives_up_rights, *cases]),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env={
                **kept,
                "PYTHONPATH": str(package.parent),
                "HF_ENDPOINT": hub.url,
                "HF_HOME": str(tmp_path / "hf"),
                "HF_HUB_ETAG_TIMEOUT": "2",
                "NO_PROXY": "127.0.0.1",
                **environment,
            },
        )

    return start_process


def finish(process):
    try:
        out, log = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    assert process.returncode == 0, log
    *results, process.loaded_hub = map(json.loads, out.splitlines())
    return results


@pytest.fixture
def resolve(start):
    def resolve_cases(*cases, **options):
        return finish(start(*cases, **options))

    return resolve_cases


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "hf" / "hub"


def pinned(name="pinned", content=CONTENT, **changes):
    """Describe a registry entry of these bytes, as JSON can carry it."""
    return {
        "name": name,
        "kind": "aligner",
        "repository": f"acme/{name}",
        "revision": "v1",
        "filename": "model.onnx",
        "sha256": hashlib.sha256(content).hexdigest(),
        "licence": "MIT",
        "summary": "bytes for a test",
        **changes,
    }


def serve(hub, name="pinned", content=CONTENT, **failure):
    return hub.add(f"acme/{name}", {"model.onnx": content}, revisions=("main", "v1"), **failure)


def files_below(folder):
    return [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"]


def model_files_below(folder):
    return [path for path in files_below(folder) if path.stat().st_size > 1000]


def wait_until(is_so):
    end = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_pinned_model_is_downloaded_once(hub, resolve, cache):
    serve(hub)
    (first, second) = resolve((pinned(), {}), (pinned(), {"local_files_only": True}))
    assert first[0] == "Path"
    assert second == first
    assert Path(first[1]).read_bytes() == CONTENT
    assert cache in Path(first[1]).parents
    methods = [request.method for request in hub.requests_for("acme/pinned")]
    assert methods.count("GET") == 1
    asked = len(hub.requests)

    assert resolve((pinned(), {})) == [first]
    assert resolve((pinned(), {}), HF_HUB_OFFLINE="1") == [first]
    assert len(hub.requests) == asked


def test_cache_dir_is_used_in_place_of_the_cache(hub, resolve, cache, tmp_path):
    serve(hub)
    own = tmp_path / "own"
    ((kind, path),) = resolve((pinned(), {"cache_dir": str(own)}))
    assert kind == "Path"
    assert own in Path(path).parents
    assert not model_files_below(cache)


def test_refusals_name_the_cause_and_the_offline_way(hub, resolve, cache):
    serve(hub, "gated", status=401, error_code="GatedRepo")
    serve(hub, "private", status=401)
    serve(hub, "forbidden", status=403)
    serve(hub, "busy", status=429)
    serve(hub, "down", status=503)
    serve(hub, "broken", status=500)
    serve(hub, "slow", delay_seconds=4)
    serve(hub, "kept")
    wanted = [
        (pinned("gone"), "no such repository", r"HTTP 404"),
        (pinned("kept", filename="other.onnx"), "no such file", r"HTTP 404"),
        (pinned("kept", revision="v9"), "no such revision", r"HTTP 404"),
        (pinned("gated"), "gated.*hf auth login.*HF_TOKEN", r"HTTP 401"),
        (pinned("private"), "private.*hf auth login", r"HTTP 401"),
        (pinned("forbidden"), "access is refused.*HF_TOKEN", r"HTTP 403"),
        (pinned("busy"), "too many requests", r"HTTP 429"),
        (pinned("down"), "try later", r"HTTP 503"),
        (pinned("broken"), "try later", r"HTTP 500"),
        (pinned("slow"), "Timeout", "timed out"),
    ]
    results = resolve(*((spec, {}) for spec, *_ in wanted))
    for (kind, message), (spec, *patterns) in zip(results, wanted, strict=True):
        assert kind == "ModelDownloadError", message
        assert "\n" not in message
        for pattern in (*patterns, spec["repository"], spec["revision"], spec["filename"]):
            assert re.search(pattern, message), message
        assert f"asmnet download {spec['name']}" in message
        assert f"{MIRROR_VARIABLE} (now unset)" in message
        assert f"{spec['name']}/{spec['filename']}" in message
    assert not model_files_below(cache)


def test_refused_connection_is_a_download_error(resolve):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    ((kind, message),) = resolve((pinned(), {}), HF_ENDPOINT=f"http://127.0.0.1:{port}")
    assert kind == "ModelDownloadError"
    assert "refused" in message


@pytest.mark.skipif(
    "retry_on_errors" not in inspect.signature(get_hf_file_metadata).parameters,
    reason="this version of huggingface_hub has retries of its own",
)
@pytest.mark.parametrize("status", [429, 503])
def test_hub_out_of_order_is_asked_once(hub, resolve, status):
    serve(hub, status=status)
    assert resolve((pinned(), {}))[0][0] == "ModelDownloadError"
    assert len(hub.requests_for("acme/pinned")) == 1


def test_answer_that_is_not_from_a_hub_is_a_download_error(hub, resolve, cache):
    serve(hub, is_portal=True)
    ((kind, message),) = resolve((pinned(), {}))
    assert kind == "ModelDownloadError"
    assert "FileMetadataError" in message
    assert not model_files_below(cache)


def test_endpoint_that_is_no_url_is_a_download_error(resolve):
    ((kind, message),) = resolve((pinned(), {}), HF_ENDPOINT="no-url")
    assert kind == "ModelDownloadError"
    assert "protocol" in message or "scheme" in message


def test_wrong_content_from_the_hub_is_refused_and_deleted(hub, resolve, cache):
    repository = serve(hub, wrong_content=WRONG)
    ((kind, message),) = resolve((pinned(), {}))
    assert kind == "ModelFileError"
    assert hashlib.sha256(CONTENT).hexdigest() in message
    assert hashlib.sha256(WRONG).hexdigest() in message
    assert "upgrade asmnet-sdk" in message
    assert not model_files_below(cache)
    assert not list(cache.rglob("model.onnx"))

    repository.wrong_content = None
    ((kind, path),) = resolve((pinned(), {}))
    assert kind == "Path"
    assert Path(path).read_bytes() == CONTENT


def test_corrupted_cache_is_downloaded_again_but_not_offline(hub, resolve):
    serve(hub)
    ((_, path),) = resolve((pinned(), {}))
    Path(path).write_bytes(WRONG)

    (local, offline) = (
        *resolve((pinned(), {"local_files_only": True})),
        *resolve((pinned(), {}), HF_HUB_OFFLINE="1"),
    )
    assert local[0] == offline[0] == "ModelFileError"
    assert path in local[1]
    assert Path(path).read_bytes() == WRONG

    assert resolve((pinned(), {})) == [["Path", path]]
    assert Path(path).read_bytes() == CONTENT


def test_cut_connection_leaves_no_model_behind(hub, resolve, cache):
    repository = serve(hub, cut_after=100_000)
    ((kind, message),) = resolve((pinned(), {}))
    assert kind == "ModelDownloadError"
    assert "acme/pinned" in message
    assert not list(cache.rglob("model.onnx"))

    repository.cut_after = None
    ((kind, path),) = resolve((pinned(), {}))
    assert kind == "Path"
    assert Path(path).read_bytes() == CONTENT


def test_answer_that_ends_early_but_well_formed_is_refused_and_deleted(hub, resolve, cache):
    serve(hub, wrong_content=CONTENT[:100_000])
    ((kind, message),) = resolve((pinned(), {}))
    assert kind == "ModelFileError"
    assert "The download is deleted. Try again" in message
    assert not model_files_below(cache)


def test_killed_process_leaves_no_model_and_the_next_one_gets_it(hub, start, resolve, cache):
    repository = serve(hub, stall_after=100_000)
    process = start((pinned(), {}))
    wait_until(lambda: list(cache.rglob("*.incomplete")))
    process.kill()
    process.communicate()
    assert not list(cache.rglob("model.onnx"))

    repository.stall_after = None
    ((kind, path),) = resolve((pinned(), {}))
    assert kind == "Path"
    assert Path(path).read_bytes() == CONTENT


def test_offline_without_cache_makes_no_request(hub, resolve):
    serve(hub)
    (local,) = resolve((pinned(), {"local_files_only": True}))
    (offline, repository) = resolve((pinned(), {}), ("acme/pinned", {}), HF_HUB_OFFLINE="1")
    assert local[0] == offline[0] == repository[0] == "ModelDownloadError"
    assert "local_files_only" in local[1]
    assert "HF_HUB_OFFLINE" in offline[1]
    assert "asmnet download acme/pinned" in repository[1]
    assert not hub.requests


def test_repository_is_taken_with_revision_and_filename(hub, resolve):
    hub.add("acme/two", {"model.onnx": CONTENT, "int8/small.onnx": WRONG}, revisions=("main", "v2"))
    results = resolve(
        ("acme/two", {}),
        ("acme/two", {"revision": "v2", "filename": "int8/small.onnx"}),
        ("acme/two", {"revision": "v3"}),
    )
    assert [kind for kind, _ in results] == ["Path", "Path", "ModelDownloadError"]
    assert Path(results[0][1]).read_bytes() == CONTENT
    assert Path(results[1][1]).read_bytes() == WRONG


def test_repository_follows_its_branch_and_outlives_the_hub(hub, resolve):
    serve(hub, "moving", b"old" * 1000)
    ((_, path),) = resolve(("acme/moving", {}))
    assert Path(path).read_bytes() == b"old" * 1000

    repository = serve(hub, "moving", b"new" * 1000)
    ((_, path),) = resolve(("acme/moving", {}))
    assert Path(path).read_bytes() == b"new" * 1000

    repository.status = 503
    assert resolve(("acme/moving", {})) == [["Path", path]]
    asked = len(hub.requests)
    assert resolve(("acme/moving", {}), HF_HUB_OFFLINE="1") == [["Path", path]]
    assert len(hub.requests) == asked


def test_hub_folder_is_served_as_a_repository(hub, resolve, tmp_path):
    folder = tmp_path / "asmnet-test"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(CONTENT)
    hub.add("acme/folder", folder)
    ((kind, path),) = resolve(("acme/folder", {}))
    assert kind == "Path"
    assert Path(path).read_bytes() == CONTENT


def test_two_processes_may_download_at_once(hub, start):
    serve(hub, delay_seconds=0.3)
    processes = [start((pinned(), {})) for _ in range(2)]
    (first,), (second,) = map(finish, processes)
    assert first == second
    assert Path(first[1]).read_bytes() == CONTENT
    methods = [request.method for request in hub.requests_for("acme/pinned")]
    assert methods.count("GET") == 1


# What a process does before it resolves: parts of a meeting of two that is bound to go wrong where
# both may change the cache. All that matters is imported first, so the waiting can be short.
MEETING = """
import logging, os, time
from pathlib import Path
import huggingface_hub
import asmnet_sdk.hub.resolving


def wait_for(is_so):
    end = time.monotonic() + 1.5
    while time.monotonic() < end and not is_so():
        time.sleep(0.005)


"""
USES_LATE = """
download = huggingface_hub.hf_hub_download


def download_and_wait(*args, **options):
    path = Path(download(*args, **options))
    wait_for(lambda: not path.exists())
    return str(path)


huggingface_hub.hf_hub_download = download_and_wait
"""
LINKS_LATE = """
symlink, pause = os.symlink, time.sleep


def link_late(*args, **options):
    pause(0.5)
    symlink(*args, **options)


os.symlink = link_late
Path("ready").touch()
"""
DELETES_LATE = """
class WaitForTheOther(logging.Handler):
    def emit(self, record):
        Path("doubts").touch()
        wait_for(Path("other-is-done").exists)


logging.getLogger("asmnet_sdk").addHandler(WaitForTheOther())
"""
STARTS_SECOND = """
Path("ready-too").touch()
while not Path("doubts").exists():
    time.sleep(0.005)
"""


def test_process_that_comes_second_leaves_the_link_of_the_first(hub, start, tmp_path):
    """huggingface_hub 0.23 removes it and makes it anew; the first could not read its file."""
    repository = serve(hub, held=threading.Event())
    first = start((pinned(), {}), first_do=MEETING + USES_LATE)
    wait_until(lambda: "GET" in [request.method for request in hub.requests])
    second = start((pinned(), {}), first_do=MEETING + LINKS_LATE)
    wait_until((tmp_path / "ready").exists)
    time.sleep(1)  # as far as the second gets
    repository.held.set()
    (found,), (found_too,) = finish(first), finish(second)
    assert found == found_too
    assert Path(found[1]).read_bytes() == CONTENT


def test_wrong_file_in_the_cache_is_replaced_by_one_process_only(hub, start, resolve, tmp_path):
    """The slow one deleted what the quick one had put there meanwhile."""
    serve(hub)
    ((_, path),) = resolve((pinned(), {}))
    Path(path).write_bytes(WRONG)
    quick = start((pinned(), {}), first_do=MEETING + STARTS_SECOND)
    wait_until((tmp_path / "ready-too").exists)
    slow = start((pinned(), {}), first_do=MEETING + DELETES_LATE)
    (found,) = finish(quick)
    (tmp_path / "other-is-done").touch()
    assert [found] == finish(slow) == [["Path", path]]
    assert Path(path).read_bytes() == CONTENT
    methods = [request.method for request in hub.requests_for("acme/pinned")]
    assert methods.count("GET") == 2  # the first download, and the one in place of the wrong file


def test_cache_that_cannot_be_written_is_a_download_error(hub, resolve, tmp_path):
    serve(hub)
    (tmp_path / "file").write_bytes(b"")
    ((kind, message),) = resolve((pinned(), {"cache_dir": str(tmp_path / "file")}))
    assert kind == "ModelDownloadError"
    assert str(tmp_path / "file") in message
    assert "cache_dir or HF_HOME" in message


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on file sizes")
def test_file_that_the_disk_cannot_hold_is_a_download_error(hub, resolve, cache):
    serve(hub)
    ((kind, message),) = resolve((pinned(), {}), largest_file=len(CONTENT) // 2)
    assert kind == "ModelDownloadError"
    assert "OSError: [Errno" in message
    assert "cache_dir or HF_HOME" in message
    assert not list(cache.rglob("model.onnx"))


needs_rights_to_matter = pytest.mark.skipif(
    not hasattr(os, "geteuid") or (os.geteuid() == 0 and sys.platform != "linux"),
    reason="cannot make a folder that this user may not write",
)


def is_root():
    return os.geteuid() == 0


def test_cut_update_of_a_repository_leaves_the_model_that_was_there(hub, resolve):
    serve(hub)
    found = resolve(("acme/pinned", {}))
    serve(hub, content=WRONG * 1000, cut_after=1000)
    assert resolve(("acme/pinned", {})) == found
    assert resolve(("acme/pinned", {}), HF_HUB_OFFLINE="1") == found
    hub.repositories["acme/pinned"].status = 503
    assert resolve(("acme/pinned", {})) == found
    serve(hub, content=WRONG)
    ((_, path),) = resolve(("acme/pinned", {}))
    assert Path(path).read_bytes() == WRONG


@pytest.mark.parametrize("code", ["RevisionNotFound", "EntryNotFound"])
def test_what_the_hub_no_longer_has_is_not_taken_from_the_cache(hub, resolve, code):
    serve(hub)
    assert resolve(("acme/pinned", {}))[0][0] == "Path"
    hub.repositories["acme/pinned"].status = 404
    hub.repositories["acme/pinned"].error_code = code
    ((kind, message),) = resolve(("acme/pinned", {}))
    assert kind == "ModelDownloadError"
    assert "HTTP 404" in message


@needs_rights_to_matter
def test_pinned_model_in_a_cache_of_ones_own_that_is_read_only_is_used(hub, resolve, cache):
    serve(hub)
    found = resolve(("acme/pinned", {}))
    paths = [cache.parent, *cache.parent.rglob("*")]
    paths = [path for path in paths if not path.is_symlink()]
    modes = {path: path.stat().st_mode for path in paths}
    for path, mode in modes.items():
        path.chmod(mode & 0o555)
    try:
        assert resolve(("acme/pinned", {}), gives_up_rights=is_root()) == found
    finally:
        for path, mode in modes.items():
            path.chmod(mode)


@needs_rights_to_matter
def test_read_only_cache_is_a_download_error(hub, resolve, tmp_path):
    serve(hub)
    folder = tmp_path / "read-only"
    folder.mkdir(mode=0o500)
    ((kind, message),) = resolve((pinned(), {"cache_dir": str(folder)}), gives_up_rights=is_root())
    assert kind == "ModelDownloadError"
    assert "Permission denied" in message
    assert "cache_dir or HF_HOME" in message
    assert not list(folder.iterdir())


@needs_rights_to_matter
def test_model_in_a_read_only_cache_is_used(hub, resolve, cache):
    """As in a container whose image holds the cache; the branch has moved on since."""
    serve(hub)
    cases = ((pinned(), {}), ("acme/pinned", {}))
    found = resolve(*cases)
    assert [kind for kind, _ in found] == ["Path", "Path"]
    folders = [cache, *(path for path in cache.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o500)
    try:
        assert resolve(*cases, gives_up_rights=is_root()) == found
        serve(hub, content=WRONG)
        ((kind, message),) = resolve(("acme/pinned", {}), gives_up_rights=is_root())
    finally:
        for folder in folders:
            folder.chmod(0o700)
    assert kind == "ModelDownloadError"
    assert "Permission denied" in message


@pytest.fixture
def small_disk(tmp_path):
    """A file system that holds less than the model; only root can make one."""
    folder = tmp_path / "small"
    folder.mkdir()
    size = len(CONTENT) // 2
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.call(mount, stderr=subprocess.DEVNULL):
        pytest.skip("this user may not mount a small file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_full_disk_is_a_download_error_and_leaves_no_model(hub, resolve, small_disk):
    serve(hub)
    ((kind, message),) = resolve((pinned(), {}), HF_HOME=str(small_disk))
    assert kind == "ModelDownloadError"
    assert "No space left on device" in message
    assert "cache_dir or HF_HOME" in message
    assert not list(small_disk.rglob("model.onnx"))


def test_embedded_model_needs_neither_network_nor_huggingface_hub(hub, start, tmp_path):
    copy = tmp_path / "site" / "asmnet_sdk"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("weights", "training"))
    (copy / "weights").mkdir()
    (copy / "weights" / "asmnet-68.onnx").write_bytes(CONTENT)
    process = start(("asmnet-68", {}), package=copy)
    assert finish(process) == [["Path", str(copy / "weights" / "asmnet-68.onnx")]]
    assert not process.loaded_hub
    assert not hub.requests


@pytest.mark.parametrize(
    "spec", [spec for spec in available_models() if spec.embedded], ids=lambda spec: spec.name
)
def test_embedded_file_has_the_hash_of_the_registry(spec):
    path = PACKAGE / "weights" / f"{spec.name}.onnx"
    if not path.is_file():
        pytest.skip(f"this checkout has no {path.name}")
    assert resolve_model(spec.name) == path
    assert hashlib.sha256(path.read_bytes()).hexdigest() == spec.sha256


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    folder = tmp_path / "mirror"
    for name in ("pinned", "acme/any"):
        (folder / name).mkdir(parents=True)
        (folder / name / "model.onnx").write_bytes(CONTENT)
    monkeypatch.setenv(MIRROR_VARIABLE, str(folder))
    return folder


def test_mirror_comes_before_the_hub(hub, start, mirror):
    serve(hub)
    process = start((pinned(), {}), ("acme/any", {}))
    assert finish(process) == [
        ["Path", str(mirror / "pinned" / "model.onnx")],
        ["Path", str(mirror / "acme" / "any" / "model.onnx")],
    ]
    assert not process.loaded_hub
    assert not hub.requests


def test_wrong_file_in_the_mirror_is_named_and_kept(mirror):
    path = mirror / "pinned" / "model.onnx"
    path.write_bytes(WRONG)
    with pytest.raises(ModelFileError, match=re.escape(str(path))) as caught:
        resolve_spec(ModelSpec(**pinned()))
    assert hashlib.sha256(WRONG).hexdigest() in str(caught.value)
    assert path.read_bytes() == WRONG


def test_model_that_the_mirror_lacks_comes_from_the_hub(hub, resolve, mirror):
    serve(hub, "elsewhere")
    (found, missing) = resolve((pinned("elsewhere"), {}), (pinned("nowhere"), {}))
    assert found[0] == "Path"
    assert missing[0] == "ModelDownloadError"
    assert f"{MIRROR_VARIABLE} (now {str(mirror)!r})" in missing[1]


@pytest.mark.parametrize("kind", [str, Path])
def test_local_file_and_folder_are_taken_as_they_are(tmp_path, kind):
    path = tmp_path / "model.onnx"
    path.write_bytes(WRONG)
    assert resolve_model(kind(path)) == path
    assert resolve_model(kind(tmp_path)) == path


@pytest.mark.parametrize("model", ["no/such.onnx", Path("no/such"), Path("acme/pinned")])
def test_missing_local_file_is_a_file_error(model):
    with pytest.raises(ModelFileError, match="there is no model file"):
        resolve_model(model)


def test_path_object_is_never_a_registry_name():
    with pytest.raises(ModelFileError, match="there is no model file 'yunet'"):
        resolve_model(Path("yunet"))


@pytest.mark.parametrize("model", ["asmnet", "", "a/b/c", "-a/b", "a/b--c", "a/..", "a b/c"])
def test_what_is_no_name_path_or_repository_is_unknown(model):
    with pytest.raises(UnknownModelError, match=f"unknown model '{model}'.*asmnet-68,.*yunet"):
        resolve_model(model)


@pytest.mark.parametrize("options", [{"revision": "main"}, {"filename": "model.onnx"}])
def test_revision_and_filename_go_with_repositories_only(tmp_path, options):
    (tmp_path / "own.onnx").write_bytes(WRONG)
    for model in ("yunet", tmp_path / "own.onnx"):
        with pytest.raises(InvalidInputError, match="owner/name"):
            resolve_model(model, **options)


def test_cache_that_is_no_path_is_refused():
    with pytest.raises(InvalidInputError, match="cache_dir is 3; needed: a path, or None"):
        resolve_model("asmnet-68", cache_dir=3)


@pytest.mark.parametrize("filename", ["../model.onnx", "/etc/model.onnx", "a/../../b.onnx"])
def test_filename_stays_within_the_repository(filename):
    with pytest.raises(InvalidInputError, match="does not lie within the repository"):
        resolve_model("acme/any", filename=filename)


def test_folder_without_a_model_is_named(tmp_path, monkeypatch):
    """It was taken for a repository of the Hub where its path reads like one."""
    monkeypatch.chdir(tmp_path)
    Path("runs/mine").mkdir(parents=True)
    with pytest.raises(ModelFileError, match=r"no model file 'runs/mine/model\.onnx'"):
        resolve_model("runs/mine")
