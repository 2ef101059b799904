"""What solvers on training people have in common: what is asked of them, and on how few features they advise."""

from __future__ import annotations

__all__ = ["Adapting"]

from typing import TYPE_CHECKING, ClassVar

from recourse_arena import Solver

if TYPE_CHECKING:
    from recourse_arena import Recommendation, Request


class Adapting(Solver):
    """A solver whose `constraints` say whether a person's own are kept, or ignored as in what was published."""

    keeps_rules: ClassVar[bool] = True
    keeps_sparsity: ClassVar[bool] = True

    constraints: str = "keep"
    """Whether a person's constraints are kept; `ignore` if not."""

    def asked(self, request: Request) -> Request:
        """Return a request as the method takes it."""
        from recourse_arena import unconstrained

        return unconstrained(request) if self.constraints == "ignore" else request

    def advise(self, request: Request) -> Recommendation:
        """Return the action of each person; sparsity is not looked at."""
        raise NotImplementedError

    def recommend(self, request: Request) -> Recommendation:
        """Return the action of each person, on as few features as they ask for."""
        from recourse_arena import sparsely

        return sparsely(self.asked(request), self.advise)
