"""The command that writes a decision model, or what becomes of it, as an ONNX file."""

from __future__ import annotations

__all__ = ["export"]

from pathlib import Path

import click

from recourse_arena.cli.group import FOLDER, blocked_plugins, no_plugin


@click.command()
@click.argument("dataset", metavar="DATASET")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file, FILE.onnx.")
@click.option(
    "--change", metavar="NAME",
    help="What becomes of the decision model before, as 'quantized?method=lsq&bits=4'; `list changes` has all.",
)  # fmt: skip
@click.option("--model", default="", metavar="NAME", help="Which model, of a change that leads to several.")
@click.option("--encoded", is_flag=True, help="Take encoded people, instead of people in original units.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of model and change.")
@click.option("--data", type=FOLDER, help="Data directory.  [env: RECOURSE_ARENA_DATA]")
@click.option("--cache", type=FOLDER, help="Artefact cache.  [env: RECOURSE_ARENA_CACHE]")
@no_plugin
def export(
    dataset: str,
    out: Path,
    change: str | None,
    model: str,
    encoded: bool,
    seed: int,
    data: Path | None,
    cache: Path | None,
) -> None:
    """Write the decision model of DATASET (a name, or the path of a TOML file) as an ONNX file.

    Its input is a table with a column for each feature, levels by their codes; it says label, probability and logit.
    Weights of few bits are kept in few bits. `lasting RUN --change 'onnx?file=FILE.onnx'` judges it.
    """
    from recourse_arena.execution import exporting
    from recourse_arena.execution.progress_display import progress_for

    place = exporting.export(
        dataset, out=out, change=change, model=model, encoded=encoded, seed=seed, data=data, cache=cache,
        progress=progress_for(), no_plugins=blocked_plugins(),
    )  # fmt: skip
    click.echo(f"wrote {place}", err=True)
