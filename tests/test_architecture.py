"""The shape of the package: who may import whom, and what may load when."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "vestige"
FOUNDATION = {"errors", "inputs", "outputs", "progress", "results", "runs", "version"}
ANALYSES = {"activity", "trajectories", "careers", "network", "ties", "landscape", "casefiles"}
MAY_IMPORT: dict[str, set[str]] = {
    **dict.fromkeys(FOUNDATION, FOUNDATION),
    "statistics": FOUNDATION,
    "dataset": FOUNDATION | {"statistics"},
    "derive": FOUNDATION | {"dataset", "statistics"},
    "simulate": FOUNDATION | {"dataset", "derive", "statistics"},
    "sealed": FOUNDATION | {"dataset"},
    "disclosure": FOUNDATION | {"dataset", "statistics"},
    **{name: FOUNDATION | {"dataset", "statistics", "disclosure"} for name in ANALYSES},
    "report": FOUNDATION | ANALYSES | {"dataset", "statistics", "disclosure"},
    "workbench": FOUNDATION | ANALYSES | {"dataset", "statistics", "disclosure", "report"},
    "cli": FOUNDATION
    | ANALYSES
    | {"dataset", "statistics", "disclosure", "report", "workbench", "derive", "sealed", "simulate"},
}
HEAVY = {
    "altair", "duckdb", "ibis", "lifelines", "lxml", "networkit", "numba", "numpy", "pandas", "pyarrow", "pymysql",
    "psycopg", "pyspark", "scipy", "statsmodels", "typer", "vl_convert",
}  # fmt: skip


def _package(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "vestige"


def _imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.split(".")[0] == "vestige"}
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "vestige":
            found |= {
                f"{node.module}.{alias.name}" if node.module == "vestige" else node.module for alias in node.names
            }
    return found


@pytest.mark.parametrize("file", sorted(SOURCE.rglob("*.py")), ids=lambda file: str(file.relative_to(SOURCE)))
def test_imports_point_one_way(file: Path) -> None:
    owner = file.relative_to(SOURCE).parts[0].removesuffix(".py")
    if owner in {"__init__", "__main__"}:
        return
    foreign = {_package(module) for module in _imports(file)} - {owner}
    assert foreign <= MAY_IMPORT[owner], f"{owner} imports {sorted(foreign - MAY_IMPORT[owner])}"


def test_import_vestige_loads_no_heavy_module() -> None:
    code = "import sys, vestige; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=SOURCE.parent)
    assert not HEAVY & set(loaded.stdout.split())


def test_every_public_verb_exists() -> None:
    import vestige

    for name in vestige.__all__:
        assert getattr(vestige, name) is not None
