"""How a stage gets its pipelines from Beam."""

import os
import pickle
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions

from pipelines.beam_options import local_workers
from pipelines.recipe import Recipe, Source
from pipelines.stages import Run


def run_with(folder: Path, *flags: str) -> Run:
    source = Source(name="s", format="table", path="pairs.parquet")
    recipe = Recipe(output=str(folder), sources=(source,))
    return Run(recipe, None, (), flags, local_workers(list(flags)), lambda _: None)


@pytest.mark.parametrize(("workers", "here"), [(1, True), (2, False)])
def test_one_worker_has_no_process_of_its_own(tmp_path: Path, workers: int, here: bool) -> None:
    with run_with(tmp_path, f"--direct_num_workers={workers}").pipeline(9) as pipeline:
        _ = (
            pipeline
            | beam.Create(range(9))
            | beam.Map(lambda n: (tmp_path / str(n)).write_text(str(os.getpid())))
        )
    processes = {path.read_text() for path in tmp_path.iterdir()}
    assert (processes == {str(os.getpid())}) == here


def test_views_of_options_are_made_once_and_hold_what_they_would_without_it(tmp_path: Path) -> None:
    flags = ["--runner=FnApiRunner", "--direct_num_workers=3", "--job_name=mill"]
    options = run_with(tmp_path, *flags).pipeline(1).options
    plain = beam.Pipeline(options=PipelineOptions(flags)).options
    assert options.get_all_options() == plain.get_all_options()
    direct = options.view_as(DirectOptions)
    assert options.view_as(DirectOptions) is direct
    direct.direct_num_workers = 7
    for each in (options, pickle.loads(pickle.dumps(options))):
        assert each.get_all_options()["direct_num_workers"] == 7
        assert each.view_as(DirectOptions).direct_num_workers == 7
