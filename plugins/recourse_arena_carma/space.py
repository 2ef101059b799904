"""What `recourse-arena tune` tries for the options of iCARMA and CARMA, and why between these bounds."""

from __future__ import annotations

__all__ = ["CARMA_SPACE", "SPACE"]

from recourse_arena import Range, Space

SPACE: Space = {
    # An order of magnitude below the default, and somewhat above; it falls along a cosine in any case.
    "learning_rate": Range(5e-4, 2e-2, log=True),
    # Fewer people a step hold few of those without a valid action; more cost time in proportion.
    "batch": Range(256, 2048, log=True, whole=True),
    # 0.3 and 1.1 have been tried: well below the one and above the other.
    "cost": Range(0.03, 3.0, log=True),
    # From a prior that hardly counts (0.1: nearly everything acted on) to one that rules.
    "kl": Range(0.1, 5.0, log=True),
    # An order of magnitude below the default, and somewhat above; the balance with `multiplier_limit` decides.
    "plausibility": Range(0.3, 30.0, log=True),
    # Nats to gain beyond the factual: a whole one is far on the safe side.
    "plausibility_margin": Range(0.0, 1.0),
    # Nats until lost density counts logarithmically: with a tenth at once, with ten hardly ever.
    "saturation": Range(0.1, 10.0, log=True),
    # Several times less and more than the default; see `plausibility`.
    "multiplier_limit": Range(10.0, 200.0, log=True),
    # The paper's 0.5 inside; above 0.9 the prior asks for nearly everything at once.
    "prior_max": Range(0.2, 0.9),
    # The profile's 0.05 inside, never above the smallest `prior_max`; at 0.01 the hardest feature is all but forbidden.
    "prior_min": Range(0.01, 0.2, log=True),
    # From the paper's "same g" (1) to the reverse order of the profiles (-1).
    "prior_shape": Range(-1.0, 1.0),
    # 1 as published, where some people have no valid shift, to three times what training people show.
    "reach": Range(1.0, 3.0),
    # The paper's 0.36 inside: low ones are nearly hard choices with steep gradients, high ones nearly coin tosses.
    "temperature": Range(0.1, 2.0, log=True),
    # From the prior alone to the mask network alone, as published.
    "trust": Range(0.0, 1.0),
    # From the likeliest sets only to any: the features a person likes least have prior log odds of -3.
    "patience": Range(0.0, 6.0),
}
"""The space of iCARMA."""

CARMA_SPACE: Space = {
    name: SPACE[name]
    for name in ("learning_rate", "batch", "cost", "kl", "multiplier_limit", "prior_max", "reach", "temperature")
}
"""The space of CARMA: without what is about plausibility, or about preferences that it does not see."""
