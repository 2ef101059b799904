"""Commands about the files of datasets."""

from __future__ import annotations

__all__ = ["data"]

from pathlib import Path
from typing import TYPE_CHECKING

import click

from recourse_arena.cli.group import FOLDER, Arena, no_plugin, registry

if TYPE_CHECKING:
    from recourse_arena.interfaces.dataset import Dataset


@click.group(cls=Arena)
def data() -> None:
    """Get, check and find the files of datasets."""


_DATA = click.option("--data", "folder", type=FOLDER, help="Data directory.  [env: RECOURSE_ARENA_DATA]")


@data.command()
@click.argument("name")
@click.option("--from", "source", type=FOLDER, help="Take this file instead of downloading one.")
@click.option("--force", is_flag=True, help="Replace a file of other content.")
@_DATA
@no_plugin
def fetch(name: str, source: Path | None, force: bool, folder: Path | None) -> None:
    """Download the file of a dataset, check it, and put it in its place."""
    from recourse_arena.storage.files import refuse_links

    dataset, directory = _dataset(name, folder)
    for place in dataset.files(directory):
        inside = [parent for parent in place.parents if directory in parent.parents]
        refuse_links(*inside, place)
    click.echo(f"{name}: {dataset.fetch(directory, source=source, force=force)}")


@data.command()
@click.argument("name")
@_DATA
@no_plugin
def verify(name: str, folder: Path | None) -> None:
    """Check the file of a dataset and say what it is."""
    dataset, directory = _dataset(name, folder)
    click.echo(dataset.verify(directory))


@data.command()
@click.argument("name", required=False)
@_DATA
@no_plugin
def where(name: str | None, folder: Path | None) -> None:
    """Say where the data directory is, or the file of a dataset."""
    for label in [name] if name else sorted(registry().datasets):
        dataset, directory = _dataset(label, folder)
        places = dataset.files(directory)
        states = [f"{place} ({'there' if place.exists() else 'not there yet'})" for place in places]
        click.echo(f"{label}: {', '.join(states) or 'needs no file'}")


def _dataset(name: str, folder: Path | None) -> tuple[Dataset, Path]:
    from recourse_arena.base.folders import data_folder

    return registry().dataset(name), data_folder(folder)
