# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""The code of the pages is run as doctests; the rest of docs/ is not collected."""

import warnings
from importlib.util import find_spec

collect_ignore = [
    "_build",
    "auto_examples",
    "benchmarks",
    "conf.py",
    "generated",
]

if find_spec("cleanlab") is None:
    collect_ignore.append("coming_from/cleanlab.rst")
else:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import cleanlab  # noqa: F401
