"""The command that says whether the advice of a run lasts."""

from __future__ import annotations

__all__ = ["lasting"]

from pathlib import Path

import click

from recourse_arena.base.errors import ArenaError
from recourse_arena.cli.group import FOLDER, blocked_plugins, no_plugin

_FORMS = ("table", "md", "csv", "json")


@click.command()
@click.argument("folder", metavar="RUN", type=FOLDER)
@click.option(
    "--change", "changes", multiple=True, metavar="NAME",
    help="What becomes of the decision models, as 'retrained?models=5'; repeatable. `list changes` has all. Without "
    "any, what is kept in RUN is shown.",
)  # fmt: skip
@click.option("--format", "form", type=click.Choice(_FORMS), default="table", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write, instead of printing.")
@click.option(
    "--dataset", "datasets", multiple=True, metavar="FILE.toml",
    help="A dataset of the run that is a TOML file of your own; repeatable.",
)  # fmt: skip
@click.option("--data", type=FOLDER, help="Data directory.  [env: RECOURSE_ARENA_DATA]")
@click.option("--cache", type=FOLDER, help="Artefact cache.  [env: RECOURSE_ARENA_CACHE]")
@no_plugin
def lasting(
    folder: Path,
    changes: tuple[str, ...],
    form: str,
    out: Path | None,
    datasets: tuple[str, ...],
    data: Path | None,
    cache: Path | None,
) -> None:
    """Say whether the advice of the finished run in RUN lasts when its decision models change.

    Nothing is solved: every counterfactual is decided on again by each changed model. Who is decided how is kept as
    lasting.parquet in RUN.
    """
    from recourse_arena.api import lasting as judged
    from recourse_arena.storage.files import refuse_links, write_atomically

    if out is not None:
        refuse_links(out)
        if not out.absolute().parent.is_dir():
            raise ArenaError(f"cannot write {out}: there is no such folder")
    found = judged(folder, changes=changes, datasets=datasets, data=data, cache=cache, no_plugins=blocked_plugins())
    text = found.render(form)
    if out is None:
        click.echo(text)
        return
    write_atomically(out, text.encode())
    click.echo(f"wrote {out}", err=True)
