"""Makes a package with a working plugin, for its author to change."""

from __future__ import annotations

__all__ = ["KINDS", "Package", "make_package"]

import importlib.util
import keyword
import re
import shlex
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import recourse_arena
from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.storage.files import refuse_links

KINDS = ("solver", "dataset", "metric")
"""What a package can be made for."""

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST = 60


@dataclass(frozen=True)
class Package:
    """A package that was made.

    Arguments:
        folder: Where it lies.
        commands: What its author may do next.
    """

    folder: Path
    commands: tuple[str, ...]


def make_package(kind: str, name: str, *, into: Path, taken: Collection[str] = ()) -> Package:
    """Make a package with a working plugin.

    Arguments:
        kind: `solver`, `dataset` or `metric`.
        name: Its name: lower-case words joined by hyphens; also that of the distribution.
        into: Folder in which its folder is made.
        taken: Names that are in use already.

    Raises:
        ArenaError: If the name cannot be one or is taken, there is no such kind, or its folder is there already or
            cannot be written.
    """
    if kind not in KINDS:
        raise unknown("kind of package", kind, KINDS)
    _check_name(name, taken)
    folder = into / name
    refuse_links(into)
    if folder.exists() or folder.is_symlink():
        raise ArenaError(f"{folder} is there already; choose another name, or another folder with --into")
    words = {
        "kind": kind,
        "name": name,
        "module": _module(name),
        "class": _class(name),
    }
    try:
        for path, text in _rendered(words).items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ArenaError(f"cannot write {folder}: {error.strerror or error}") from None
    place = shlex.quote(str(folder))
    run = f"recourse-arena run quick --solver {name} --solver icarma --people 50"
    check_and_install = (f"recourse-arena check {place}", f"pip install -e {place}")
    ways = {"solver": (run,), "metric": (f"recourse-arena run quick --metric {words['module']} --people 50",)}
    return Package(folder, (*check_and_install, *ways.get(kind, ())))


def _check_name(name: str, taken: Collection[str]) -> None:
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        raise ArenaError(
            f"a name is made of lower-case letters and digits, joined by hyphens, starts with a letter and has up to "
            f"{_LONGEST} characters; got {name!r}.{_suggestion(name)}"
        )
    module = _module(name)
    if name in taken or module in taken:
        raise ArenaError(f"{name!r} is plugged in already; try 'my-{name}'")
    if keyword.iskeyword(module) or _installed(module) or _class(name) in recourse_arena.__all__:
        raise ArenaError(f"{name!r} would be called like something that is there already; try 'my-{name}'")


def _module(name: str) -> str:
    return name.replace("-", "_")


def _class(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("-"))


def _installed(module: str) -> bool:
    found = importlib.util.find_spec(module)
    return found is not None and found.origin is not None


def _suggestion(name: str) -> str:
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name)
    near = "-".join(words).lower().lstrip("0123456789-")[:_LONGEST].rstrip("-")
    return f" Did you mean {near!r}?" if _NAME.fullmatch(near) else ""


def _rendered(words: dict[str, str]) -> dict[str, str]:
    """Return the files of a package by their paths in it."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("recourse_arena.scaffolding"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,
    )
    return {
        path: environment.get_template(template).render(words)
        for template in environment.list_templates()
        if (path := _path(template, words))
    }


def _path(template: str, words: dict[str, str]) -> str:
    """Return where a template goes in a package; empty if it is for another kind."""
    folder, _, file = template.removesuffix(".j2").partition("/")
    if folder == "package":
        return file
    if folder != words["kind"]:
        return ""
    return f"tests/{file}" if file.startswith("test_") else f"src/{words['module']}/{file}"
