"""Interventions by name: things done to a network's hidden states while it answers.

`intervention=(steer:layer=15,vector=kind.npy,strength=1)` adds a vector to what a decoder layer hands on, at every
position; `ablate` takes out whatever lies along it. Vectors are files of numpy's (`numpy.save`), one number for each
place of the hidden state. What is done, how much of it, and the hash and norm of the vector are part of the model's
identity, and so of every key under which answers are remembered and recorded.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from prospect_agents.catalog import interventions
from prospect_agents.language.model import LanguageModel
from prospect_agents.language.pull import sha256
from prospect_env.core.errors import BadParameter, ModelError
from prospect_env.core.make import call, parse

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Direction:
    """A vector `[H]` from a file; equal where the files' contents are."""

    hash: str
    values: Float[np.ndarray, " H"] = field(compare=False)

    @staticmethod
    def read(file: str) -> Direction:
        """The vector of this `.npy` file; raises `BadParameter` where it holds none, or nothing but zeros."""
        path = Path(str(file)).expanduser()
        try:
            values = np.load(path, allow_pickle=False)
            numbers = np.asarray(values, dtype=np.float32)
        except (OSError, ValueError, EOFError) as error:
            raise BadParameter(f"vector is {str(file)!r}; it must be a .npy file of numbers ({error})") from error
        if numbers.ndim != 1 or not np.isfinite(numbers).all() or not numbers.any():
            raise BadParameter(
                f"vector {str(file)!r} has shape {numbers.shape}; it must be a single row of finite numbers, not all 0"
            )
        return Direction(sha256(path)[:12], numbers)

    @property
    def norm(self) -> float:
        return float(np.linalg.norm(self.values))

    def __str__(self) -> str:
        return f"vector={self.hash}, norm={self.norm:.4g}"


@dataclass(frozen=True)
class Change(ABC):
    """What is done to the output of decoder layer number `layer`, counted from 0."""

    layer: int
    direction: Direction

    @property
    @abstractmethod
    def name(self) -> str:
        """All that matters of it, in one line without slashes."""

    @abstractmethod
    def changed(self, hidden: torch.Tensor, direction: torch.Tensor) -> torch.Tensor:
        """The hidden states `[..., H]` that go on instead of `hidden`; both arguments are float32."""

    def place(self, network: Any) -> Any:
        """The layer of the network whose output it changes; raises `BadParameter` where it does not fit."""
        import torch

        config = network.config.get_text_config()
        count, width = config.num_hidden_layers, config.hidden_size
        if not 0 <= self.layer < count:
            raise BadParameter(f"layer is {self.layer}; this model has {count}, from 0 to {count - 1}")
        if self.direction.values.shape != (width,):
            raise BadParameter(
                f"the vector has {len(self.direction.values)} numbers; hidden states of this model have {width}"
            )
        # Beside the decoder there may be other towers, with as many layers.
        lists = (part for part in network.get_decoder().modules() if isinstance(part, torch.nn.ModuleList))
        layers = next((part for part in lists if len(part) == count), None)
        if layers is None:
            raise ModelError(f"{type(network).__name__} has no list of {count} layers to intervene in")
        return layers[self.layer]

    def install(self, network: Any) -> list[Any]:
        """Hook it into the network and return the handles; raises as `place`."""
        import torch

        direction = torch.from_numpy(self.direction.values)

        def hook(_: Any, __: Any, out: Any) -> Any:
            # What a hook returns replaces the output, which is a tensor in some models and begins a tuple in others.
            hidden = out if isinstance(out, torch.Tensor) else out[0]
            new = self.changed(hidden.float(), direction.to(hidden.device)).to(hidden.dtype)
            return new if isinstance(out, torch.Tensor) else (new, *out[1:])

        return [self.place(network).register_forward_hook(hook)]


@dataclass(frozen=True)
class Steer(Change):
    """Adds `strength` times the vector."""

    strength: float

    @property
    def name(self) -> str:
        return f"steer(layer={self.layer}, strength={self.strength!r}, {self.direction})"

    def changed(self, hidden: torch.Tensor, direction: torch.Tensor) -> torch.Tensor:
        return hidden + self.strength * direction


@dataclass(frozen=True)
class Ablate(Change):
    """Takes out the part that lies along the vector, whichever way it points: h - (h . u) u, where u = v / |v|."""

    @property
    def name(self) -> str:
        return f"ablate(layer={self.layer}, {self.direction})"

    def changed(self, hidden: torch.Tensor, direction: torch.Tensor) -> torch.Tensor:
        unit = direction / direction.norm()
        return hidden - (hidden @ unit)[..., None] * unit


def steer(layer: Any, vector: str, strength: Any = 1.0) -> Steer:
    """Adds `strength` times the vector in the file `vector` to what decoder layer `layer` hands on, at every position.

    At `strength` 0 nothing changes; a negative one steers the other way. Raises `BadParameter`.
    """
    number = isinstance(strength, int | float) and not isinstance(strength, bool)
    if not number or not isfinite(strength):
        raise BadParameter(f"strength is {strength!r}; it must be a finite number")
    return Steer(_layer(layer), Direction.read(vector), float(strength))


def ablate(layer: Any, vector: str) -> Ablate:
    """Takes what lies along the vector in the file `vector` out of what decoder layer `layer` hands on.

    Raises `BadParameter`.
    """
    return Ablate(_layer(layer), Direction.read(vector))


def named(spec: Any) -> Change:
    """The intervention that `spec` describes; raises `UnknownName` or `BadParameter`."""
    if not isinstance(spec, str):
        raise BadParameter(f"intervention is {spec!r}; it must be a spec, such as steer:layer=15,vector=kind.npy")
    name, parameters = parse(spec)
    change: Change = call(f"intervention {name!r}", interventions[name], parameters)
    return change


def intervened(model: LanguageModel, change: Change) -> LanguageModel:
    """`model` under an intervention, with an identity and a cache of its own.

    Raises `ModelError` for a model whose network is out of reach, and `BadParameter` where the change does not fit it.
    """
    if not hasattr(model, "intervened"):
        raise ModelError(
            f"{model.identity} cannot be intervened on: only models that run in this process have layers to hook into"
        )
    # Whoever has such a model has torch; to talk of models that have none, this module must do without.
    from prospect_agents.language.transformers_model import Intervention, TransformersModel

    inside: TransformersModel = model  # type: ignore[assignment]
    # Tried on, so that what does not fit is refused before anything is asked.
    change.place(inside.module)
    return inside.intervened(Intervention(change.name, change.install))


def _layer(layer: Any) -> int:
    if isinstance(layer, bool) or not isinstance(layer, int):
        raise BadParameter(f"layer is {layer!r}; it must be a whole number, 0 or more")
    return layer
