"""The command that examines one decision system, for who must answer for it."""

from __future__ import annotations

__all__ = ["audit"]

from pathlib import Path

import click

from recourse_arena.cli.group import FOLDER, blocked_plugins, no_plugin


@click.command()
@click.argument("dataset", metavar="DATASET")
@click.option("--out", type=FOLDER, required=True, help="Folder of the audit; new, empty, or of the same audit.")
@click.option(
    "--people", type=click.IntRange(min=1), default=300, show_default=True, help="Refused people asked about."
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of all random draws.")
@click.option("--person-timeout", type=float, default=5.0, show_default=True, metavar="SECONDS", help="For a proof.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Cells worked on at a time.")
@click.option("--data", type=FOLDER, help="Data directory.  [env: RECOURSE_ARENA_DATA]")
@click.option("--cache", type=FOLDER, help="Artefact cache.  [env: RECOURSE_ARENA_CACHE]")
@no_plugin
def audit(
    dataset: str,
    out: Path,
    people: int,
    seed: int,
    person_timeout: float,
    jobs: int,
    data: Path | None,
    cache: Path | None,
) -> None:
    """Examine the decision model of DATASET (a name, or the path of a TOML file), and write a report.

    Who is refused, who has no way to another decision, what it asks of people by group, what lasts when the model is
    trained again, and five people in full: audit.html, which prints whole, and audit.json. The same command on the same
    folder goes on where it stopped.
    """
    from recourse_arena import api
    from recourse_arena.execution.progress_display import progress_for

    try:
        done = api.audit(
            dataset, out=out, people=people, seed=seed, person_timeout=person_timeout, jobs=jobs, data=data,
            cache=cache, progress=progress_for(), no_plugins=blocked_plugins(),
        )  # fmt: skip
    except KeyboardInterrupt:
        click.echo(f"interrupted; what is done is kept in {out}, and the same command goes on", err=True)
        raise SystemExit(130) from None
    for row in done.findings["access"]:
        helped, proved = row["helped"], row["proved"]
        click.echo(
            f"{row['level']}: a way for {helped['count']} of {helped['people']} refused people, "
            f"proved to have none {proved['count']}"
        )
    click.echo(f"\nReport: {(out / 'audit.html').resolve()}\nNumbers: {(out / 'audit.json').resolve()}")
