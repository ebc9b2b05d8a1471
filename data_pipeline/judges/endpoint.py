"""An OpenAI-compatible endpoint: one question, one answer, and what each way of failing means.

The `openai` package is loaded when an endpoint is made: plans, figures and imports do without it. The key is
read from an environment variable, kept in the client alone and taken out of whatever is said of an error.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from time import time
from typing import Any
from urllib.parse import urlsplit

from data_pipeline.errors import InputError, printable
from data_pipeline.judges.prompt import ANSWER_SCHEMA
from data_pipeline.judges.verdicts import Reply

DEFAULT_URL = "https://api.openai.com/v1"
DEFAULT_KEY_NAME = "OPENAI_API_KEY"
_LONGEST_WAIT = 600.0
_NO_KEY = "none"
_SAYS_NO_SCHEMA = re.compile(r"response_format|json_schema|schema|structured|grammar", re.IGNORECASE)
_UNKNOWN_MODEL = re.compile(r"model", re.IGNORECASE)
_FATAL = {401: "the key is not accepted", 402: "there is no credit", 403: "access is denied"}


class NoAnswerError(Exception):
    """No answer this time; `wait` is how many seconds the endpoint asked for, if it did."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        self.wait = wait
        super().__init__(reason)


class RefusedError(Exception):
    """The endpoint does not take this question, and would not take it again."""


@dataclass(frozen=True)
class Address:
    """Where to ask. `extra` goes into every request, such as a temperature."""

    model: str
    base_url: str = DEFAULT_URL
    key_name: str = DEFAULT_KEY_NAME
    timeout: float = 120.0
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def shown_url(self) -> str:
        """The address without anything secret: no user, password or query."""
        parts = urlsplit(self.base_url)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path}"

    def key(self) -> str:
        """The key from the environment; endpoints of one's own network need none.

        Raises:
            InputError: no key, or an address that is none.
        """
        try:
            parts = urlsplit(self.base_url)
            _ = parts.port
        except ValueError as error:
            raise InputError(f"--base-url {self.base_url!r}: {error}") from error
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InputError(f"--base-url {self.base_url!r}: expected http://… or https://…")
        key = os.environ.get(self.key_name, "").strip()
        if not key and not _is_own_network(parts.hostname):
            raise InputError(f"no key for {self.shown_url}: set the environment variable {self.key_name}")
        if not key.isascii() or any(character.isspace() for character in key):
            raise InputError(f"environment variable {self.key_name}: holds no key that can be sent")
        return key or _NO_KEY


class Endpoint:
    """A place to ask; any thread may."""

    def __init__(self, address: Address) -> None:
        """Raises `InputError` where there is no key or the package `openai` is missing."""
        self.address = address
        self._key = address.key()
        try:
            import openai
        except ModuleNotFoundError as error:
            raise InputError("a model that judges needs a package: pip install 'vlens[judge]'") from error
        self._openai = openai
        self.client = openai.OpenAI(
            api_key=self._key, base_url=address.base_url, timeout=address.timeout, max_retries=0
        )
        self._takes_schema = True

    def body(self, messages: list[dict[str, Any]]) -> dict[str, Any]:
        """What is sent to ask `messages`."""
        body: dict[str, Any] = {"model": self.address.model, "messages": messages, **self.address.extra}
        if self._takes_schema:
            form = {"name": "relations", "strict": True, "schema": ANSWER_SCHEMA}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        return body

    def ask(self, messages: list[dict[str, Any]]) -> Reply:
        """One answer.

        Raises:
            NoAnswerError: a limit of rate, a fault of the endpoint or the network.
            RefusedError: the endpoint does not take this question.
            InputError: nothing can be asked here: wrong key, no credit, unknown model.
        """
        body = self.body(messages)
        model, rest = body.pop("model"), {k: v for k, v in body.items() if k != "messages"}
        try:
            raw = self.client.chat.completions.with_raw_response.create(
                model=model,
                messages=messages,  # type: ignore[arg-type]  # plain dictionaries of the protocol
                extra_body=rest,
            )
            return reply_of(raw.http_response.json())
        except self._openai.APIError as error:
            raise self._explained(error, "response_format" in rest) from error
        except (ValueError, KeyError, TypeError) as error:
            raise NoAnswerError("the endpoint's answer is not of the protocol") from error

    def explained(self, error: Exception, lacking: str) -> Exception | None:
        """What an error of the client means, one of those of `ask`; None: it is none of the client's.

        `lacking` is what to say of an endpoint that does not know the address: that it "has no batches".
        """
        if not isinstance(error, self._openai.APIError):
            return None
        if getattr(error, "status_code", None) in (404, 405, 501):
            return InputError(f"{self.address.shown_url}: {lacking}")
        return self._explained(error, sent_schema=False)

    def _explained(self, error: Any, sent_schema: bool) -> Exception:
        if isinstance(error, self._openai.APIStatusError):
            return self._judged(error, sent_schema)
        if isinstance(error, self._openai.APITimeoutError):
            return NoAnswerError(f"no answer within {self.address.timeout:g} s")
        return NoAnswerError(f"the connection failed ({self._said(error.__cause__ or error)})")

    def _judged(self, error: Any, sent_schema: bool) -> Exception:
        """What an answer with an error's status means."""
        status, said = error.status_code, self._said(error)
        code = str(getattr(error, "code", "") or "")
        place, no_model = self.address.shown_url, f"no model {self.address.model!r} here"
        if status == 401 and self._key == _NO_KEY:
            return InputError(
                f"{place}: asks for a key, and none was set: put it into the environment variable "
                f"{self.address.key_name}, or name another with --key-env: {said}"
            )
        if status in _FATAL or code == "insufficient_quota":
            return InputError(f"{place}: {_FATAL.get(status, _FATAL[402])}: {said}")
        if code == "model_not_found" or (status == 404 and self.address.model in said):
            return InputError(f"{place}: {no_model}: {said}")
        if status == 404:  # some servers say no more of a model that they lack
            hint = "" if urlsplit(place).path.rstrip("/").endswith("/v1") else "; most addresses end in /v1"
            return InputError(f"{place}: not the address of an endpoint{hint}; or {no_model}: {said}")
        if status in (408, 409, 425, 429) or status >= 500:
            return NoAnswerError(f"status {status}: {said}", _wait(error.response.headers))
        if sent_schema and status in (400, 422) and _SAYS_NO_SCHEMA.search(said):
            self._takes_schema = (
                False  # asked in plain words from here on; answers are checked in either case
            )
            return NoAnswerError("the endpoint takes no schema", 0.0)
        if status == 400 and _UNKNOWN_MODEL.search(said) and "not" in said and "exist" in said:
            return InputError(f"{place}: {no_model}: {said}")
        return RefusedError(f"status {status}: {said}")

    def _said(self, error: BaseException) -> str:
        """What an error says, in one short line without the key."""
        body = getattr(error, "body", None)
        message = body.get("message") if isinstance(body, Mapping) else None
        text = printable(" ".join(str(message or error or type(error).__name__).split()))
        text = text.replace(self._key, "…") if self._key != _NO_KEY else text
        return text if len(text) <= 200 else f"{text[:200]}…"


def reply_of(answer: Mapping[str, Any]) -> Reply:
    """A `Reply` from the protocol's JSON object.

    Raises:
        KeyError, TypeError: it is not of the protocol.
    """
    choices = answer["choices"]
    if not isinstance(choices, list) or not choices:
        raise KeyError("choices")
    message, usage = choices[0]["message"], answer.get("usage") or {}
    content, refusal = message.get("content"), message.get("refusal")
    return Reply(
        content=content if isinstance(content, str) else None,
        refusal=refusal if isinstance(refusal, str) else None,
        finish=choices[0].get("finish_reason"),
        tokens_in=_count(usage.get("prompt_tokens")),
        tokens_out=_count(usage.get("completion_tokens")),
        model=answer.get("model") if isinstance(answer.get("model"), str) else None,
    )


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


def _wait(headers: Mapping[str, str]) -> float | None:
    """Seconds that `Retry-After` asks for: a number or a date."""
    said = headers.get("retry-after")
    if not said:
        return None
    try:
        seconds = float(said)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(said).timestamp() - time()
        except ValueError:
            return None
    return min(max(seconds, 0.0), _LONGEST_WAIT)


def _is_own_network(host: str) -> bool:
    """Whether a host is this machine or one of a private network, by its name alone."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal")) or "." not in host
    return address.is_loopback or address.is_private
