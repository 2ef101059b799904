"""Commands that write what came out of runs: a report beside published results, menus by group, and figures."""

from __future__ import annotations

__all__ = ["figures", "menus", "report"]

from pathlib import Path

import click

from recourse_arena.base.errors import ArenaError
from recourse_arena.cli.group import FOLDER


@click.command()
@click.argument("folders", metavar="DIR...", nargs=-1, required=True, type=FOLDER)
@click.option("--out", type=FOLDER, help="Markdown file to write.  [default: report.md in the first DIR]")
@click.option(
    "--about",
    type=click.Choice(["paper", "optima", "lasting", "menus", "field", "fixed-predictions", "reproduction"]),
    help="arXiv 2604.08030, certified optima only, whether advice lasts (arXiv 2605.17160; one DIR), menus of shared "
    "actions (arXiv 2601.20449), what people's constraints do to the methods of the suite field, whom models leave no "
    "action, or what is published of methods beside ours (one DIR).  [default: the first, if a DIR holds any of its "
    "cells]",
)
def report(folders: tuple[Path, ...], out: Path | None, about: str | None) -> None:
    """Write how run folders compare with published papers: every published value, target and claim.

    Values are read at the first seed of the first DIR that holds a dataset; other seeds and folders add means and
    ranges over seeds, and cells that the first one lacks. Where a run holds certified optima, how far from them the
    advice of each solver ends.
    """
    from recourse_arena.reporting.paper.report import PaperReport
    from recourse_arena.storage.files import refuse_links, write_atomically
    from recourse_arena.storage.run_files import RunFiles

    file = out or folders[0] / "report.md"
    refuse_links(file)
    if about == "lasting":
        from recourse_arena.reporting.lasting.report import lasting_report

        if len(folders) > 1:
            raise ArenaError(f"--about lasting: expected one DIR, got {len(folders)}")
        text = lasting_report(RunFiles.read(folders[0]))
    elif about == "menus":
        from recourse_arena.reporting.menus.paper.report import menus_report

        text = menus_report(*(RunFiles.read(folder) for folder in folders))
    elif about == "field":
        from recourse_arena.reporting.field.report import field_report

        text = field_report([RunFiles.read(folder) for folder in folders])
    elif about == "fixed-predictions":
        from recourse_arena.reporting.field.stuck import stuck_report

        text = stuck_report(*(RunFiles.read(folder) for folder in folders))
    elif about == "reproduction":
        from recourse_arena.reporting.reproduction.report import reproduction_report

        if len(folders) > 1:
            raise ArenaError(f"--about reproduction: expected one DIR, got {len(folders)}")
        text = reproduction_report(RunFiles.read(folders[0]))
    else:
        text = PaperReport.of([RunFiles.read(folder) for folder in folders]).markdown(about)
    try:
        if not file.absolute().parent.is_dir():
            raise ArenaError(f"cannot write {file}: there is no such folder")
        write_atomically(file, text.encode())
    except ArenaError as error:
        raise ArenaError(f"{error}; choose another file with --out") from None
    click.echo(f"Report: {file.resolve()}")


@click.command()
@click.argument("folder", metavar="RUN", type=FOLDER)
@click.option("--format", "form", type=click.Choice(["table", "md", "csv", "json"]), default="table", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write, instead of printing.")
def menus(folder: Path, form: str, out: Path | None) -> None:
    """Say whom the menus of the finished run in RUN help, by group, at what cost, and who was left with nothing.

    csv has a row for each menu; json all of it, with each action in words and whom it works for.
    """
    from recourse_arena.reporting.menus.table import Menus
    from recourse_arena.storage.files import refuse_links, write_atomically
    from recourse_arena.storage.run_files import RunFiles

    if out is not None:
        refuse_links(out)
        if not out.absolute().parent.is_dir():
            raise ArenaError(f"cannot write {out}: there is no such folder")
    found = Menus.of(RunFiles.read(folder))
    if not found.found.menus:
        raise ArenaError(f"{folder} offers no menus; `recourse-arena run fair-recourse` makes such a run")
    text = found.render(form)
    if out is None:
        click.echo(text)
        return
    write_atomically(out, text.encode())
    click.echo(f"wrote {out}", err=True)


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--out", type=FOLDER, help="Folder of the figures.  [default: DIR/figures]")
def figures(folder: Path, out: Path | None) -> None:
    """Draw the figures of the run in DIR, as PNG and SVG.

    Prints each written file, and each figure that is left out with what the run lacks for it.
    """
    from recourse_arena.reporting.figures.draw import draw
    from recourse_arena.storage.files import refuse_links, write_atomically
    from recourse_arena.storage.run_files import RunFiles

    target = out or folder / "figures"
    refuse_links(target)
    written = 0
    for picture in draw(RunFiles.read(folder)):
        if picture.reason:
            click.echo(f"left out {picture.name}: {picture.reason}")
        for ending, content in picture.files.items():
            file = target / f"{picture.name}.{ending}"
            write_atomically(file, content)
            written += 1
            click.echo(f"wrote {file}")
    if not written:
        raise ArenaError(f"no figure can be drawn from {folder}; above is why")
