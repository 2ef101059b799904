"""How a conversation ended for each person, beside what the judge records of its last advice."""

from __future__ import annotations

__all__ = ["with_conversation"]

import numpy as np
import pyarrow as pa

from recourse_arena.judging.advice_table import told_everything
from recourse_arena.judging.judge import Judge
from recourse_arena.judging.records import column_type
from recourse_arena.problem.request import Request


def with_conversation(judge: Judge, request: Request, people: pa.Table, advice: pa.Table) -> pa.Table:
    """Return records of people with six columns more.

    - `accepted`: the person would do what they were advised last, and it does what the scenario asks for: it is valid,
      and plausible where that is asked for.
    - `possible`: what the same solver recommends when told everything does what the scenario asks for.
    - `rounds`, `questions`: how often the person was advised, and asked.
    - `own_optimum`: the least weighted cost known for them: of the advice that they accepted, and of what the solver
      recommends when told everything. Missing where neither does what is asked for.
    - `regret`: weighted cost of what they accepted over `own_optimum`, less 1; missing where they accepted nothing.

    Arguments:
        judge: The judge.
        request: What the people want in truth.
        people: Their records, as the judge wrote them.
        advice: The advice, with the conversation.

    Raises:
        ArenaError: If the advice is not that of a conversation.
    """
    told = judge(request, told_everything(advice, request.features.names))
    possible, accepted = (_does_what_is_asked(request, records) for records in (told, people))
    accepted = accepted & _column(advice, "accepted").astype(bool)
    costs = [np.where(who, _column(of, "weighted_cost"), np.inf) for who, of in ((possible, told), (accepted, people))]
    least = np.minimum(*costs)
    with np.errstate(invalid="ignore", divide="ignore"):
        regret = np.where(accepted & (least > 0), costs[1] / least - 1, np.nan)
    columns = {
        "accepted": accepted,
        "possible": possible,
        "rounds": _column(advice, "rounds"),
        "questions": _column(advice, "questions"),
        "own_optimum": np.where(np.isfinite(least), least, np.nan),
        "regret": regret,
    }
    for name, values in columns.items():
        people = people.append_column(name, pa.array(values, from_pandas=True).cast(column_type(name)))
    return people


def _does_what_is_asked(request: Request, records: pa.Table) -> np.ndarray:
    valid = _column(records, "valid").astype(bool)
    return valid & _column(records, "plausible").astype(bool) if request.plausibility else valid


def _column(table: pa.Table, name: str) -> np.ndarray:
    return np.asarray(table[name].to_numpy(zero_copy_only=False))
