"""One request to a server: repeated while that can help, paid from the budgets, and answered by the model asked for.

The official client carries it; its own retries are off, so that these are all there are, and its lenient reading of
replies is not used, so that a malformed one is noticed.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, TypeVar

from prospect_agents.language.servers.address import Address
from prospect_agents.language.servers.reply import Reply
from prospect_env.core import budget
from prospect_env.core.budget import Budget
from prospect_env.core.errors import ModelError

LONGEST_WAIT = 60.0  #: seconds between two attempts, whatever a server asks for

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Refused(ModelError):
    """The server answered that it does not do this (4xx); `status` is the code."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Endpoint:
    """A server's two endpoints, `completions` and `chat`.

    Attributes:
        retried: how many requests were repeated.
        refusal: what the server said when it last refused a request, empty if it never did.
        spent: the seat's budget.
    """

    def __init__(self, address: Address) -> None:
        try:
            import openai
        except ModuleNotFoundError as error:
            raise ModelError("asking servers needs openai; pip install 'prospect-env[llm]'") from error
        self.address = address
        self.retried = 0
        self.refusal = ""
        self.spent = address.budget()
        self._openai = openai
        # Servers on one's own machine ask for no key, but the client insists on one.
        key = os.environ.get(address.key_env) or "none"
        self._client = openai.OpenAI(base_url=address.url, api_key=key, timeout=address.timeout, max_retries=0)

    def each(self, work: Callable[[_Item], _Result], items: Sequence[_Item]) -> list[_Result]:
        """`work` done on every item, several at once; results in the order of the items.

        After the first failure nothing new is begun, and what was under way is waited for, so that it is kept.
        """
        run = budget.of_the_run()

        def paid(item: _Item) -> _Result:
            # Threads know nothing of the run they work for.
            if run is None:
                return work(item)
            with budget.within(run):
                return work(item)

        pool = ThreadPoolExecutor(self.address.parallel)
        try:
            return [done.result() for done in [pool.submit(paid, item) for item in items]]
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def require(self) -> None:
        """Raise `BudgetSpent` if a budget is used up."""
        for each in self._budgets():
            each.require(priced=self.address.cost(0, 0) is not None)

    @contextmanager
    def question(self) -> Iterator[None]:
        """One question, asked inside; raises as `require`, having waited where those under way may use a budget up."""
        with ExitStack() as stack:
            for each in self._budgets():
                stack.enter_context(each.question(priced=self.address.cost(0, 0) is not None))
            yield

    def _budgets(self) -> list[Budget]:
        return [each for each in (self.spent, budget.of_the_run()) if each is not None]

    def complete(self, prompt: str | list[str], fields: Mapping[str, Any]) -> Reply:
        """Text continued; raises as `_ask`."""
        return self._ask("completions", {"prompt": prompt, **fields})

    def chat(self, words: str, fields: Mapping[str, Any]) -> Reply:
        """A user's words answered; raises as `_ask`."""
        return self._ask("chat/completions", {"messages": [{"role": "user", "content": words}], **fields})

    def _ask(self, path: str, fields: Mapping[str, Any]) -> Reply:
        """The reply to one request, paid from the budgets.

        Raises:
            Refused: the server does not take the request.
            ModelError: no answer after all attempts, a malformed one, or one of another model.
        """
        started = time.perf_counter()
        text = self._attempts(path, {"model": self.address.model, **fields})
        reply = Reply.read(self._where(path), text, time.perf_counter() - started)
        budgets = self._budgets()
        if reply.usage is None and any(each.limited for each in budgets):
            raise ModelError(f"{self._where(path)} does not say how many tokens it used, so no budget can be kept")
        for each in budgets:
            each.spend(reply.tokens_in + reply.tokens_out, self.address.cost(reply.tokens_in, reply.tokens_out))
        if reply.model not in (self.address.model, self.address.alias):
            raise ModelError(
                f"{self._where(path)} was asked for model {self.address.model!r} and answered as {reply.model!r}; "
                f"if that is the same model, say so: alias={reply.model}"
            )
        return reply

    def _attempts(self, path: str, body: dict[str, Any]) -> str:
        failures = self._openai.APIConnectionError, self._openai.APIStatusError
        for attempt in range(self.address.retries + 1):
            try:
                return self._post(path, body)
            except failures as error:
                again = self._wait(error, attempt)
                if again is None:
                    self.refusal = f"{self._where(path)}: {_said(error)}"
                    raise Refused(self.refusal, error.status_code) from error
                if attempt == self.address.retries:
                    raise ModelError(f"{self._where(path)}: {_said(error)} (asked {attempt + 1} times)") from error
            self.retried += 1
            time.sleep(again)
        raise AssertionError("the last attempt returns or raises")

    def _post(self, path: str, body: dict[str, Any]) -> str:
        client = self._client.chat.completions if path.startswith("chat") else self._client.completions
        # All goes into the body as it is, also what the client has no parameter for.
        named = {key: value for key, value in body.items() if key in ("model", "prompt", "messages")}
        more = {key: value for key, value in body.items() if key not in named}
        return str(client.with_raw_response.create(**named, extra_body=more).text)

    def _wait(self, error: Any, attempt: int) -> float | None:
        """Seconds until the next attempt, None if there should be none. No chance is in it: runs repeat themselves."""
        pause = self.address.backoff * 2**attempt
        response = getattr(error, "response", None)
        if response is not None:
            if not (error.status_code in (408, 429) or error.status_code >= 500):
                return None
            with suppress(ValueError):  # of a date: the usual pause does as well
                pause = float(response.headers.get("retry-after", pause))
        return min(max(pause, 0.0), LONGEST_WAIT)

    def _where(self, path: str) -> str:
        return f"{self.address.url.rstrip('/')}/{path}"


def _said(error: Any) -> str:
    """What went wrong, in a line that holds neither key nor prompt."""
    response = getattr(error, "response", None)
    if response is None:
        cause = error.__cause__
        return f"{error} ({cause})" if cause is not None and str(cause) else str(error)
    try:
        body = json.loads(response.text)
        message = body.get("error", body.get("detail", body)) if isinstance(body, dict) else body
        message = message.get("message", message) if isinstance(message, dict) else message
    except ValueError:
        message = response.text
    return f"status {error.status_code}: {' '.join(str(message).split())[:300]}"
