"""Language models as scorers of labels and writers of words: one seam, several backends.

`model` is the seam, `fake` a model for tests, `transformers_model` the real thing, `memo` remembers answers,
`catalog` and `pull` fetch known models. Importing this package imports neither torch nor transformers.
"""

from prospect_agents.language.memo import MemoModel, prompt_hash
from prospect_agents.language.model import LanguageModel, Query, Request, Scored, Written, load_model

__all__ = ["LanguageModel", "MemoModel", "Query", "Request", "Scored", "Written", "load_model", "prompt_hash"]
