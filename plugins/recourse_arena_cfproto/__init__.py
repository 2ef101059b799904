"""CFProto and CEM: elastic net, hinge on the decision, autoencoder error, and prototypes of accepted people."""

from __future__ import annotations

__all__ = ["CFProto", "Cem"]

from typing import TYPE_CHECKING, ClassVar

from recourse_arena import AutoencoderRecipe, Knowledge, Options, Solver, hookimpl
from recourse_arena_generative import AutoencoderSolver

if TYPE_CHECKING:
    from recourse_arena_generative import Best, Ground


class CFProto(AutoencoderSolver):
    """Counterfactuals guided by prototypes (Van Looveren and Klaise, 2021), made individual.

    With the change `d` of the encoded columns, minimised is

    `c max(0, kappa - logit(x + d)) + beta ||d||_1 + ||d||_2^2 + gamma ||x + d - AE(x + d)||_2^2
    + theta ||ENC(x + d) - proto||_2^2`

    by accelerated proximal steps (FISTA), where `AE` is an autoencoder of training people, `ENC` its encoder, and
    `proto` the mean of the `prototypes` accepted training people whose encodings are nearest to that of the person.
    `c` is raised tenfold until somebody is accepted, then halved in between on a logarithmic scale. Of all iterates
    that are accepted as legal people, the one of least weighted cost is recommended.

    What was adapted: what a person cannot change stays, and every step ends at the nearest point of their box;
    of each category the shares of its levels sum to 1, in place of the paper's distances between levels; both parts of
    the elastic net count each feature by the person's weight of it. The logit is that of the legal person next to the
    iterate (its gradient that of the iterate), so that the hinge is not satisfied by half a level. Latents are scaled
    to a variance of 1 over training people, and thresholds are `beta` times the step, as proximal steps want it, not
    `beta`: readings. Iterates that break a rule between features do not count.

    Where an action has effects, those of setting everything free are foreseen. Who can act on nothing is `infeasible`;
    where no iterate is accepted, `not_found`.

    Arguments:
        theta: What the prototype weighs; 0 is the contrastive explanation method, see :class:`Cem`.
        gamma: What the error of the autoencoder weighs.
        beta: What the L1 norm weighs; .1 as published.
        kappa: Log odds aimed at.
        prototypes: Accepted people that a prototype is the mean of.
        rounds: Values of `c`, from 10.
        iterations: Steps of each.
        rate: Their length.
        latent: Latent dimensions.
        hidden: Width of the hidden layers.
        steps: Steps of training.

    References:
        Van Looveren and Klaise, Interpretable counterfactual explanations guided by prototypes, ECML PKDD 2021, arXiv
        1907.02584. Dhurandhar et al., Explanations based on the missing, NeurIPS 2018, arXiv 1802.07623.

    Example:
        >>> CFProto(theta=0.0).theta
        0.0
        >>> CFProto(prototypes=0)
        Traceback (most recent call last):
        ...
        recourse_arena.base.errors.ArenaError: solver cfproto: prototypes must be a whole number from 1 to 1000000, \
got 0
    """

    name: ClassVar[str] = "cfproto"
    version: ClassVar[str] = "2"
    summary: ClassVar[str] = "elastic net, hinge, autoencoder and prototypes of accepted people (CFProto 2021)"
    knows: frozenset[Knowledge] = frozenset({Knowledge.CLASSIFIER, Knowledge.FLOW, Knowledge.SCM})
    needs: ClassVar[frozenset[Knowledge]] = frozenset({Knowledge.CLASSIFIER})

    def __init__(
        self,
        *,
        theta: float = 0.5,
        gamma: float = 0.1,
        beta: float = 0.1,
        kappa: float = 0.05,
        prototypes: int = 20,
        rounds: int = 6,
        iterations: int = 100,
        rate: float = 0.02,
        latent: int = 8,
        hidden: int = 64,
        steps: int = 1500,
    ) -> None:
        options = Options(f"solver {self.name}")
        self.theta, self.gamma = options.number("theta", theta, least=0), options.number("gamma", gamma, least=0)
        self.beta, self.kappa = options.number("beta", beta, least=0), options.number("kappa", kappa, least=0)
        self.prototypes = options.whole("prototypes", prototypes, 1, 10**6)
        self.rounds = options.whole("rounds", rounds, 1, 10**6)
        self.iterations = options.whole("iterations", iterations, 1, 10**6)
        self.rate = options.number("rate", rate, above=0)
        self.autoencoder_recipe = AutoencoderRecipe(latent, hidden, steps, variational=False)

    def prepare(self) -> None:
        """Encode the accepted training people."""
        from recourse_arena_cfproto.prototypes import Prototypes

        self.accepted = Prototypes.of(self.problem, self.model)

    def search(self, ground: Ground) -> Best:
        """Return the accepted iterate of least cost of each of the people."""
        from recourse_arena_cfproto.fista import search

        return search(self, ground)


class Cem(CFProto):
    """The contrastive explanation method (Dhurandhar et al., 2018): :class:`CFProto` without prototypes.

    What its authors call pertinent negatives: the least change that leads to another decision, near what an
    autoencoder reconstructs. In the paper features may be added only; here the person's box says what may change.

    Arguments:
        gamma: What the error of the autoencoder weighs.
        beta: What the L1 norm weighs; .1 as published.
        kappa: Log odds aimed at.
        rounds: Values of `c`, from 10.
        iterations: Steps of each.
        rate: Their length.
        latent: Latent dimensions.
        hidden: Width of the hidden layers.
        steps: Steps of training.

    Example:
        >>> Cem().theta
        0.0
    """

    name: ClassVar[str] = "cem"
    summary: ClassVar[str] = "elastic net, hinge and autoencoder: pertinent negatives (CEM 2018)"

    def __init__(
        self,
        *,
        gamma: float = 0.1,
        beta: float = 0.1,
        kappa: float = 0.05,
        rounds: int = 6,
        iterations: int = 100,
        rate: float = 0.02,
        latent: int = 8,
        hidden: int = 64,
        steps: int = 1500,
    ) -> None:
        super().__init__(
            theta=0.0,
            gamma=gamma,
            beta=beta,
            kappa=kappa,
            rounds=rounds,
            iterations=iterations,
            rate=rate,
            latent=latent,
            hidden=hidden,
            steps=steps,
        )


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return the solvers."""
    return [CFProto, Cem]
