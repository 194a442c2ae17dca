# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""The package as a stranger finds it: names, layout, docstrings, README, examples."""

import ast
import importlib
import inspect
import re
import runpy
import sys
from importlib import metadata
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

import sklabelquality
from sklabelquality import LabelAudit, LabelQualityScorer, LabelReview

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "sklabelquality"
EXAMPLES = sorted((ROOT / "examples").glob("plot_*.py"))


def test_all_is_sorted_and_is_what_is_public():
    public = {
        name
        for name, value in vars(sklabelquality).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert sklabelquality.__all__ == sorted(public)


def test_version_of_the_distribution():
    assert metadata.version("sklabelquality") == sklabelquality.__version__


def _siblings(tree):
    """List the modules of the package that a syntax tree imports."""
    return [
        node.module.removeprefix("sklabelquality.")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith("sklabelquality")
    ]


def test_each_file_imports_only_from_files_above_it_in_the_map():
    contributing = (ROOT / "CONTRIBUTING.md").read_text()
    in_map = re.findall(r"^\| `(\w+)\.py` \|", contributing, flags=re.MULTILINE)
    assert sorted(in_map) == sorted(path.stem for path in PACKAGE.glob("*.py"))
    for position, name in enumerate(in_map):
        tree = ast.parse((PACKAGE / f"{name}.py").read_text())
        assert set(_siblings(tree)) <= set(in_map[:position])


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda p: p.stem)
def test_layout_of_a_module(path):
    text = path.read_text()
    assert text.startswith(
        "# Authors: The sklabelquality developers\n"
        "# SPDX-License-Identifier: BSD-3-Clause\n"
    )
    tree = ast.parse(text)
    assert ast.get_docstring(tree)
    for node in ast.walk(tree):
        assert not (isinstance(node, ast.ImportFrom) and node.level), "relative import"
        assert not isinstance(node, ast.Assert), "gone under -O"
        if isinstance(node, ast.FunctionDef):
            assert not _siblings(node), "import of a sibling inside a function"


def _public_callables():
    for name in sklabelquality.__all__:
        yield name, getattr(sklabelquality, name)
    for owner in (LabelAudit, LabelQualityScorer, LabelReview):
        for name, method in inspect.getmembers(owner, callable):
            module = getattr(method, "__module__", None) or ""
            if not name.startswith("_") and module.startswith("sklabelquality"):
                yield f"{owner.__name__}.{name}", method


PUBLIC = dict(_public_callables())


@pytest.mark.parametrize("name", PUBLIC)
def test_documented_defaults_are_those_of_the_signature(name):
    function = PUBLIC[name]
    doc = inspect.getdoc(function)
    section = re.search(
        r"Parameters\n-+\n(.*?)(?=\n\w+\n-+\n|\Z)", doc, flags=re.DOTALL
    )
    documented = {}
    section = section.group(1) if section else ""
    for entry in re.findall(
        r"^(?:\*\*)?(\w+) : ((?:.*\\\n)*.*)", section, re.MULTILINE
    ):
        default = re.search(r"default=([^\s]+)", entry[1])
        documented[entry[0]] = ast.literal_eval(default.group(1)) if default else None
    parameters = dict(inspect.signature(function).parameters)
    parameters.pop("self", None)
    assert list(documented) == list(parameters)
    for parameter in parameters.values():
        if parameter.default is not inspect.Parameter.empty:
            assert documented[parameter.name] == parameter.default


def test_readme_code_runs(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(
        r"```python\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL
    )
    exec(compile("\n".join(blocks), "README.md", "exec"), {})
    output = capsys.readouterr().out
    assert "Most suspicious labels" in output
    assert output.count("0.0% (0.0% to ") == 2
    assert (tmp_path / "audit.html").exists()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs(path, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(path), run_name="__main__")
    plt.close("all")
    assert (tmp_path / f"{path.stem.removeprefix('plot_')}.png").stat().st_size > 10_000
    assert capsys.readouterr().out


def test_api_page_lists_what_is_public():
    page = (ROOT / "docs" / "api.rst").read_text()
    tables = re.findall(r"autosummary::\n   :toctree: .*\n\n((?:   \w+\n)+)", page)
    listed = [name for table in tables for name in table.split()]
    assert sorted(listed) == sklabelquality.__all__


def test_code_on_a_page_is_run():
    pages = [ROOT / "docs", ROOT / "docs/user_guide", ROOT / "docs/coming_from"]
    for path in [path for folder in pages for path in folder.glob("*.rst")]:
        text = path.read_text()
        assert set(re.findall(r"code-block:: (\w+)", text)) <= {"sh"}
        assert not re.search(r"^(?!\.\. ).*::$", text, flags=re.MULTILINE)
        assert "SKIP" not in text


def test_import_needs_no_optional_package(monkeypatch):
    for name in ("pandas", "polars", "matplotlib", "cleanlab"):
        monkeypatch.setitem(sys.modules, name, None)  # makes its import an error
    modules = [name for name in sys.modules if name.startswith("sklabelquality")]
    for name in modules:
        monkeypatch.delitem(sys.modules, name)
    fresh = importlib.import_module("sklabelquality")
    assert fresh.self_confidence([0], [[0.75, 0.25]]) == [0.75]
