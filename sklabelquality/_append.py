# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Append columns of scores to features, in the kind and dtype of the features.

What the next step of a pipeline could use is kept: sparse features stay sparse, float32
stays float32, and a data frame stays one where an array would lose the dtypes of its
columns or where the user asked for data frames.
"""

import re

import numpy as np
from scipy import sparse

# XGBoost and LightGBM refuse these in the names of features.
REFUSED = r'[][<>{}",:]'


def check_two_dimensional(X):
    """Raise if scores cannot be appended to X as columns."""
    try:
        shape = X.shape if hasattr(X, "shape") else np.asarray(X).shape
    except ValueError:
        raise ValueError(
            "X must be two-dimensional with passthrough=True, which appends scores to "
            "its features, but its rows differ in length; pass passthrough=False to "
            "get the scores alone."
        ) from None
    if len(shape) != 2:
        raise ValueError(
            "X must be two-dimensional with passthrough=True, which appends scores to "
            f"its features, but has shape {tuple(shape)}; pass passthrough=False to "
            "get the scores alone, as is needed for text."
        )


def seen_features(X):
    """Return the number of features, None if X is not two-dimensional, and their names.

    Names that are not all strings are no names, as in scikit-learn.
    """
    shape = getattr(X, "shape", None)
    if shape is None and isinstance(X, list) and X and isinstance(X[0], list | tuple):
        shape = len(X), len(X[0])
    n_features = int(shape[1]) if shape is not None and len(shape) == 2 else None
    names = list(getattr(X, "columns", []))
    if not names or not all(isinstance(name, str) for name in names):
        return n_features, None
    return n_features, np.asarray(names, dtype=object)


def column_names_of(stem, labels):
    """Name a column for each label, without what some libraries refuse in names."""
    names = [f"{stem}_{re.sub(REFUSED, '_', str(label))}" for label in labels]
    if len(set(names)) < len(names):
        names = [f"{name}_{code}" for code, name in enumerate(names)]
    return names


def names_beside(taken, names):
    """Return names that are not taken, with a number where another scorer was."""
    number = 1
    unique = list(names)
    while set(unique) & set(taken):
        number += 1
        unique = [f"{name}_{number}" for name in names]
    return unique


def in_dtype_of(X, scores):
    """Return scores in float32 if X is float32, else as they are."""
    is_float32 = getattr(X, "dtype", None) == np.float32
    return scores.astype(np.float32, copy=False) if is_float32 else scores


def append_columns(X, scores, names, *, output="default"):
    """Append the columns of scores to X.

    Parameters
    ----------
    X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
        The features.

    scores : ndarray of shape (n_samples, n_columns)
        What to append.

    names : list of str
        The names of the columns, for a data frame.

    output : {"default", "pandas", "polars"}, default="default"
        The kind of container that is wanted in the end.

    Returns
    -------
    appended : ndarray, sparse matrix or data frame
        Of shape (n_samples, n_features + n_columns).
    """
    if sparse.issparse(X):
        is_array = isinstance(X, sparse.sparray)
        as_csr = sparse.csr_array if is_array else sparse.csr_matrix
        return sparse.hstack([X, as_csr(in_dtype_of(X, scores))], format=X.format)
    library = _data_frame_library(X)
    if library is not None and (library == output or not _is_numeric(X, library)):
        return _append_to_frame(X, scores, names, library)
    X = np.asarray(X)
    if X.dtype.kind in "SU":  # or the scores would turn into strings
        X = X.astype(object)
    return np.hstack([X, in_dtype_of(X, scores)])


def _data_frame_library(X):
    """Return "pandas" or "polars" for a data frame of theirs, else None."""
    library = type(X).__module__.partition(".")[0]
    is_frame = library in ("pandas", "polars") and hasattr(X, "columns")
    return library if is_frame else None


def _is_numeric(X, library):
    """Whether all columns are plain numbers, which share a dtype in an array."""
    if library == "polars":
        return all(dtype.is_numeric() for dtype in X.dtypes)
    return all(isinstance(t, np.dtype) and t.kind in "iuf" for t in X.dtypes)


def _append_to_frame(X, scores, names, library):
    if library == "pandas":
        if not all(isinstance(name, str) for name in X.columns):
            X = X.set_axis([f"x{i}" for i in range(X.shape[1])], axis=1)
        names = names_beside(X.columns, names)
        return X.assign(**dict(zip(names, scores.T, strict=True)))
    import polars as pl

    names = names_beside(X.columns, names)
    columns = zip(names, scores.T, strict=True)
    return X.with_columns(pl.Series(name, column) for name, column in columns)
