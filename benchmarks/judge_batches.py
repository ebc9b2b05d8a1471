"""The batch half of the made-up endpoint: a file goes up, is answered after a few looks, and comes down."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from email.parser import BytesParser
from typing import Any

Answer = Callable[[dict[str, Any], str], dict[str, Any]]


class Batches:
    """Files and batches in memory. `looks`: how often a batch is asked for before it is done."""

    def __init__(self, answer: Answer, looks: int = 2) -> None:
        self.looks = looks
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.faults: dict[str, str] = {}
        self.refuses: str | None = None
        """Why batches fail as a whole, if they do."""
        self._answer, self._lock = answer, threading.Lock()
        self._looked: dict[str, int] = {}

    def post(self, path: str, headers: Any, content: bytes) -> dict[str, Any]:
        """Upload a file or make a batch."""
        with self._lock:
            if path == "/v1/files":
                name = f"file-{len(self.files)}"
                self.files[name] = _uploaded(headers["Content-Type"], content)
                return {"id": name, "object": "file", "bytes": len(self.files[name]), "created_at": 0,
                        "filename": "questions.jsonl", "purpose": "batch", "status": "processed"}  # fmt: skip
            if path.endswith("/cancel"):
                return self._look(path.split("/")[-2])
            body = json.loads(content)
            name = f"batch_{len(self.batches)}"
            self.batches[name] = {
                "id": name, "object": "batch", "endpoint": body["endpoint"], "created_at": 0,
                "input_file_id": body["input_file_id"], "completion_window": "24h", "status": "in_progress",
                "metadata": body.get("metadata"),
            }  # fmt: skip
            return self.batches[name]

    def get(self, path: str) -> dict[str, Any] | bytes | None:
        """A batch, the list of them, or a file's content."""
        pieces = path.split("?")[0].removeprefix("/v1/").split("/")
        with self._lock:
            if pieces == ["batches"]:
                return {"object": "list", "data": list(self.batches.values()), "has_more": False}
            if pieces[0] == "batches" and pieces[1] in self.batches:
                return self._look(pieces[1])
            if pieces[0] == "files" and pieces[-1] == "content":
                return self.files.get(pieces[1])
        return None

    def _look(self, name: str) -> dict[str, Any]:
        batch = self.batches[name]
        self._looked[name] = self._looked.get(name, 0) + 1
        if self.refuses:
            batch["status"] = "failed"
            batch["errors"] = {"object": "list", "data": [{"message": self.refuses}]}
        elif self._looked[name] >= self.looks and batch["status"] == "in_progress":
            lines = [json.loads(line) for line in self.files[batch["input_file_id"]].splitlines() if line]
            batch["status"], batch["output_file_id"] = "completed", f"out-{name}"
            self.files[f"out-{name}"] = b"\n".join(json.dumps(self._line(line)).encode() for line in lines)
        return batch

    def _line(self, line: dict[str, Any]) -> dict[str, Any]:
        name = line["custom_id"]
        fault = self.faults.pop(name, "ok")
        self.asked.append(name)
        if fault == "500":
            return {
                "custom_id": name,
                "response": {"status_code": 500, "body": {"error": {"message": "made up"}}},
            }
        return {
            "custom_id": name,
            "response": {"status_code": 200, "body": self._answer(line["body"], fault)},
        }


def _uploaded(content_type: str, content: bytes) -> bytes:
    """The file of a multipart form."""
    whole = b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + content
    for part in BytesParser().parsebytes(whole).walk():
        if part.get_filename():
            data = part.get_payload(decode=True)
            return data if isinstance(data, bytes) else b""
    return b""
