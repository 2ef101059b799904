"""From pieces to a proof: boxes of all of them are split until few neurons are undecided, the rest is branched on."""

from __future__ import annotations

__all__ = ["searched"]

import math
import time
from collections.abc import Callable, Sequence

import numpy as np

from recourse_arena_certified.pieces.boxes import Boxes, Splitter
from recourse_arena_certified.pieces.corner import Corner, Found
from recourse_arena_certified.pieces.piece import Piece

_BOXES, _BATCH = 200_000, 512
"""Most boxes that are bounded, and how many at once."""

_FEW = 8
"""So few neurons on either side of 0 are branched on (of 4, 8, 16 and 24 the fastest on Loan)."""


def searched(
    pieces: Sequence[Piece],
    price: np.ndarray,
    network: Sequence[tuple[np.ndarray, np.ndarray]],
    *,
    margin: float,
    most: Callable[[], float],
    offer: Callable[[Corner, Found], None],
    until: float,
) -> tuple[float, bool]:
    """Return a weighted cost that no action of less than `most` in the end undercuts, and whether all was looked at.

    It is infinite if there is none of at most that cost.

    Arguments:
        pieces: What the person can do.
        price: Weighted cost of a squared change by one data unit, `(changes,)`.
        network: Weight and bias of each affine layer.
        margin: Least logit.
        most: Returns the cost below which actions are looked for; it may fall.
        offer: Is told of solutions.
        until: When to stop, by :func:`time.monotonic`.
    """
    splitter, floor, seen = Splitter(pieces, price, network, margin), math.inf, 0
    boxes = splitter.root()

    def below() -> float:
        return min(most(), splitter.dearest)

    while len(boxes) and seen < _BOXES and time.monotonic() < until:
        boxes = boxes[boxes.floor <= below()]
        order = boxes.floor.argsort(stable=True)
        bounded = splitter.bounded(boxes[order[:_BATCH]], below())
        few = (bounded.undecided <= _FEW) | (bounded.lower == bounded.upper).all(1)
        for i in few.nonzero()[:, 0].tolist():
            least = float(bounded.floor[i])
            if least <= below():
                corner = _corner(splitter, pieces, bounded, i)
                floor = min(floor, corner.least(margin, least, below, offer, until))
        seen += len(order[:_BATCH])
        boxes = splitter.halves(bounded[~few]).joined(boxes[order[_BATCH:]])
    boxes = boxes[boxes.floor <= below()]
    done = not len(boxes) and time.monotonic() < until
    return min(floor, float(boxes.floor.min())) if len(boxes) else floor, done


def _corner(splitter: Splitter, pieces: Sequence[Piece], boxes: Boxes, i: int) -> Corner:
    piece = int(boxes.piece[i])
    weight, bias = splitter.first
    network = [(weight[piece].numpy(), bias[piece].numpy()), *((w.numpy(), b.numpy()) for w, b in splitter.layers[1:])]
    limits = [(least[i].numpy(), greatest[i].numpy()) for least, greatest in boxes.limits]
    return Corner(
        pieces[piece], network, splitter.price.numpy(), boxes.lower[i].numpy(), boxes.upper[i].numpy(), limits
    )
