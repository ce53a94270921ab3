"""A small OpenAI-compatible server for tests, a process of its own: `python serving.py MODEL MODE` prints its port.

MODEL is `fake` or a folder that transformers loads; MODE is how it behaves, see `MODES`. GET /count says how many
questions it was asked.
"""

from __future__ import annotations

import json
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

from prospect_agents.language.model import Query, Request, load_model

MODES = (
    "full",  # everything: echo, top log-probabilities, schemas
    "tops",  # top log-probabilities, but none of prompts: `echo` is ignored
    "schemas",  # keeps to schemas, shows no log-probabilities
    "ignores",  # ignores every field but prompt, messages and limit
    "fixed",  # as that, and always gives the same reply
    "chat-only",  # has no completions
    "stalls",  # accepts and never answers
    "not-json",
    "no-choices",
    "wrong-types",
    "busy-once",  # every second request is refused with 429 and Retry-After
    "broken",  # 500 always
    "other-model",  # answers under another name
    "locked",  # 401 without the right key
    "no-usage",
    "hungry",  # as full, but says 1000 tokens were read for each
)
CANDIDATES = [" C", " D", "C", "D", "A", "B", " A", " B", " ", "hello", "tea", "water"]

mode = "full"
asked = 0
model: Any = None
lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.reply(200, {"asked": asked} if self.path == "/count" else {"data": [{"id": "small"}]})

    def do_POST(self) -> None:
        global asked  # noqa: PLW0603 - one server a process
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with lock:
            asked += 1
            turn = asked
        if not self.path.startswith("/v1/"):
            self.reply(404, {"error": {"message": "nothing is here"}})
        elif mode == "full" and max(int(body.get(key) or 0) for key in ("logprobs", "top_logprobs")) > 20:
            self.reply(400, {"error": {"message": "at most 20 log-probabilities"}})
        elif not self.misbehave(turn):
            with lock:
                answer = chat(body) if self.path.endswith("/chat/completions") else complete(body)
            self.reply(200, answer)

    def misbehave(self, turn: int) -> bool:
        """Do what the mode says in place of an answer."""
        if mode == "stalls":
            time.sleep(30)
        elif mode == "not-json":
            self.raw(200, b"<html>oops</html>")
        elif mode == "no-choices":
            self.reply(200, {"model": "small", "object": "text_completion"})
        elif mode == "wrong-types":
            self.reply(200, {"model": "small", "choices": [{"index": "zero", "text": 3}]})
        elif mode == "busy-once" and turn % 2:
            self.raw(429, b'{"error": {"message": "slow down"}}', {"Retry-After": "0.01"})
        elif mode == "broken":
            self.reply(500, {"error": {"message": "out of memory"}})
        elif mode == "locked" and self.headers["authorization"] != "Bearer open sesame":
            self.reply(401, {"error": {"message": "no such key"}})
        elif mode == "chat-only" and not self.path.endswith("/chat/completions"):
            self.reply(404, {"error": {"message": "no such path"}})
        else:
            return False
        return True

    def reply(self, status: int, body: Any) -> None:
        self.raw(status, json.dumps(body).encode())

    def raw(self, status: int, data: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"content-type": "application/json", "content-length": len(data), **(headers or {})}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(data)


def complete(body: dict[str, Any]) -> dict[str, Any]:
    prompts = body["prompt"] if isinstance(body["prompt"], list) else [body["prompt"]]
    choices = []
    for index, prompt in enumerate(prompts):
        choice: dict[str, Any] = {"index": index, "finish_reason": "length", "text": written(prompt, body, False)}
        if body.get("logprobs") and mode in ("full", "no-usage", "busy-once", "hungry"):
            choice["logprobs"] = echoed(prompt) if body.get("echo") else legacy(prompt, body["logprobs"])
        elif body.get("logprobs") and mode == "tops":
            choice["logprobs"] = {"content": [listed(prompt, body["logprobs"], False)]}
        choices.append(choice)
    # Out of order, as the protocol allows.
    return whole(choices[::-1], sum(map(len, prompts)), len(prompts))


def chat(body: dict[str, Any]) -> dict[str, Any]:
    words = body["messages"][-1]["content"]
    choice: dict[str, Any] = {"index": 0, "finish_reason": "stop"}
    choice["message"] = {"role": "assistant", "content": written(words, body, True)}
    if body.get("logprobs") and mode in ("full", "tops", "chat-only"):
        choice["logprobs"] = {"content": [listed(words, body["top_logprobs"], True)]}
    return whole([choice], len(words), 1)


def whole(choices: list[Any], read: int, wrote: int) -> dict[str, Any]:
    reply: dict[str, Any] = {"model": "large" if mode == "other-model" else "small", "choices": choices}
    if mode != "no-usage":
        read = 1000 if mode == "hungry" else read
        reply["usage"] = {"prompt_tokens": read, "completion_tokens": wrote, "total_tokens": read + wrote}
    return reply


def logprobs(prompt: str, labels: list[str], chat: bool = False) -> list[float]:
    return [float(each) for each in model.score([Query((), prompt, tuple(labels), chat=chat)])[0].logprobs]


def echoed(prompt: str) -> dict[str, Any]:
    """The prompt's tokens, and one more that was written; only the last word's probability is looked up."""
    head, last = re.fullmatch(r"(.*?)(\s?\S*)", prompt, flags=re.DOTALL).groups()  # type: ignore[union-attr]
    if head and last and getattr(model, "encode", None) is None:
        known: list[tuple[str, float | None]] = [(head, None), (last, logprobs(head, [last])[0])]
    else:  # a model of single characters
        known = [(prompt[0], None)]
        known += [
            (prompt[i], logprobs(prompt[:i], [prompt[i]])[0]) for i in range(max(1, len(prompt) - 10), len(prompt))
        ]
    return {
        "tokens": [*(token for token, _ in known), "!"],
        "token_logprobs": [*(value for _, value in known), -1.0],
        "top_logprobs": None,
    }


def ranked(prompt: str, top: int, chat: bool) -> list[tuple[str, float]]:
    pool = [c for c in CANDIDATES if getattr(model, "encode", None) is None or len(c) == 1]
    return sorted(zip(pool, logprobs(prompt, pool, False), strict=True), key=lambda pair: -pair[1])[:top]


def legacy(prompt: str, top: int) -> dict[str, Any]:
    tops = ranked(prompt, top, False)
    return {"tokens": [tops[0][0]], "token_logprobs": [tops[0][1]], "top_logprobs": [dict(tops)]}


def listed(prompt: str, top: int, chat: bool) -> dict[str, Any]:
    tops = ranked(prompt, top, chat)
    each = [{"token": token, "logprob": value, "bytes": list(token.encode())} for token, value in tops]
    return {**each[0], "top_logprobs": each}


def written(prompt: str, body: dict[str, Any], chat: bool) -> str:
    form = body.get("response_format")
    if form and mode in ("schemas", "full", "tops", "chat-only"):
        schema = form["json_schema"]["schema"]
        choices = schema["properties"].get("answer", {}).get("enum")
        if choices:
            odds = np.exp(logprobs(prompt, choices))
            drawn = np.random.default_rng(body.get("seed", 0)).choice(choices, p=odds / odds.sum())
            return json.dumps({"answer": str(drawn)})
        return json.dumps(dict.fromkeys(schema["properties"], 0.5))
    if mode == "ignores":
        # Every other reply is a label in other letters; the rest only has one in it.
        return " c. " if body.get("seed", 0) % 2 else "I would not say D"
    if mode in ("schemas", "tops", "full"):
        # As if drawn.
        prompt = f"{prompt} word{body.get('seed', 0)}" if body.get("temperature") else prompt
    return model.write([Request((), prompt, limit=body["max_tokens"])])[0].text


def main() -> None:
    global mode, model  # noqa: PLW0603 - as above
    name, mode = sys.argv[1:]
    assert mode in MODES, mode
    model = load_model(name, **({} if name == "fake" else {"dtype": "float32", "batch_invariant": True}))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    # Ends with whoever started it, should that die before it can say so.
    threading.Thread(target=lambda: (sys.stdin.read(), server.shutdown()), daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
