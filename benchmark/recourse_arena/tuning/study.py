"""The search for better options: an Optuna study that lies in a folder and can be gone on with."""

from __future__ import annotations

__all__ = ["Study", "Trial"]

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.randomness import derive_seed
from recourse_arena.interfaces.options import Choice, Range, Space
from recourse_arena.storage.files import refuse_links

if TYPE_CHECKING:
    import optuna


_FILE = "study.journal"


@dataclass(frozen=True)
class Trial:
    """One setting of the options, and how it did.

    Arguments:
        number: Its place in the search, from 0.
        options: The options.
        value: The objective; none if it failed.
        seconds: How long fits and judging took.
        metrics: By scenario, means over seeds: the objective as `value`, and every metric; none where undefined.
        reason: Why it failed.
    """

    number: int
    options: Mapping[str, Any]
    value: float | None
    seconds: float
    metrics: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    reason: str = ""


class Study:
    """Asks for options and hears how they did; a tree-structured Parzen estimator proposes (Bergstra et al., 2011).

    Every proposal depends on the seed and the trials before it only, so that a study that was interrupted goes on
    as if nothing had happened: the trial under way is forgotten and proposed again.

    Arguments:
        folder: Where it lies.
        setting: What its trials depend on; those of another setting are not taken up.

    Raises:
        ArenaError: If Optuna is missing, or the folder cannot be used or holds a study of another setting.
    """

    def __init__(self, folder: Path, setting: Mapping[str, Any]) -> None:
        self._optuna = import_optuna()
        setting = json.loads(json.dumps({**setting, "optuna": self._optuna.__version__}))
        _make(folder)
        try:
            self._study = self._open(folder / _FILE)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ArenaError(f"{folder / _FILE} cannot be read: {error}; choose another folder with --out") from None
        kept = self._study.user_attrs.get("setting")
        if kept is None:
            self._study.set_user_attr("setting", setting)
        elif kept != setting:
            raise _another(folder, kept, setting)
        self._forget_interrupted()

    def _open(self, file: Path) -> optuna.Study:
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        begun = file.exists() and file.stat().st_size > 0
        storage = JournalStorage(JournalFileBackend(str(file)))
        if begun:  # creating would write into it, whatever it holds
            return self._optuna.load_study(study_name="tuning", storage=storage)
        with _quiet(self._optuna):
            return self._optuna.create_study(study_name="tuning", storage=storage, direction="maximize")

    @property
    def trials(self) -> tuple[Trial, ...]:
        """Every trial that has ended, in order."""
        records = [trial.user_attrs["trial"] for trial in self._study.get_trials() if "trial" in trial.user_attrs]
        return tuple(Trial(**record) for record in records)

    def ask(self, space: Space, defaults: Mapping[str, Any], *, seed: int) -> tuple[optuna.Trial, dict[str, Any]]:
        """Return what to hand to `tell`, and the next options: first the defaults, then proposals for `seed`."""
        number = len(self.trials)
        self._study.sampler = self._optuna.samplers.TPESampler(seed=derive_seed(seed, "tuning", str(number)) % 2**32)
        if number == 0 and not self._study.get_trials(states=(self._optuna.trial.TrialState.WAITING,)):
            self._study.enqueue_trial(dict(defaults))
        asked = self._study.ask()
        options = {name: _suggested(asked, name, place) for name, place in space.items()}
        return asked, dict(defaults) if number == 0 else options

    def tell(self, asked: optuna.Trial, trial: Trial) -> None:
        """Take down how a trial ended."""
        asked.set_user_attr("trial", asdict(trial))
        self._end(asked.number, trial.value)

    def _end(self, number: int, value: float | None) -> None:
        states = self._optuna.trial.TrialState
        self._study.tell(number, value, state=states.FAIL if value is None else states.COMPLETE)

    def _forget_interrupted(self) -> None:
        """End trials that were under way when an earlier call was interrupted; without a record they count nowhere."""
        states = self._optuna.trial.TrialState
        for open_trial in self._study.get_trials(states=(states.RUNNING,)):
            self._end(open_trial.number, open_trial.user_attrs.get("trial", {}).get("value"))


def import_optuna() -> ModuleType:
    """Return Optuna.

    Raises:
        ArenaError: If it is not installed.
    """
    try:
        import optuna
    except ImportError:
        raise ArenaError("tuning needs Optuna, which is not installed: pip install 'recourse-arena[tune]'") from None
    return optuna


def _suggested(asked: optuna.Trial, name: str, place: Range | Choice) -> Any:
    """Return a proposal; four digits are enough for a number, and keep the variant readable."""
    if isinstance(place, Choice):
        return asked.suggest_categorical(name, place.values)
    if place.whole:
        return asked.suggest_int(name, int(place.low), int(place.high), log=place.log)
    value = float(f"{asked.suggest_float(name, place.low, place.high, log=place.log):.4g}")
    return min(max(value, float(place.low)), float(place.high))


def _make(folder: Path) -> None:
    refuse_links(folder, *(folder / name for name in (_FILE, f"{_FILE}.lock", "tuning.json", "trials.csv")))
    if (folder / "tuning.json").exists() and not (folder / _FILE).exists():
        raise ArenaError(f"{folder} holds a tuning.json without its {_FILE}; choose another folder with --out")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ArenaError(f"cannot write into {folder}: {error.strerror or error}") from None


def _another(folder: Path, kept: Mapping[str, Any], wanted: Mapping[str, Any]) -> ArenaError:
    name = next(key for key in {**wanted, **kept} if kept.get(key) != wanted.get(key))
    then, now = (json.dumps(setting.get(name)) for setting in (kept, wanted))
    values = f": {then} there, {now} here" if len(then) + len(now) < 160 else ""
    return ArenaError(f"{folder} holds a tuning that differs in {name!r}{values};\nchoose another folder with --out")


@contextmanager
def _quiet(optuna: ModuleType) -> Iterator[None]:
    """Keep Optuna from announcing a new study."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)
