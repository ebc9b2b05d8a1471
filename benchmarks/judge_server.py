"""An endpoint on this machine that speaks the OpenAI protocol, with no model behind it.

It answers from the question alone: whether a candidate holds follows from its letters and the pictures, with
a chance of 1 in 4. It can fail in every way that real ones do, and counts what it was asked and would charge.

    python -m benchmarks.judge_server --port 8011 --faults 0.05
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from benchmarks.judge_batches import Batches

FAULTS = ("429", "500", "timeout", "drop", "half", "truncated", "refusal", "schema", "strange")
"""No answer: the first five. An answer that is paid for and no verdict: the others."""
MODEL = "made-up-judge"

Choose = Callable[[str, int], str]
"""From a question's hash and how often it was asked before: one of `FAULTS`, or "ok"."""


def at_random(rate: float, faults: Sequence[str] = FAULTS) -> Choose:
    """One of `faults` for a share `rate` of all requests, the same at every start."""

    def choose(question: str, before: int) -> str:
        number = _number(question, before, "fault")
        return faults[number % len(faults)] if number % 10_007 < rate * 10_007 else "ok"

    return choose


@dataclass
class Counts:
    """What happened so far. `paid` has, for each question, how many answers were charged."""

    requests: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    paid: Counter[str] = field(default_factory=Counter)
    bodies: list[dict[str, Any]] = field(default_factory=list)


class JudgeServer:
    """The endpoint, in threads of this process. Used as a context."""

    def __init__(
        self,
        choose: Choose = lambda question, before: "ok",
        port: int = 0,
        delay: float = 0.0,
        hang: float = 2.0,
        retry_after: str = "0.05",
        key: str | None = None,
        takes_schema: bool = True,
        keep_bodies: bool = False,
        has_batches: bool = True,
    ) -> None:
        """`delay` seconds an answer takes, `hang` one that never comes; `key` is asked for if given."""
        self.choose, self.delay, self.hang, self.retry_after = choose, delay, hang, retry_after
        self.key, self.takes_schema, self.keep_bodies = key, takes_schema, keep_bodies
        self.has_batches = has_batches
        self.counts, self.lock = Counts(), threading.Lock()
        self.batches = Batches(self.answer_to)
        handler = type("Handler", (_Handler,), {"judge": self})
        self._server = _Server(("127.0.0.1", port), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """What to give as --base-url."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> JudgeServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def reply_to(self, body: dict[str, Any]) -> tuple[int, dict[str, str], dict[str, Any] | None]:
        """Status, headers and content; content None: the connection is dropped, status 0 half-way."""
        question = question_of(body)
        with self.lock:
            self.counts.requests += 1
            before = self.counts.asked[question]
            self.counts.asked[question] += 1
            if self.keep_bodies:
                self.counts.bodies.append(body)
        if body.get("model") != MODEL:
            return 404, {}, _error(f"The model `{body.get('model')}` does not exist", "model_not_found")
        if "response_format" in body and not self.takes_schema:
            return 400, {}, _error("response_format is not supported here")
        fault = self.choose(question, before)
        with self.lock:
            self.counts.faults[fault] += 1
        time.sleep(self.hang if fault == "timeout" else self.delay)
        if fault.isdecimal():
            headers = {"Retry-After": self.retry_after} if fault == "429" else {}
            return int(fault), headers, _error("made-up fault")
        if fault in ("drop", "timeout", "half"):
            return (0 if fault == "half" else 200), {}, None
        with self.lock:
            self.counts.paid[question] += 1
        return 200, {}, self.answer_to(body, fault)

    def answer_to(self, body: dict[str, Any], fault: str = "ok") -> dict[str, Any]:
        """An answer of the protocol, with the fault in it."""
        words = words_of(body)
        found = verdict(words, question_of(body))
        content: str | None = json.dumps(found)
        finish, refusal = "stop", None
        if fault == "truncated":
            content, finish = (content or "")[:25], "length"
        elif fault == "refusal":
            content, refusal = None, "I cannot help with that."
        elif fault == "schema":
            content = json.dumps({"interpretable": True})
        elif fault == "strange":
            content = json.dumps({**found, "concrete_words": ["a word that nobody asked about"]})
        message = {"role": "assistant", "content": content, "refusal": refusal}
        return {
            "id": "made-up",
            "object": "chat.completion",
            "created": 0,
            "model": MODEL,
            "choices": [{"index": 0, "message": message, "finish_reason": finish}],
            "usage": {"prompt_tokens": 1500, "completion_tokens": 200, "total_tokens": 1700},
        }


def words_of(body: dict[str, Any]) -> list[str]:
    """The candidates of a question."""
    texts = [part["text"] for part in body["messages"][-1]["content"] if part["type"] == "text"]
    return re.findall(r"^\d+\. (.*)$", texts[-1], re.MULTILINE)


def question_of(body: dict[str, Any]) -> str:
    """A question's hash: pictures and candidates."""
    return hashlib.sha256(json.dumps(body["messages"][1:]).encode()).hexdigest()[:16]


def verdict(words: Sequence[str], question: str) -> dict[str, Any]:
    """The answer to a question."""
    lists: dict[str, list[str]] = {"concrete_words": [], "abstract_words": [], "global_words": []}
    for word in words:
        number = _number(question, word, "verdict")
        if number % 4 == 0:
            lists[list(lists)[(0, 0, 0, 1, 2)[number // 4 % 5]]].append(word)
    return {"reasoning": "Made up: nobody looked.", **lists}


def _number(*key: object) -> int:
    return int.from_bytes(hashlib.sha256(repr(key).encode()).digest()[:6], "big")


def _error(message: str, code: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": "made_up", "code": code}}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are what is tested."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    judge: JudgeServer

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if self.judge.key and self.headers.get("Authorization") != f"Bearer {self.judge.key}":
            return self._send(401, {}, _error(f"wrong key: {self.headers.get('Authorization')}"))
        if self.path == "/v1/chat/completions":
            return self._send(*self.judge.reply_to(json.loads(content)))
        if not self.judge.has_batches:
            return self._send(404, {}, _error("not here"))
        return self._send(200, {}, self.judge.batches.post(self.path, self.headers, content))

    def do_GET(self) -> None:
        found = self.judge.batches.get(self.path)
        self._send(200 if found is not None else 404, {}, found if found is not None else _error("not here"))

    def _send(self, status: int, headers: dict[str, str], content: dict[str, Any] | bytes | None) -> None:
        if content is None:
            self.close_connection = True
            if status == 0:  # an answer that ends in the middle
                self.wfile.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{"
                )
            return
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--port", type=int, default=8011)
    parser.add_argument("--faults", type=float, default=0.0, help="share of requests that fail")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds that an answer takes")
    options = parser.parse_args()
    with JudgeServer(at_random(options.faults), options.port, options.delay) as server:
        print(f"{MODEL} at {server.url}; Ctrl-C ends it", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print(f"{server.counts.requests} requests")


if __name__ == "__main__":
    main()
