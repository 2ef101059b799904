"""A dataset that is a table: how its people are split, where its files lie, and that they can be fetched."""

from __future__ import annotations

import pytest
import torch
from own_tables import ROWS, TOML, csv_text, replaced, written

from recourse_arena import ArenaError, People, TableDataset
from recourse_arena.tables.splitting import stratified


@pytest.fixture
def own(tmp_path):
    return TableDataset.at(written(tmp_path, table=csv_text([(i, *row[1:]) for i, row in enumerate(ROWS * 10)])))


def parts(dataset, folder, seed=0):
    split = dataset.splits(seed=seed, data=folder).recourse
    return [split.train, split.validation, split.test]


def test_every_part_has_the_same_share_of_favourable_labels(own, tmp_path):
    assert [len(part) for part in parts(own, tmp_path)] == [360, 120, 120]
    assert [float(part.y.mean()) for part in parts(own, tmp_path)] == pytest.approx([1 / 3] * 3)


def test_every_person_is_in_one_part(own, tmp_path):
    everybody = torch.cat([part.x[:, 0] for part in parts(own, tmp_path)])
    assert sorted(everybody.tolist()) == list(range(600))


def test_a_seed_always_leads_to_the_same_parts_and_another_to_others(own, tmp_path):
    again = TableDataset.at(tmp_path / "own.toml")
    for one, same, other in zip(
        *(parts(d, tmp_path, seed) for d, seed in ((own, 3), (again, 3), (own, 4))), strict=True
    ):
        assert torch.equal(one.x, same.x)
        assert torch.equal(one.y, same.y)
        assert not torch.equal(one.x, other.x)


def test_parts_are_in_the_order_of_the_file_so_that_labels_do_not_show_in_it(own, tmp_path):
    for part in parts(own, tmp_path):
        assert torch.equal(part.x[:, 0], part.x[:, 0].sort().values)


def test_labels_stay_with_their_people(own, tmp_path):
    for part in parts(own, tmp_path):
        assert torch.equal(part.y, (part.x[:, 0] % 60 % 3 == 0).float())


def test_one_split_serves_all_models(own, tmp_path):
    splits = own.splits(seed=0, data=tmp_path)
    assert torch.equal(splits.decision.train.x, splits.recourse.train.x)
    assert torch.equal(splits.flow.test.x, splits.recourse.test.x)


@pytest.mark.parametrize("shares", [(0.6, 0.2, 0.2), (0.34, 0.33, 0.33), (0.8, 0.15, 0.05)])
@pytest.mark.parametrize("favourable", [20, 133, 500])
def test_shares_are_kept_by_label_up_to_one_person(shares, favourable):
    y = (torch.arange(1000) < favourable).float()
    split = stratified(People(torch.arange(1000.0)[:, None], y), shares, seed=0, name="x")
    for share, part in zip(shares, (split.train, split.validation, split.test), strict=True):
        assert float(part.y.sum()) == pytest.approx(share * favourable, abs=1.001)
        assert float((1 - part.y).sum()) == pytest.approx(share * (1000 - favourable), abs=1.001)


def test_too_few_people_of_a_label_are_an_error():
    y = torch.tensor([1.0, 1.0, *[0.0] * 50])
    with pytest.raises(ArenaError, match="2 people with the favourable label are too few"):
        stratified(People(torch.zeros(52, 1), y), (0.6, 0.2, 0.2), seed=0, name="x")
    with pytest.raises(ArenaError, match="2 people with an unfavourable label are too few"):
        stratified(People(torch.zeros(52, 1), 1 - y), (0.6, 0.2, 0.2), seed=0, name="x")


def test_attributes_are_people_s_and_no_features(tmp_path):
    toml = TOML + '[[attribute]]\nname = "years"\ncolumn = "age"\nkind = "integer"\nsensitive = true\n'
    dataset = TableDataset.at(written(tmp_path, toml))
    train = dataset.splits(seed=0, data=tmp_path).recourse.train
    assert dataset.features.names == ("income", "debt", "home", "age")
    assert dataset.attributes.names == ("years",)
    assert torch.equal(train.attributes[:, 0], train.x[:, 3])


def test_its_files_are_the_table_and_the_toml_file_beside_it(own, tmp_path):
    elsewhere = tmp_path / "data"
    assert own.files(elsewhere) == (tmp_path / "own.csv", tmp_path / "own.toml")
    before = own.fingerprint(elsewhere)
    (tmp_path / "own.csv").write_text(csv_text(ROWS[:40]))
    assert own.fingerprint(elsewhere) != before


@pytest.mark.parametrize("file", ["none.csv", "../none.csv", "folder", "none/own.csv", "own.csv/own.csv"])
def test_a_missing_file_or_a_folder_is_said_with_where_it_is_named(file, tmp_path):
    (tmp_path / "folder").mkdir()
    dataset = TableDataset.at(written(tmp_path, replaced(('"own.csv"', f'"{file}"'))))
    with pytest.raises(ArenaError, match=r"expected its file at .*found (none|a directory)\n.*`file` in \[table\] of"):
        dataset.splits(seed=0, data=tmp_path)


def test_a_file_may_lie_above_or_be_named_in_full(tmp_path):
    written(tmp_path)
    above = written(tmp_path / "deeper", replaced(('"own.csv"', '"../own.csv"')), b"")
    full = written(tmp_path / "full", replaced(('"own.csv"', f'"{tmp_path / "own.csv"}"')), b"")
    one, other = (TableDataset.at(path).splits(seed=0, data=tmp_path).recourse.train.x for path in (above, full))
    assert torch.equal(one, other)


def test_what_cannot_be_fetched_says_why(own, tmp_path):
    with pytest.raises(ArenaError, match="has its table beside it: there is nothing to fetch"):
        own.fetch(tmp_path)


def test_verify_says_how_many_people_there_are(own, tmp_path):
    said = own.verify(tmp_path)
    assert "own.csv" in said
    assert "600 people, 33.3% of them with a favourable label" in said


def test_a_name_that_a_built_in_dataset_has_is_refused(tmp_path):
    from recourse_arena.registry.discovery import discover

    path = written(tmp_path, replaced(('"own"\n', '"german"\n')))
    with pytest.raises(ArenaError, match="there is a dataset called 'german' already"):
        discover().dataset(str(path))
