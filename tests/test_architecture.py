"""The layers, as a test: what may import what, and what stays light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STANDARD = set(sys.stdlib_module_names)
LAYERS = ("schemas", "filters", "pipelines", "model")
FORBIDDEN = {
    "filters": {"apache_beam", "torch", "pyarrow", "fsspec", "aiohttp", "pipelines", "model"},
    "model": {"apache_beam", "filters", "pipelines"},
    "pipelines": {"torch"},
}


@pytest.mark.parametrize("layer", FORBIDDEN)
def test_a_layer_imports_nothing_above_it(layer: str) -> None:
    broken = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (ROOT / layer).rglob("*.py")
        for name in imports(path) & FORBIDDEN[layer]
    }
    assert not broken


def test_schemas_use_the_standard_library_alone() -> None:
    for path in (ROOT / "schemas").rglob("*.py"):
        assert imports(path) <= STANDARD | {"schemas"}, path


def test_no_future_import_hides_beams_type_hints() -> None:
    for path in (ROOT / "pipelines").rglob("*.py"):
        assert "__future__" not in imports(path), path


@pytest.mark.parametrize("layer", LAYERS)
def test_a_file_can_be_read_in_one_sitting(layer: str) -> None:
    for path in (ROOT / layer).rglob("*.py"):
        assert len(path.read_text().splitlines()) <= 450, path


@pytest.mark.parametrize(
    "module",
    [
        "pipelines.cli",
        "pipelines.doctor",
        "pipelines.stats",
        "pipelines.why",
        "pipelines.supervisor",
        "pipelines.evaluate",
        "model.teacher",
        "model.translator",
        "model.evaluation_sets",
    ],
)
def test_light_commands_load_neither_beam_nor_torch(module: str) -> None:
    program = (
        f"import sys, {module}; print([m for m in ('apache_beam', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stderr


def test_only_score_loads_torch() -> None:
    program = (
        "import sys; from pipelines.driver import _stage; "
        "stages = 'gather', 'documents', 'screen', 'select', 'translate', 'mine', 'pack'; "
        "[_stage(name) for name in stages]; "
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "False", done.stderr


def imports(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    plain = {alias.name for n in nodes if isinstance(n, ast.Import) for alias in n.names}
    froms = {n.module for n in nodes if isinstance(n, ast.ImportFrom) and n.module}
    return {name.split(".")[0] for name in plain | froms}
