"""Asking many questions at once: patiently, within a budget, and every answer is kept as it arrives.

A broken answer is asked for again, `MOST_ANSWERS` times in all. Faults of the network or the endpoint are
waited out, `MOST_TRIES` times for one answer, and all threads wait where the endpoint asks for it. What stops
everything (a wrong key, no credit, an unknown model, an endpoint that is gone) stops after the answers in
flight have been kept.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from data_pipeline.errors import InputError
from data_pipeline.judges.asked import Asked
from data_pipeline.judges.endpoint import NoAnswerError, RefusedError
from data_pipeline.judges.journal import Journal
from data_pipeline.judges.outcomes import MOST_ANSWERS, Outcome, outcome_of
from data_pipeline.judges.pace import Pace, StoppedError
from data_pipeline.judges.spending import Prices, Purse
from data_pipeline.judges.verdicts import Reply

MOST_TRIES = 8
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 60.0
_HOPELESS = 20
"""So many questions in a row without any answer: the endpoint does not work."""

Messages = list[dict[str, Any]]


class Asks(Protocol):
    """Whoever answers."""

    def ask(self, messages: Messages) -> Reply:
        """One answer, or one of the exceptions of `Endpoint.ask`."""


@dataclass
class Tally:
    """How far it is. `answered` counts questions with a verdict, null questions apart."""

    interpretable: int = 0
    answered: int = 0
    failed: int = 0

    def count(self, asked: Asked, outcome: Outcome) -> None:
        """Add a question that is through."""
        if outcome.verdict is None:
            self.failed += 1
        elif not asked.is_null:
            self.answered += 1
            self.interpretable += outcome.verdict.interpretable


@dataclass
class Asking:
    """One session of questions. `first_wait` is the shortest back-off in seconds."""

    endpoint: Asks
    journal: Journal
    messages: Callable[[Asked], Messages]
    purse: Purse
    prices: Prices
    pace: Pace
    told: Callable[[Asked, Outcome], None]
    """Called when a question is through, one thread at a time."""
    say: Callable[[str], None] = lambda line: None
    first_wait: float = _FIRST_WAIT
    out_of_budget: bool = False
    _error: BaseException | None = None
    _in_a_row: int = 0
    _any_answer: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask_all(self, questions: Sequence[Asked], threads: int, now_and_then: Callable[[], None]) -> None:
        """Ask until all are through, the budget ends or something stops it; what is in flight is kept.

        Args:
            questions: in the order in which they are asked.
            threads: how many are asked at once.
            now_and_then: called by this thread every half second.

        Raises:
            InputError: nothing can be asked here.
            KeyboardInterrupt: the user stopped it; what was in flight is kept.
        """
        waiting = iter(questions)
        # Ends are told by events: Thread.join takes a thread for ended once a signal has interrupted it.
        ends = [threading.Event() for _ in range(min(threads, len(questions)))]
        for end in ends:
            threading.Thread(target=self._work, args=(waiting, end), daemon=True).start()
        try:
            for end in ends:
                while not end.wait(0.5):
                    now_and_then()
        except KeyboardInterrupt:
            self.say("Waiting for the answers that are on their way; Ctrl-C again leaves them")
            raise
        finally:
            self.pace.stopping.set()
            for end in ends:
                end.wait()
        if self._error:
            raise self._error

    def _work(self, waiting: Iterator[Asked], end: threading.Event) -> None:
        try:
            while not self.pace.stopping.is_set():
                with self._lock:
                    asked = next(waiting, None)
                if asked is None or not self._ask(asked):
                    return
        except StoppedError:
            return
        except BaseException as error:  # told by the main thread, whatever it is
            with self._lock:
                self._error = self._error or error
            self.pace.stopping.set()
        finally:
            end.set()

    def _ask(self, asked: Asked) -> bool:
        """Ask until there is a verdict or a failure; False where the budget holds nothing more."""
        messages = self.messages(asked)
        about = {**asked.about._asdict(), "null": asked.is_null}
        for _ in range(MOST_ANSWERS):
            with self._lock:
                if not self.purse.take():
                    self.out_of_budget = True
                    return False
            cost = None
            try:
                reply = self.prices.priced(self._reply(messages))
                cost = reply.cost
                self.journal.keep(asked.name, about, reply)
            except (NoAnswerError, RefusedError) as error:
                self._gave_up(asked, about, error)
                break
            finally:
                with self._lock:
                    self.purse.settle(cost)
            self._in_a_row, self._any_answer = 0, True
            if not self._outcome(asked).may_ask_again:
                break
        with self._lock:
            self.told(asked, self._outcome(asked))
        return True

    def _outcome(self, asked: Asked) -> Outcome:
        outcome = outcome_of(asked, self.journal.answers.get(asked.name))
        assert outcome is not None  # noqa: S101  # something was kept
        return outcome

    def _reply(self, messages: Messages) -> Reply:
        """One answer, patiently; the last failure where none comes."""
        from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

        patient = Retrying(
            retry=retry_if_exception_type(NoAnswerError),
            stop=stop_after_attempt(MOST_TRIES),
            wait=self._wait,
            sleep=self.pace.sleep,
            reraise=True,
        )
        return patient(self._once, messages)

    def _once(self, messages: Messages) -> Reply:
        self.pace.wait_turn()
        return self.endpoint.ask(messages)

    def _wait(self, state: Any) -> float:
        """What the endpoint asked for, and then all threads wait; else longer each time."""
        from tenacity import wait_random_exponential

        error = state.outcome.exception()
        if isinstance(error, NoAnswerError) and error.wait is not None:
            self.pace.hold(error.wait)
            return error.wait
        return float(wait_random_exponential(self.first_wait, max=_LONGEST_WAIT)(state))

    def _gave_up(self, asked: Asked, about: dict[str, Any], error: Exception) -> None:
        self.journal.give_up(asked.name, about, str(error))
        with self._lock:
            self._in_a_row += 1
            if not self._any_answer and isinstance(error, NoAnswerError):
                raise InputError(f"the endpoint does not answer: {error}")
            if self._in_a_row >= _HOPELESS:
                raise InputError(f"{_HOPELESS} questions in a row got no answer, the last: {error}")
