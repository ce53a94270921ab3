"""The words a game is told in: stories, their variants, and distractors that provably change nothing.

`story(game, frame, variant, seed, distractors, kind)` gives a `Narrator`, which tells the rules, events and questions
(`narrator`), and reads the rules it told back to the identical game (`reading`). `frames(game)` lists the frames,
`variants` and `canonical_like` (`drawing`) make stories that differ in words, or in nothing but words.

How to write a frame
--------------------

A frame is one file, `templates/<game>/<frame>.j2`, found by its name; nothing is registered. (`templates/matrix/`
serves all matrix games.) `canonical.j2` has the game's own labels and the plainest words. A frame is told from the
side of one seat, and consists of

* `{% set words = {...} %}`: alternatives for each word, the first of them canonical. `names` (of seats), `currency`
  (`"{} coin|{} coins"`), `round`, and whatever else the frame calls `{{ word.<name> }}`, singular and, after a bar,
  plural (`{{ word.round.many }}`). `actions`, `reactions` and `roles` map a game's labels to alternatives:
  `"pass": ["wait", "hold"]`; numbers and seats in labels are written `"offer {}%": ["hand over {} percent"]` and
  `"audit player_1"` is `"audit {who}"`. Labels that are not mapped are told as they are. No words hold digits.
* `{% macro setting() %}`: the cover story, one or more sentences.
* one macro a fact, named after it, with the fact's values as arguments. It says *one* sentence, and all its values.
  `python -m prospect_env.stories GAME` prints which are needed: see `facts` for how parameters become facts. Values
  are written through filters, which are what makes sentences readable:

  ==========================================  ================================================================
  `number`, `numbers`, `ordinal`              `2.5`, `2/3`; `0, 1 and 2`; `first` for 0; `values[0]|number` is one of
                                              several numbers
  `probability`, `amount`, `transfer`         `0.1`; a payoff and a difference of payoffs, in the currency
  `plural(word)`                              the form of a word that goes with a number
  `seat`, `whose`, `name`, `role`             `you` or a name; `your` or `Ann's`; the name; the role
  `verb("get", "gets")`                       the form that goes with a seat
  `action`, `reaction`                        their labels in this story
  `cells`                                     a row of a map, in the characters that maps are drawn with
  `options`, `reactions`, `company`           lists, in macros that tell no fact
  ==========================================  ================================================================

* whatever it wants to say otherwise than `templates/shared.j2`, which has the rest: modifiers, `rounds`, `you`,
  `options`, `aim`, events (`did`, `said`, `paid`, `situation_<name>(value)`, `sight`, `over`), `choice`, `forecast`.

`one_of("..", "..")` are paraphrases, of which a story uses one throughout. Variables: `me`, `them` (the first other
seat), `others`, `word`, `by_round`, `cooperative`; and in macros that tell no fact `spec`, `noisy` (what is seen need
not be what was chosen) and `added` (the actions modifiers brought in). A macro that tells a fact cannot look at its
values (`{% if value > 1 %}`): what it says would not show its form. An entry's `index` may be left out; it is then
read off the order of sentences. Sentences end with `.`, `!` or `?` before a blank;
text is ASCII. Macros whose names begin with `_` are a frame's own helpers.
"""

from __future__ import annotations

#: what the entry point group `prospect_env.stories` names: whatever makes narrators
catalog = {"story": "prospect_env.stories.narrator:story"}
