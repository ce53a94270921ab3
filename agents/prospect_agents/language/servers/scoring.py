"""Label probabilities from what a server says of its tokens: `echo`, exact, and `first`, of an answer's first token."""

from __future__ import annotations

import numpy as np

from prospect_agents.language.model import Query, Request, Scored
from prospect_agents.language.servers.endpoint import Endpoint
from prospect_agents.language.servers.labels import first_token_logprobs, lettered, suffix_logprob
from prospect_agents.language.servers.reply import Reply
from prospect_env.core.errors import ModelError

# Temperature 1: where a server shows probabilities after its sampling, these are the model's own.
ONE_TOKEN = {"max_tokens": 1, "temperature": 1.0, "seed": 0}


def echo(endpoint: Endpoint, query: Query) -> Scored:
    """Log P(label | prompt) exactly, labels of any length: all of a query's labels go along in one request.

    Raises `ModelError` if the server does not show its prompt's log-probabilities, or a label begins inside a token.
    """
    text = text_of(query)
    prompts = [text + label for label in query.labels]
    reply = endpoint.complete(prompts, {**ONE_TOKEN, "logprobs": 1, "echo": True})
    if len(reply.choices) != len(prompts):
        raise ModelError(f"{reply.where} gave {len(reply.choices)} answers to {len(prompts)} prompts")
    # What was written after each prompt is no part of it. Where usage is not told, one token was asked for.
    written = 1 if reply.usage is None else reply.tokens_out // len(prompts)
    logprobs, label_tokens = [], 0
    for label, choice in zip(query.labels, reply.choices, strict=True):
        if choice.tokens is None:
            raise ModelError(f"{reply.where} shows no log-probabilities of prompts; another way= is needed")
        found = suffix_logprob(label, choice.tokens[: len(choice.tokens) - written])
        if found is None:
            ends = [token for token, _ in choice.tokens[-4:]]
            raise ModelError(
                f"{reply.where}: the label {label!r} is not whole tokens at the end of the prompt, or has no "
                f"log-probabilities; the last tokens are {ends}. Labels after text usually begin with a blank"
            )
        logprobs.append(found[0])
        label_tokens += found[1]
    prompt_tokens = max(reply.tokens_in - label_tokens, 0) // len(prompts)
    cached = min(reply.tokens_cached // len(prompts), prompt_tokens)
    return Scored(np.array(logprobs, dtype=np.float64), prompt_tokens, cached, label_tokens, reply.latency)


def first(endpoint: Endpoint, query: Query, top: int) -> Scored:
    """Log P(the answer's first token begins a label), from the `top` likeliest first tokens.

    What is not among those stays missing: the label's log-probability is -inf and `mass` is what was seen. Labels that
    begin alike are asked for by letters (`labels.lettered`). Raises `ModelError` if none was seen.
    """
    asked = lettered(query)
    reply = one_token(endpoint, asked, top)
    tops = reply.choices[0].tops
    if not tops:
        raise ModelError(f"{reply.where} shows no log-probabilities; another way= is needed")
    logprobs = first_token_logprobs(asked.labels, tops[0])
    if not np.isfinite(logprobs).any():
        likeliest = [token for token, _ in sorted(tops[0], key=lambda top: -top[1])[:8]]
        raise ModelError(
            f"{reply.where}: none of the labels {asked.labels} is among the {len(tops[0])} likeliest first tokens "
            f"{likeliest}; their probability is not known"
        )
    return scored(logprobs, reply)


def one_token(endpoint: Endpoint, query: Query, top: int) -> Reply:
    """The reply that shows the `top` likeliest first tokens."""
    if query.chat:
        return endpoint.chat(text_of(query), {**ONE_TOKEN, "logprobs": True, "top_logprobs": top})
    return endpoint.complete(text_of(query), {**ONE_TOKEN, "logprobs": top})


def scored(logprobs: np.ndarray, *replies: Reply) -> Scored:
    """These log-probabilities with what the replies cost."""
    tokens_in = sum(reply.tokens_in for reply in replies)
    cached = min(sum(reply.tokens_cached for reply in replies), tokens_in)
    latency = sum(reply.latency for reply in replies)
    return Scored(logprobs, tokens_in, cached, sum(reply.tokens_out for reply in replies), latency)


def text_of(query: Query | Request) -> str:
    """The prompt in one piece: where segments meet, servers split tokens as they like."""
    return "".join((*query.context, query.tail))
