# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Private names of scikit-learn: the one file to change when they move."""

from sklearn.base import _fit_context
from sklearn.utils import _safe_indexing
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    StrOptions,
    validate_params,
)
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.metaestimators import _safe_split
from sklearn.utils.validation import (
    _check_feature_names_in,
    _check_method_params,
    _num_samples,
)

__all__ = [
    "HasMethods",
    "Interval",
    "StrOptions",
    "_check_feature_names_in",
    "_check_method_params",
    "_fit_context",
    "_get_output_config",
    "_num_samples",
    "_safe_indexing",
    "_safe_split",
    "validate_options",
]


def validate_options(**constraints):
    """Check the named parameters of a function before it runs."""
    return validate_params(constraints, prefer_skip_nested_validation=True)
