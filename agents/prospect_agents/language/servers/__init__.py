"""Language models behind OpenAI-compatible servers: vLLM, llama.cpp, Ollama, `transformers serve`, hosted ones.

In reading order: `address` (which server, and on what terms), `endpoint` (one request, with retries), `reply` (what
came back, read strictly), `scoring` and `sampling` (four ways to come by label probabilities), `probe` (which of them a
server is good for), `answers` (what was paid for is kept on disk), `server_model` (all of it as a `LanguageModel`).
"""
