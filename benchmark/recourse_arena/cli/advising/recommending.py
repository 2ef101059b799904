"""Commands for one person: advice, and whether advice that was kept still holds."""

from __future__ import annotations

__all__ = ["recommend", "verify"]

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recourse_arena.base.errors import ArenaError
from recourse_arena.cli.group import FOLDER, blocked_plugins, no_plugin

if TYPE_CHECKING:
    from recourse_arena.advice.advice import Advice
    from recourse_arena.advice.session import Session

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("dataset")
@click.option("--person", required=True, type=_FILE, metavar="FILE", help="Who asks: JSON, or CSV with a header.")
@click.option("--row", type=click.IntRange(min=0), metavar="N", help="Which row of a CSV file, from 0.")
@click.option("--answers", type=_FILE, metavar="FILE", help="What they can change, and how easily: JSON or CSV.")
@click.option("--ask", is_flag=True, help="Ask what they can change (unless --answers says), then about advice.")
@click.option("--scheme", default="likert", show_default=True, help="How they are asked: likert, ranking, binary.")
@click.option("--profile", default="linear", show_default=True, help="How much more effort is what is harder.")
@click.option("--solver", "solvers", multiple=True, metavar="NAME", help="Solver to ask; repeatable.")
@click.option("--alternatives", type=click.IntRange(min=1), default=4, show_default=True, help="Most ways to show.")
@click.option("--unlikely", is_flag=True, help="Take advice that leads to an unlikely person, too.")
@click.option("--format", "form", type=click.Choice(("text", "json", "html")), default="text", show_default=True)
@click.option("--out", type=_FILE, help="File to write, instead of printing.")
@click.option("--save", type=_FILE, metavar="FILE", help="With --ask: keep the answers here.  [default: answers.json]")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of people and models.")
@click.option("--data", type=FOLDER, help="Data directory.  [env: RECOURSE_ARENA_DATA]")
@click.option("--cache", type=FOLDER, help="Artefact cache.  [env: RECOURSE_ARENA_CACHE]")
@no_plugin
def recommend(
    dataset: str,
    person: Path,
    answers: Path | None,
    ask: bool,
    unlikely: bool,
    form: str,
    out: Path | None,
    save: Path | None,
    **choice: Any,
) -> None:
    """Tell one person who is refused by DATASET (a name, or the path of a TOML file) what they could do.

    They need not be among the people of the dataset. Exits with 0 also if there is nothing to do, or nothing found.
    """
    from recourse_arena.advice.session import session
    from recourse_arena.execution.progress_display import progress_for, watched

    if save is not None and not ask:
        raise ArenaError("--save: keeps what is answered to --ask; there is nothing to keep without it")
    keep = save or answers or Path("answers.json")
    choice["no_plugins"] = blocked_plugins()
    hears = progress_for() if watched() else None
    known = answers if answers is not None and not (ask and not answers.exists()) else None
    _check_files({"--person": person, "the answers": keep if ask else known}, out)
    if ask:
        _check_keep(keep, known)
    with session(dataset, person, answers=known, plausibility=not unlikely, progress=hears, **choice) as conversation:
        if ask:
            shown = form == "text" and out is None
            advice = _conversed(conversation, choice["scheme"], keep, asked=known is not None, aside=not shown)
            if shown and advice.alternatives:
                return
        else:
            advice = conversation.advice
    _show(advice, form, out)


def _check_files(read: Mapping[str, Path | None], out: Path | None) -> None:
    """Raise that what is written would take the place of what is read, before anybody is asked anything."""
    for what, file in read.items():
        if out is not None and file is not None and out.resolve() == file.resolve():
            raise ArenaError(f"--out: expected another file than that of {what}, got {out}")


def _check_keep(keep: Path, answers: Path | None) -> None:
    """Raise that answers would be kept in a file that holds something else."""
    from recourse_arena.base.text_file import holds_json
    from recourse_arena.cli.advising.asking import kept_in

    if answers is None or keep.resolve() != answers.resolve():
        kept_in(keep)
    elif not holds_json(keep, "readable answers"):
        raise ArenaError(f"{keep}: answers to --ask are kept as JSON; --save says in which file")


def _conversed(session: Session, scheme: str, keep: Path, *, asked: bool, aside: bool) -> Advice:
    """Ask somebody what they can change, unless they said so, advise them, and take their answers to advice."""
    from recourse_arena.advice.content.told import Status
    from recourse_arena.cli.advising.asking import ask
    from recourse_arena.cli.advising.refining import refined

    before = session.before
    if before.status is Status.ACCEPTED:
        return before
    if not asked:
        session.answer(ask(session.interview(scheme), keep))
    try:
        return refined(session, lambda: session.save(keep), aside=aside)
    except (click.Abort, KeyboardInterrupt):
        session.save(keep)
        click.echo(f"\nWhat was said is kept in {keep}; --answers {keep} goes on from there.", err=True)
        raise click.exceptions.Exit(130) from None


def _show(advice: Advice, form: str, out: Path | None) -> None:
    text = {"text": advice.text, "html": advice.html, "json": lambda: advice.json().decode()}[form]()
    if out is None:
        click.echo(text, nl=False)
        return
    from recourse_arena.storage.files import write_atomically

    write_atomically(out, text.encode())
    click.echo(f"wrote {out}", err=True)


@click.command()
@click.argument("file", type=_FILE)
@click.option("--dataset", metavar="NAME", help="The dataset, where the file it was read from lies elsewhere now.")
@click.option("--data", type=FOLDER, help="Data directory.  [env: RECOURSE_ARENA_DATA]")
@click.option("--cache", type=FOLDER, help="Artefact cache.  [env: RECOURSE_ARENA_CACHE]")
@no_plugin
def verify(file: Path, **choice: Any) -> None:
    """Judge the advice in FILE (JSON of `recommend`) anew, in a clean process and without a solver.

    Exits with 1 if anything does not hold, and says what.
    """
    from recourse_arena.advice.verify import verify as verified
    from recourse_arena.execution.progress_display import progress_for, watched

    verdict = verified(file, no_plugins=blocked_plugins(), progress=progress_for() if watched() else None, **choice)
    click.echo(f"{file}: {verdict.text()}")
    if not verdict.holds:
        raise SystemExit(1)
