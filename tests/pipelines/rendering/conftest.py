from collections.abc import Iterator

import pytest

from pipelines.rendering.pages import Rendering
from pipelines.rendering.renderer import Renderer

SETTINGS = Rendering(viewport=(400, 600), deadline_s=3, memory_bytes=800_000_000)


@pytest.fixture(scope="package")
def renderer() -> Iterator[Renderer]:
    """One for all: a browser takes its time to start."""
    with Renderer(SETTINGS) as started:
        yield started
