"""Entries that somebody changed: every kind of forgery that a board must see, as changes of what an honest one says."""

from __future__ import annotations

import copy
import json

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from recourse_arena.board.entries.entry import read_entry

KEY = b"recourse-arena entry"


class Forger:
    """Takes an honest entry apart, and writes it again as it was told to."""

    def __init__(self, path):
        entry = read_entry(path)
        self.said, self.people = msgspec.to_builtins(entry.said), entry.people
        self.said["provenance"]["packages"] = dict(self.said["provenance"]["packages"])

    def copy(self):
        """Return another one with the same entry."""
        other = copy.copy(self)
        other.said = copy.deepcopy(self.said)
        return other

    def write(self, path):
        """Write what it has by now, unchecked."""
        schema = {KEY: json.dumps(self.said).encode()}
        pq.write_table(self.people.replace_schema_metadata(schema), path, compression="zstd", write_page_checksum=True)
        return path

    def cell(self, **which):
        """Return the first cell with these parts."""
        return next(cell for cell in self.said["cells"] if all(cell[name] == value for name, value in which.items()))

    def row(self, **which):
        """Return the number of the first row with these values."""
        columns = {name: self.people[name].to_pylist() for name in which}
        return next(i for i in range(len(self.people)) if all(columns[n][i] == value for n, value in which.items()))

    def set(self, row, **values):
        """Set values of a row."""
        for name, value in values.items():
            self._put(name, [value if i == row else old for i, old in enumerate(self.people[name].to_pylist())])

    def get(self, row, name):
        """Return a value of a row."""
        return self.people[name][row].as_py()

    def rows(self, numbers):
        """Keep these rows, in this order."""
        self.people = self.people.take(numbers)

    def _put(self, name, values):
        place, field = self.people.column_names.index(name), self.people.schema.field(name)
        if pa.types.is_dictionary(field.type):
            column = pa.array(values, pa.string()).dictionary_encode()
        else:
            column = pa.array(values, field.type)
        self.people = self.people.set_column(place, name, column)


def first(forger):
    """Return the number of the first row of somebody whom raising everything to the top helps."""
    return forger.row(solver="top", scenario="hard-1", valid=True)


def changed_value(forger):
    row = first(forger)
    name = next(n for n in ("effort", "income") if forger.get(row, f"mask_{n}"))
    forger.set(row, **{f"value_{name}": forger.get(row, f"value_{name}") - 0.1})


def changed_outcome(forger):
    forger.set(first(forger), outcome="infeasible")


def invented_success(forger):
    row = forger.row(solver="growing-spheres", valid=False)
    forger.set(row, valid=True, plausible=True)


def cheaper_than_it_is(forger):
    row = first(forger)
    forger.set(row, cost=forger.get(row, "cost") / 2)


def another_persons_row(forger):
    row = first(forger)
    numbers = [*range(len(forger.people))]
    numbers[row], numbers[row + 1] = row + 1, row
    forger.rows(numbers)


def somebody_who_is_not_asked(forger):
    forger.set(first(forger), person=99_999)


def duplicated_person(forger):
    row = first(forger)
    numbers = [*range(len(forger.people))]
    numbers[row + 1] = row
    forger.rows(numbers)


def rows_left_out(forger):
    row = forger.row(solver="growing-spheres", scenario="hard-1")
    forger.rows([i for i in range(len(forger.people)) if i != row])
    forger.cell(solver="growing-spheres", scenario="hard-1")["people"] -= 1


def edited_metric(forger):
    averages = forger.cell(solver="growing-spheres", scenario="hard-1")["averages"]
    averages["validity"] = min(1.0, averages["validity"] + 0.01)


def edited_mask(forger):
    row = first(forger)
    name = next(n for n in ("effort", "income") if forger.get(row, f"mask_{n}"))
    forger.set(row, **{f"mask_{name}": False})


def wrong_fingerprint(forger):
    forger.said["materials"][0]["classifier"] = "0" * 24


def newer_protocol(forger):
    forger.said["protocol"] += 1


def not_a_number(forger):
    row = first(forger)
    name = next(n for n in ("effort", "income") if forger.get(row, f"mask_{n}"))
    forger.set(row, **{f"value_{name}": float("nan")})


def somebody_elses_plan(forger):
    for cell in forger.said["cells"]:
        if cell["scenario"] == "soft-linear!no-plausibility":
            cell["scenario"] = "soft-convex!no-plausibility"
    words = [word.replace("soft-linear", "soft-convex") for word in forger.people["scenario"].to_pylist()]
    forger._put("scenario", words)


def fewer_people(forger):
    for cell in forger.said["cells"]:
        cell["asked"] = 25


def seeds_of_ones_own(forger):
    for part in (*forger.said["cells"], *forger.said["materials"]):
        part["seed"] = 7
    forger._put("seed", [7] * len(forger.people))


def another_suite(forger):
    forger.said["suite"]["version"] = "2"


def cells_left_out(forger):
    cell = forger.cell(solver="growing-spheres", scenario="hard-1")
    rows = zip(*(forger.people[name].to_pylist() for name in ("solver", "scenario")), strict=True)
    forger.rows([i for i, row in enumerate(rows) if row != ("growing-spheres", "hard-1")])
    forger.said["cells"].remove(cell)


def a_menu_of_nobody(forger):
    forger.cell(solver="top", scenario="hard-1")["menu"] = {"moves": {"type": "int8", "values": [[[7]]]}}


FORGERIES = {
    changed_value: r"tiny, hard-1, top, seed 0, person \d+: column \w+: entry says \S+, judged \S+ \(\d+ values",
    changed_outcome: r"person \d+: column \w+: entry says",
    invented_success: r"person \d+: column valid: entry says True, judged False",
    cheaper_than_it_is: r"person \d+: column cost: entry says [\d.]+, judged [\d.]+",
    another_persons_row: r"tiny, hard-1, top, seed 0: row \d+ is of person \d+; expected person \d+",
    somebody_who_is_not_asked: r"tiny, hard-1, top, seed 0: the row of person \d+ is missing",
    duplicated_person: r"tiny, hard-1, top, seed 0: person \d+ is there twice",
    rows_left_out: r"tiny, hard-1, growing-spheres, seed 0: the row of person \d+ is missing",
    edited_metric: r"growing-spheres, seed 0: average validity: entry says [\d.]+, judged [\d.]+",
    edited_mask: r"tiny, hard-1, top, seed 0, person \d+: column \w+: entry says",
    wrong_fingerprint: r"the decision model of tiny \(seed 0\) is another one here \(\w+\) than in the entry \(0+\)",
    newer_protocol: r"judged by protocol 2, newer than 1 of this version; update recourse-arena here",
    not_a_number: r"person \d+: column 'value_\w+': it is not a number",
    somebody_elses_plan: r"not those of suite 'small', version 1: that has no scenario 'soft-convex!no-plausibility'",
    fewer_people: r"tiny, hard-1, top, seed 0: person \d+ is not asked about, and has a row",
    seeds_of_ones_own: r"not those of suite 'small', version 1: that has no seed 7",
    another_suite: r"of suite 'small', version 2; here that is 1",
    cells_left_out: r"not those of suite 'small', version 1: tiny, hard-1, growing-spheres, seed 0, is left out",
    a_menu_of_nobody: r"tiny, hard-1, top, seed 0: .*menu",
}
"""Each with what a board says to it."""
