"""How much faster several jobs are than one, from scratch: models, training and cells of the paper's Table 1."""

from __future__ import annotations

import pytest

from recourse_arena import api

pytest.importorskip("distributed")


@pytest.mark.benchmark(group="table-1 from scratch")
@pytest.mark.parametrize("jobs", [1, 2])
def test_jobs(benchmark, tmp_path, monkeypatch, jobs):
    """Several minutes, in the arithmetic of runs; `pytest tests/benchmarks/test_jobs_speed.py --benchmark-only`."""
    monkeypatch.setenv("MKL_CBWR", "COMPATIBLE")  # tests have the faster one
    where = {"cache": tmp_path / "cache", "out": tmp_path / "run", "isolated": True, "jobs": jobs}
    result = benchmark.pedantic(lambda: api.run("table-1", **where), rounds=1)
    assert set(result.summary["outcome"]) == {"solved"}
