"""The least that any network says whose weights lie in a box around those of another, as a network.

References:
    Gowal et al., On the effectiveness of interval bound propagation for training verifiably robust models, arXiv
    1810.12715: intervals taken through affine maps and rectifiers.

    Jiang, Leofante, Rago and Toni, Formalising the robustness of counterfactual explanations for neural networks, AAAI
    2023, doi 10.1609/aaai.v37i12.26740: a box of weights as a network of intervals, and advice that holds in all of it.
"""

from __future__ import annotations

__all__ = ["WorstCase", "worst_case"]

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from recourse_arena.models.decision.relu import ReluClassifier
from recourse_arena.people.encoding import Encoding

_ROUNDED = 2.0**-21
"""How far single precision may be off, relatively, where weights of a box are kept in it: a few last bits."""


class WorstCase(ReluClassifier):
    """A ReLU network whose logit is a lower bound of those of all networks of a box; see :func:`worst_case`."""

    @classmethod
    def of(cls, encoding: Encoding, state: Mapping[str, Tensor]) -> WorstCase:
        """Return the network of weights and scale, of the features of an encoding."""
        weights = [state[name] for name in sorted(state, key=_place) if name.endswith("weight")]
        with torch.random.fork_rng(devices=[]):  # new networks have weights at random, which are everybody's draws
            model = cls(encoding.features, tuple(len(weight) for weight in weights[:-1]))
        model.load_state_dict(dict(state))
        return model.eval().requires_grad_(False)


def _place(name: str) -> int:
    return int(name.split(".")[1]) if name.startswith("layers.") else -1


def worst_case(network: ReluClassifier, radii: Sequence[tuple[float, float]]) -> WorstCase:
    """Return a network that accepts whom every network of a box accepts, as far as interval bounds say.

    Its units come in pairs, the least and the greatest that a unit can be: with weights in `[W - r, W + r]` and what
    goes in, `h >= 0`, in `[l, u]`, the least of `W h` is `(W - r)+ l + (W - r)- u`, and the greatest `(W + r)+ u +
    (W + r)- l`. Encoded people are numbers of either sign, and known: a first layer of their positive and negative
    parts makes of them what goes in. Each weight stands once in a unit, so that bounds are exact with one hidden layer
    and sound with more. Radii are a little larger than they are said to be: by what single precision rounds.

    Arguments:
        network: The network in the middle of the box.
        radii: By how much weights and biases of each affine map may move.
    """
    layers = [layer for layer in network.layers if isinstance(layer, nn.Linear)]
    columns = len(network.encoding)
    identity = torch.eye(columns, dtype=torch.float64)
    weights, biases = [torch.cat([identity, -identity])], [torch.zeros(2 * columns, dtype=torch.float64)]
    for place, (layer, (of_weights, of_biases)) in enumerate(zip(layers, radii, strict=True)):
        weight, bias = layer.weight.detach().double(), layer.bias.detach().double()
        most = max(float(weight.abs().max()) + of_weights, float(bias.abs().max()) + of_biases)
        r, s = of_weights + _ROUNDED * most, of_biases + _ROUNDED * most
        if place == 0:  # of each column its positive and its negative part are known
            low, high = torch.cat([weight - r, -weight - r], 1), torch.cat([weight + r, -weight + r], 1)
        else:
            least, greatest = weight - r, weight + r
            low = torch.cat([least.clamp(min=0), least.clamp(max=0)], 1)
            high = torch.cat([greatest.clamp(max=0), greatest.clamp(min=0)], 1)
        last = place == len(layers) - 1
        weights.append(low if last else torch.cat([low, high]))
        biases.append(bias - s if last else torch.cat([bias - s, bias + s]))
    names = [f"layers.{2 * place}" for place in range(len(weights))]
    state = {f"{name}.weight": weight.float() for name, weight in zip(names, weights, strict=True)}
    state |= {f"{name}.bias": bias.float() for name, bias in zip(names, biases, strict=True)}
    return WorstCase.of(network.encoding, state | {"mean": network.mean.clone(), "sd": network.sd.clone()})
