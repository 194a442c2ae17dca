# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""The code of the pages is run as doctests; the rest of docs/ is not collected."""

import warnings
from importlib.util import find_spec

import pytest

collect_ignore = [
    "_build",
    "auto_examples",
    "benchmarks",
    "conf.py",
    "generated",
]


@pytest.fixture(autouse=True)
def folder_of_its_own(tmp_path, monkeypatch):
    """Pages write files, such as a review, into the current folder."""
    monkeypatch.chdir(tmp_path)


if find_spec("cleanlab") is None:
    collect_ignore.append("coming_from/cleanlab.rst")
else:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import cleanlab  # noqa: F401
