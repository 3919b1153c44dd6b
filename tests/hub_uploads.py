"""The part of the Hub that takes uploads: repositories, large files, commits and tags.

Written after what huggingface_hub sends, from 0.23 to 2.4: create_repo, model_info,
list_repo_refs, create_commit (preupload, Git LFS batch, PUT, verify, commit) and create_tag.
Large files may also come through a chunk store of hf_xet, a folder on this machine.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

_STEPS = (
    ("create", "POST", r"/api/repos/create"),
    ("validate", "POST", r"/api/validate-yaml"),
    ("info", "GET", r"/api/models/(?P<repository>[^/]+/[^/]+)"),
    ("refs", "GET", r"/api/models/(?P<repository>[^/]+/[^/]+)/refs"),
    ("preupload", "POST", r"/api/models/(?P<repository>[^/]+/[^/]+)/preupload/main"),
    ("batch", "POST", r"/(?P<repository>[^/]+/[^/]+)\.git/info/lfs/objects/batch"),
    ("put", "PUT", r"/large-files/(?P<repository>[^/]+/[^/]+)/(?P<digest>[0-9a-f]{64})"),
    ("verify", "POST", r"/large-files/(?P<repository>[^/]+/[^/]+)/verify"),
    ("chunks", "GET", r"/api/models/(?P<repository>[^/]+/[^/]+)/xet-write-token/main"),
    ("commit", "POST", r"/api/models/(?P<repository>[^/]+/[^/]+)/commit/main"),
    ("tag", "POST", r"/api/models/(?P<repository>[^/]+/[^/]+)/tag/(?P<revision>[^/]+)"),
)
_PUBLIC_STEPS = ("put",)  # the signed address stands for the token


class HubAccount(NamedTuple):
    """Whose repositories a token may write."""

    owners: frozenset[str]


class ChunkStore(Protocol):
    """Where hf_xet leaves the chunks of large files."""

    folder: Path

    def read(self, sha256: str) -> bytes:
        """Return the file of this SHA-256 from its chunks, or raise a KeyError."""


@dataclass(frozen=True)
class HubCommit:
    """One commit that arrived: its texts, and the files that it carried."""

    message: str
    description: str
    files: Mapping[str, bytes]
    token: str


def _find_step(method: str, path: str) -> tuple[str, re.Match[str] | None]:
    for step, step_method, pattern in _STEPS:
        if method == step_method and (match := re.fullmatch(pattern, path)):
            return step, match
    return "", None


class UploadsMixin:
    """Answers what an upload asks, for a BaseHTTPRequestHandler with ``token`` and ``refuse``."""

    def answer_upload(self, path: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        hub = self.server.hub
        step, match = _find_step(self.command, path)
        if match is None:
            return self.refuse(404)
        if step in hub.refused_steps:
            return self.refuse(hub.refused_steps[step])
        if step not in _PUBLIC_STEPS and self.token not in hub.accounts:
            return self.refuse(401)
        return getattr(self, f"_take_{step}")(body, **match.groupdict())

    def _reply(self, value: Any, status: int = 200) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _repository(self, name: str, *, to_write: bool = True):
        """Return a repository that this token may see, or write; else refuse."""
        hub = self.server.hub
        repository = hub.repositories.get(name)
        if repository is None:
            self.refuse(404, "RepoNotFound")
        elif to_write and name.partition("/")[0] not in hub.accounts[self.token].owners:
            self.refuse(403)
            return None
        return repository

    def _take_create(self, body: bytes) -> None:
        hub, wanted = self.server.hub, json.loads(body)
        name = f"{wanted['organization']}/{wanted['name']}"
        if wanted["organization"] not in hub.accounts[self.token].owners:
            return self.refuse(403)
        url = {"url": f"{hub.url}/{name}"}
        if name in hub.repositories:
            return self._reply(url, status=409)
        is_private = wanted.get("private") or wanted.get("visibility") == "private"
        hub.add(name, {}, is_private=bool(is_private))
        return self._reply(url)

    def _take_validate(self, body: bytes) -> None:
        has_header = json.loads(body)["content"].startswith("---\n")
        errors = [] if has_header else [{"message": "there is no header"}]
        self._reply({"errors": errors, "warnings": []}, status=400 if errors else 200)

    def _take_info(self, _: bytes, repository: str) -> None:
        if (found := self._repository(repository, to_write=False)) is not None:
            self._reply(
                {
                    "id": repository,
                    "private": found.is_private,
                    "sha": found.commit,
                    "downloads": 0,
                    "likes": 0,
                    "tags": [],
                    "siblings": [],
                }
            )

    def _take_refs(self, _: bytes, repository: str) -> None:
        if (found := self._repository(repository, to_write=False)) is not None:
            names = [*found.tagged, *(name for name in found.revisions if name != "main")]
            tags = [
                {"name": name, "ref": f"refs/tags/{name}", "targetCommit": found.commit}
                for name in names
            ]
            self._reply({"branches": [], "converts": [], "tags": tags})

    def _take_preupload(self, body: bytes, repository: str) -> None:
        if self._repository(repository) is not None:
            files = [
                {
                    "path": file["path"],
                    "uploadMode": "lfs" if file["path"].endswith(".onnx") else "regular",
                    "shouldIgnore": False,
                    "oid": None,
                }
                for file in json.loads(body)["files"]
            ]
            self._reply({"files": files})

    def _take_batch(self, body: bytes, repository: str) -> None:
        if self._repository(repository) is not None:
            objects = [self._instructions(repository, **o) for o in json.loads(body)["objects"]]
            self._reply({"transfer": "basic", "objects": objects})

    def _instructions(self, repository: str, oid: str, size: int) -> dict[str, Any]:
        hub = self.server.hub
        wanted: dict[str, Any] = {"oid": oid, "size": size}
        if oid not in hub.large_files:
            place = f"{hub.url}/large-files/{repository}"
            wanted["actions"] = {
                "upload": {"href": f"{place}/{oid}"},
                "verify": {"href": f"{place}/verify"},
            }
        return wanted

    def _take_put(self, body: bytes, repository: str, digest: str) -> None:
        if hashlib.sha256(body).hexdigest() != digest:
            return self.refuse(400)
        self.server.hub.large_files[digest] = body
        return self._reply({})

    def _take_verify(self, body: bytes, repository: str) -> None:
        wanted = json.loads(body)
        content = self.server.hub.large_files.get(wanted["oid"])
        if content is None or len(content) != wanted["size"]:
            return self.refuse(400)
        return self._reply({})

    def _take_chunks(self, _: bytes, repository: str) -> None:
        hub = self.server.hub
        if hub.chunk_store is None:
            return self.refuse(404)
        place = f"local://{hub.chunk_store.folder}"
        return self._reply({"casUrl": place, "accessToken": "any", "exp": 2**40})

    def _take_commit(self, body: bytes, repository: str) -> None:
        found = self._repository(repository)
        if found is None:
            return None
        header, *operations = map(json.loads, body.splitlines())
        try:
            files = dict(self._content(**operation) for operation in operations)
        except KeyError:
            return self.refuse(400)
        found.files = {**found.head, **files}
        found.commits.append(
            HubCommit(header["value"]["summary"], header["value"]["description"], files, self.token)
        )
        url = f"{self.server.hub.url}/{repository}/commit/{found.commit}"
        return self._reply({"commitUrl": url, "commitOid": found.commit})

    def _content(self, key: str, value: dict[str, Any]) -> tuple[str, bytes]:
        hub = self.server.hub
        if key == "lfsFile":
            digest = value["oid"]
            if hub.chunk_store is not None and digest not in hub.large_files:
                hub.large_files[digest] = hub.chunk_store.read(digest)
            return value["path"], hub.large_files[digest]
        return {"file": value["path"]}[key], base64.b64decode(value["content"])

    def _take_tag(self, body: bytes, repository: str, revision: str) -> None:
        found = self._repository(repository)
        if found is None:
            return None
        tag = json.loads(body)["tag"]
        if tag in found.tagged or tag in found.revisions:
            return self.refuse(409)
        if found.at(revision) is None:
            return self.refuse(404, "RevisionNotFound")
        found.tagged[tag] = found.at(revision)
        return self._reply({})
