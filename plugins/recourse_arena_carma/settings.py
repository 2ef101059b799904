"""What can be set about CARMA and iCARMA, what it is set to, and why."""

from __future__ import annotations

__all__ = ["CarmaSettings", "Settings"]

from dataclasses import dataclass

from recourse_arena import ArenaError


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Configuration of iCARMA.

    Arguments:
        steps: Gradient steps.
        batch: People per step.
        learning_rate: Peak learning rate of Adam; it falls to 0 along a cosine.
        width: Width of the hidden layers of both networks.
        mask_layers: Hidden layers of the mask network.
        action_layers: Hidden layers of the action network.
        temperature: Temperature (tau) of the Gumbel-softmax.
        margin: Hinge margin (epsilon) of validity, on the scale of `2p - 1`.
        cost: Weight of the cost.
        kl: Weight of the mask's divergence from the priors.
        plausibility: Weight of the lost log-density.
        feasibility: Weight of what is wanted outside the box.
        damping: Quadratic share of the validity penalty.
        multiplier_rate: How much of a step's hinge goes into the Lagrangian multiplier.
        multiplier_limit: Ceiling of the multiplier, since some people have no valid action at all.
    """

    steps: int = 8000
    batch: int = 512
    learning_rate: float = 4e-3
    width: int = 64
    mask_layers: int = 2
    action_layers: int = 3
    temperature: float = 0.36
    margin: float = 0.013
    cost: float = 1.1
    kl: float = 1.5
    plausibility: float = 0.225
    plausibility_margin: float = 0.0
    feasibility: float = 0.1
    damping: float = 1.0
    multiplier_rate: float = 1.0
    multiplier_limit: float = 20.0
    prior_max: float = 0.5
    prior_min: float = 0.05
    hinge_temperature: float = 1.0
    warm_up: float = 0.0
    deficit_cap: float = 0.0
    clip: float = 5.0
    synthetic: int = 0

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "width", "mask_layers", "action_layers"):
            value = getattr(self, name)
            if not isinstance(value, int) or value < 1:
                raise ArenaError(f"option {name!r}: expected a whole number from 1, got {value!r}")
        for name in ("learning_rate", "temperature"):
            if not getattr(self, name) > 0:
                raise ArenaError(f"option {name!r}: expected a number above 0, got {getattr(self, name)!r}")


@dataclass(frozen=True, kw_only=True)
class CarmaSettings(Settings):
    """Configuration of CARMA: without plausibility, and with a rule for individual constraints.

    Arguments:
        constraints: What becomes of advice that touches a feature the person cannot act on: `refuse` it,
            or `drop` the feature and recompute the rest.
    """

    plausibility: float = 0.0
    constraints: str = "refuse"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.constraints not in ("refuse", "drop"):
            raise ArenaError(f"option 'constraints': expected 'refuse' or 'drop', got {self.constraints!r}")
