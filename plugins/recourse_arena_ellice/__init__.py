"""Counterfactuals that hold for every nearly optimal model of an ellipsoid, after ElliCE."""

from __future__ import annotations

__all__ = ["Ellice"]

from typing import TYPE_CHECKING, ClassVar

from recourse_arena import Knowledge, Options, Solver, hookimpl
from recourse_arena_relaxed import Relaxed, halves

if TYPE_CHECKING:
    from recourse_arena import Problem, Request
    from recourse_arena_ellice.ellipsoid import Ellipsoid


class Ellice(Relaxed):
    """Counterfactuals valid for a whole Rashomon ellipsoid (ElliCE, arXiv 2602.07674), made individual and causal.

    Models whose mean log loss on training people is at most `loss` above today's have, to second order, last layers
    theta with `(theta - theta*)' H (theta - theta*) <= 2 loss`. The worst of them says `theta*.x -
    sqrt(2 loss x' H^-1 x)` of whoever the last layer sees as x (with a 1 for its bias). The loss of acceptance by that
    one, plus price times distance, is minimised by Adam at falling prices; what is accepted by it comes back as far as
    it is. Of a linear model the last layer is all of it.

    Adapted: distance is the person's weighted cost. With `constraints=ignore` it is the sum of changes of columns,
    everything moves, and nothing comes back.

    Arguments:
        loss: How much more mean log loss a model may have (epsilon).
        ridge: What is added to the diagonal of the Hessian.
        price: What distance weighs first.
        steps: Steps of Adam at each price.
        rate: Its learning rate, in units of the encoding.
        constraints: Whether a person's constraints are kept (`keep`, `ignore`).

    References:
        Turbal, Voitsitska and Semenova, ElliCE: efficient and provably robust algorithmic recourse via the Rashomon
        sets, NeurIPS 2025, arXiv 2602.07674; defaults of `loss` and `ridge` are those of their package.

    Example:
        >>> Ellice(loss=0.02).loss
        0.02
    """

    name: ClassVar[str] = "ellice"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "accepted by every nearly optimal model of an ellipsoid (arXiv 2602.07674)"
    knows: frozenset[Knowledge] = Relaxed.knows | {Knowledge.STRUCTURE}
    needs: ClassVar[frozenset[Knowledge]] = frozenset({Knowledge.CLASSIFIER, Knowledge.STRUCTURE})

    def __init__(
        self,
        *,
        loss: float = 0.01,
        ridge: float = 1e-4,
        price: float = 1.0,
        steps: int = 25,
        rate: float = 0.05,
        constraints: str = "keep",
    ) -> None:
        options = Options(f"solver {self.name}")
        self.loss, self.ridge = options.number("loss", loss, least=0), options.number("ridge", ridge, least=0)
        self.price, self.rate = options.number("price", price, least=0), options.number("rate", rate, least=0)
        self.steps, self.constraints = options.whole("steps", steps), options.constraints(constraints)

    @property
    def prices(self) -> list[float]:
        """Halves, and 0 at last."""
        return halves(self.price, 8)

    def fit(self, problem: Problem, *, seed: int) -> None:
        """Work out the ellipsoid."""
        from recourse_arena_ellice.ellipsoid import Ellipsoid

        super().fit(problem, seed=seed)
        self.ellipsoid = Ellipsoid.of(self.columns, self.loss, self.ridge)

    def criterion(self, request: Request) -> Ellipsoid:
        """Return that the worst model of the ellipsoid accepts."""
        return self.ellipsoid


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return the solver."""
    return [Ellice]
