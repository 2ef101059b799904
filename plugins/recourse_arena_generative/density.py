"""A normalising flow of encoded people: a density of columns, smooth between levels and whole numbers."""

from __future__ import annotations

__all__ = ["ColumnsFlow", "columns_flow", "restored_flow"]

import copy
import math
from collections.abc import Mapping

import torch
import zuko
from torch import Tensor, nn

from recourse_arena import Adam, Encoding, FeatureTable, Problem, derive_seed, generator

_BATCH, _EVERY, _PATIENCE, _LOOKED_AT = 128, 50, 6, 2000


class ColumnsFlow(nn.Module):
    """A masked autoregressive flow (Papamakarios, Pavlakou and Murray, arXiv 1705.07057) of encoded columns.

    It is the density of people with normal noise added to each column: levels of categories and whole numbers have no
    density of their own. In double precision.

    Arguments:
        features: The features.
        transforms: Layers of the flow.
        hidden: Width of the hidden layer of each.
        noise: Standard deviation of the noise, in units of the encoding.
    """

    mean: Tensor
    sd: Tensor
    centre: Tensor
    spread: Tensor

    def __init__(self, features: FeatureTable, *, transforms: int = 2, hidden: int = 64, noise: float = 0.1) -> None:
        super().__init__()
        self.features, self.noise = features, noise
        nothing = torch.zeros(len(features), dtype=torch.double)
        self.register_buffer("mean", nothing)
        self.register_buffer("sd", torch.ones_like(nothing))
        columns = len(self.encoding)
        self.network = zuko.flows.MAF(
            features=columns, transforms=transforms, hidden_features=(hidden,), activation=nn.ELU
        )
        self.register_buffer("centre", torch.zeros(columns))
        self.register_buffer("spread", torch.ones(columns))
        self.double()

    @property
    def encoding(self) -> Encoding:
        """How people look to it."""
        return Encoding(self.features, self.mean, self.sd)

    def log_density(self, columns: Tensor) -> Tensor:
        """Return the log-density `(...,)` of people `(..., columns)`, in nats and units of the encoding."""
        if not columns.numel():
            return columns.sum(-1)
        z = (columns - self.centre) / self.spread
        u, log_slope = self.network.transform().call_and_ladj(z)
        return log_slope - 0.5 * (u.square().sum(-1) + u.shape[-1] * math.log(2 * math.pi)) - self.spread.log().sum()


@torch.enable_grad()
def columns_flow(
    problem: Problem, who: Tensor, fresh: Tensor, *, seed: int, purpose: str, steps: int = 1000, rate: float = 5e-3
) -> ColumnsFlow:
    """Return a flow fitted to people `who` `(people, features)`; of all steps the best on the people `fresh`.

    Arguments:
        problem: The problem; its training people set the scale of the encoding.
        who: Whom it is fitted to.
        fresh: People who say which step is best; those it is fitted to if there are none.
        seed: Seed of all draws.
        purpose: What it is for.
        steps: Steps of Adam, each on 128 people.
        rate: Its learning rate at the start; it falls to 0 along a cosine.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, purpose, "flow"))
        flow = ColumnsFlow(problem.features)
    encoding = Encoding.fitted(problem.features, problem.training.x.double())
    flow.mean.copy_(encoding.mean)
    flow.sd.copy_(encoding.sd)
    train, look = encoding.encode(who.double()), encoding.encode((fresh if len(fresh) else who).double())[:_LOOKED_AT]
    flow.centre.copy_(train.mean(0))
    flow.spread.copy_((train.var(0, correction=0) + flow.noise**2).sqrt())
    flow.float()  # precise enough for that, and fast
    train, look = train.float(), look.float()
    draws = generator(seed, purpose, "flow", "steps")
    look = look + flow.noise * torch.randn(look.shape, generator=draws)
    optimizer = Adam(flow.parameters(), rate, steps=steps)
    best, kept, since = torch.inf, copy.deepcopy(flow.state_dict()), 0
    for step in range(1, steps + 1):
        z = train[torch.randint(len(train), (_BATCH,), generator=draws)]
        z = z + flow.noise * torch.randn(z.shape, generator=draws)
        optimizer.zero_grad()
        (-flow.log_density(z).mean()).backward()
        torch.nn.utils.clip_grad_norm_(flow.parameters(), 5.0)
        optimizer.step()
        if step % _EVERY == 0 or step == steps:
            with torch.no_grad():
                value = float(-flow.log_density(look).mean())
            problem.report(step / steps, value)
            since += 1
            if value < best:
                best, kept, since = value, copy.deepcopy(flow.state_dict()), 0
            if since >= _PATIENCE:
                break
    flow.load_state_dict(kept)
    return flow.double().eval().requires_grad_(False)


def restored_flow(features: FeatureTable, state: Mapping[str, Tensor]) -> ColumnsFlow:
    """Return the flow whose `state_dict` was kept."""
    with torch.random.fork_rng(devices=[]):
        flow = ColumnsFlow(features)
    flow.load_state_dict(dict(state))
    return flow.eval().requires_grad_(False)
