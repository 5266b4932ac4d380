"""Counts that a run is answerable for: exact on any runner, unlike metrics of a resumed run."""

import json

import apache_beam as beam

from pipelines.storage import Folder

Count = tuple[str, int]


class Tally(beam.PTransform):
    """Sums (name, n) elements and writes them to the file `name` below `folder`, as JSON."""

    def __init__(self, folder: Folder, name: str) -> None:
        super().__init__(label=f"Tally[{name}]")
        self._folder = folder
        self._name = name

    def expand(self, counts: beam.PCollection[Count]) -> beam.PCollection[None]:
        folder, name = self._folder, self._name
        return (
            counts
            | beam.CombinePerKey(sum)
            | beam.combiners.ToDict()
            | "Write"
            >> beam.Map(lambda sums: folder.write(name, json.dumps(sums, sort_keys=True).encode()))
        )
