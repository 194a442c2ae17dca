# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Exact copies among the samples: two of them with different labels cannot both be
right, and a copy that is trained on confirms the label of its twin.
"""

import numpy as np
from scipy.sparse import issparse


def find_copies(X):
    """Return for each sample the position of the first one that is equal to it.

    Parameters
    ----------
    X : array-like, sparse matrix or data frame of n_samples rows
        Rows, texts or images. Its rows are hashed, once each.

    Returns
    -------
    first : ndarray of shape (n_samples,)
        The positions.
    """
    place_of = {}
    first = [place_of.setdefault(key, place) for place, key in enumerate(_keys_of(X))]
    return np.array(first, dtype=np.intp)


def _keys_of(X):
    """Yield for each sample something that is equal for equal ones."""
    if issparse(X):
        X = X.tocsr(copy=True)
        X.sum_duplicates()
        X.eliminate_zeros()
        for start, stop in zip(X.indptr[:-1], X.indptr[1:], strict=True):
            yield X.indices[start:stop].tobytes(), X.data[start:stop].tobytes()
        return
    if hasattr(X, "columns"):
        columns = (
            [X[name] for name in X.columns]
            if not hasattr(X, "iloc")
            else [X.iloc[:, i] for i in range(X.shape[1])]
        )
        lists = [
            column.tolist() if hasattr(column, "tolist") else column.to_list()
            for column in columns
        ]
        # Missing values differ from themselves.
        for row in zip(*lists, strict=True):
            yield tuple(None if value != value else value for value in row)
        return
    if hasattr(X, "dtype") and getattr(X.dtype, "kind", "O") in "biufcmM":
        rows = np.ascontiguousarray(X)
        rows = (rows + 0 if rows.dtype.kind == "f" else rows).reshape(len(rows), -1)
        for row in rows:  # minus zero became zero
            yield row.tobytes()
        return
    for row in X:
        yield row if isinstance(row, str) else repr(row)
