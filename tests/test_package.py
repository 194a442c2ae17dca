# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""The package as a whole: names, layout, docstrings, options, README, examples."""

import ast
import importlib
import inspect
import re
import runpy
import sys
import tomllib
from fnmatch import fnmatch
from importlib import metadata
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.naive_bayes import GaussianNB

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


def test_map_names_the_tests_of_each_file():
    contributing = (ROOT / "CONTRIBUTING.md").read_text()
    rows = re.findall(r"^\| `\w+\.py` \|.*$", contributing, flags=re.MULTILINE)
    assert rows
    named = [set(re.findall(r"`(test_\w+\.py)`", row)) for row in rows]
    assert all(named)
    tests = {path.name for path in Path(__file__).parent.glob("test_*.py")}
    assert set.union(*named) == tests


def _imported_names(tree):
    """Yield the full name of all that a syntax tree imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_private_names_of_scikit_learn_are_imported_in_one_place():
    private, of_callbacks = {}, set()
    for path in PACKAGE.glob("*.py"):
        for name in _imported_names(ast.parse(path.read_text())):
            package, *parts = name.split(".")
            if package == "sklearn" and any(part.startswith("_") for part in parts):
                private.setdefault(path.name, []).append(name)
            if package == "sklearn" and parts[:1] == ["callback"]:
                of_callbacks.add(path.name)
    assert private.keys() == {"_sklearn.py"}
    assert of_callbacks == {"_progress.py"}  # not yet stable


def test_data_files_are_shipped():
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    patterns = config["tool"]["setuptools"]["package-data"]["sklabelquality"]
    data = [path.name for path in PACKAGE.glob("*.*") if path.suffix != ".py"]
    assert "report.css" in data
    for name in data:
        assert any(fnmatch(name, pattern) for pattern in patterns), name


def test_nothing_is_loaded_by_running_code():
    for path in PACKAGE.glob("*.py"):
        assert not re.search(r"\bpickle\b", path.read_text()), path.name


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

# What to pass for each required parameter, by its name.
ARGUMENTS = {
    "labels": [0, 1, 1],
    "pred_probs": [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]],
    "mask": [True, False, True],
}


def _call(name, **options):
    """Call a public function with some options and whatever else it needs."""
    audit = LabelAudit.from_pred_probs(ARGUMENTS["labels"], ARGUMENTS["pred_probs"])
    if name == "LabelQualityScorer":  # checks its parameters in fit
        X, y = load_iris(return_X_y=True)
        return LabelQualityScorer(GaussianNB(), **options).fit(X, y)
    owner, _, method = name.rpartition(".")
    function = PUBLIC[name]
    if owner == "LabelAudit" and method != "from_pred_probs":
        function = getattr(audit, method)
    parameters = inspect.signature(function).parameters.values()
    return function(
        *(ARGUMENTS[p.name] for p in parameters if p.default is p.empty), **options
    )


def _options():
    """Yield the name of each public function and of each switch that it has."""
    for name, function in PUBLIC.items():
        for parameter in inspect.signature(function).parameters.values():
            if isinstance(parameter.default, bool) or parameter.name == "n_jobs":
                yield name, parameter.name


OPTIONS = sorted(_options())


def test_options_are_found():
    assert ("confident_joint", "calibrate") in OPTIONS
    assert ("LabelAudit.to_frame", "sort") in OPTIONS
    assert ("LabelQualityScorer", "passthrough") in OPTIONS
    assert ("LabelAudit.from_pred_probs", "n_jobs") in OPTIONS
    for name, function in PUBLIC.items():
        if {"pred_probs", "classes"} <= inspect.signature(function).parameters.keys():
            assert (name, "n_jobs") in OPTIONS


@pytest.mark.parametrize(("name", "option"), OPTIONS)
@pytest.mark.parametrize("value", ["True", "False", "no", "2"])
def test_options_refuse_a_string_by_name(name, option, value):
    match = rf"'{option}' parameter of {re.escape(name)} must"
    with pytest.raises((TypeError, ValueError), match=match):
        _call(name, **{option: value})


@pytest.mark.parametrize(("name", "option"), OPTIONS)
def test_options_are_accepted(name, option):
    for value in (1, None, -1) if option == "n_jobs" else (True, np.False_):
        _call(name, **{option: value})


@pytest.mark.parametrize("name", PUBLIC)
def test_documented_defaults_are_those_of_the_signature(name):
    function = PUBLIC[name]
    doc = inspect.getdoc(function)
    section = re.search(
        r"Parameters\n-+\n(.*?)(?=\n[\w ]+\n-+\n|\Z)", doc, flags=re.DOTALL
    )
    documented = {}
    section = section.group(1) if section else ""
    for names, kind in re.findall(
        r"^(?:\*\*)?(\w+(?:, \w+)*) : ((?:.*\\\n)*.*)", section, re.MULTILINE
    ):
        default = re.search(r"default=(\"[^\"]*\"|[^\s]+)", kind)
        default = ast.literal_eval(default.group(1)) if default else None
        documented |= dict.fromkeys(names.split(", "), default)
    parameters = dict(inspect.signature(function).parameters)
    parameters.pop("self", None)
    assert list(documented) == list(parameters)
    for parameter in parameters.values():
        if parameter.default is not inspect.Parameter.empty:
            assert documented[parameter.name] == parameter.default


def test_readme_code_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", readme, flags=re.DOTALL)
    # What a person would write into the sheet: the first label is wrong.
    code = code.replace(
        "answers = pd.read_csv(",
        """
sheet = pd.read_csv("answers.csv", index_col=0, dtype=str)
given = sheet["given_label"].iloc[0]
sheet.iloc[0, sheet.columns.get_loc("is_wrong")] = "yes"
sheet.iloc[0, sheet.columns.get_loc("correct_label")] = "1" if given == "0" else "0"
sheet.to_csv("answers.csv")
before = y.copy()
answers = pd.read_csv(""",
    )
    names = {}
    exec(compile(code, "README.md", "exec"), names)
    assert (names["before"] != names["y"]).sum() == 1
    assert names["audit"].is_verified.sum() == 1
    assert (tmp_path / "review.html").exists()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs(path, tmp_path, monkeypatch, capsys):
    for package in ("vaderSentiment", "xgboost"):  # those of the documentation alone
        if package in path.read_text(encoding="utf-8"):
            pytest.importorskip(package)
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
        assert not re.search(r"^(?!\s*\.\. ).*::$", text, flags=re.MULTILINE)
        assert "SKIP" not in text


def test_import_needs_no_optional_package(monkeypatch):
    for name in ("pandas", "polars", "matplotlib", "cleanlab"):
        monkeypatch.setitem(sys.modules, name, None)  # makes its import an error
    modules = [name for name in sys.modules if name.startswith("sklabelquality")]
    for name in modules:
        monkeypatch.delitem(sys.modules, name)
    fresh = importlib.import_module("sklabelquality")
    assert fresh.self_confidence([0], [[0.75, 0.25]]) == [0.75]
