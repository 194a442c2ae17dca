# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Exact copies among the samples: two of them with different labels cannot both be
right, and a copy that is trained on confirms the label of its twin.
"""

import warnings

import numpy as np
from scipy.sparse import issparse

from sklabelquality._labels import is_missing_value
from sklabelquality._sklearn import _num_samples, _safe_indexing

# Copies of fewer samples than this share are not worth a warning.
FEW = 0.05
# How many times more copies than by chance there must be.
CHANCE = 1000
# Number of samples from which the chance is estimated.
SAMPLE_SIZE = 500


def find_copies(X):
    """Find the samples that are exact copies of others.

    Passed as `groups` to :meth:`LabelQualityScorer.fit`, they keep copies together.

    Read more in the :ref:`User Guide <groups>`.

    Parameters
    ----------
    X : array-like, sparse matrix or data frame of n_samples rows
        Rows of features, texts or images. Each row is hashed once.

    Returns
    -------
    first : ndarray of shape (n_samples,), dtype=intp
        For each sample the position of the first one that is equal to it, its own
        position if there is none before. Missing values equal each other.

    See Also
    --------
    LabelAudit.conflicting_copies : Copies that have different labels.

    Examples
    --------
    >>> from sklabelquality import find_copies
    >>> find_copies(["a cat", "a dog", "a cat"])
    array([0, 1, 0])
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
    elif hasattr(X, "columns"):
        yield from map(_key_of_values, zip(*columns_of_frame(X), strict=True))
    elif isinstance(getattr(X, "dtype", None), np.dtype) and X.dtype.kind in "biufcmM":
        rows = np.ascontiguousarray(X)
        for row in rows.reshape(len(rows), -1):
            yield _key_of_numbers(row)
    else:
        for row in X:
            is_row = isinstance(row, list | tuple | np.ndarray)
            yield _key_of_values(row if is_row else [row])


def columns_of_frame(frame):
    """Return the columns of a data frame as lists."""
    if hasattr(frame, "iloc"):
        return [frame.iloc[:, place].tolist() for place in range(frame.shape[1])]
    return [frame[name].to_list() for name in frame.columns]


def _key_of_numbers(row):
    """Return the bytes of an array, in which missing values equal each other."""
    if row.dtype.kind == "f":
        row = np.where(np.isnan(row), np.nan, row + 0)  # minus zero becomes zero
    return row.tobytes()


def _key_of_values(values):
    """Return a tuple in which missing values equal each other."""
    return tuple(map(_key_of_value, values))


def _key_of_value(value):
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufcmM":
        return value.shape, value.dtype.str, _key_of_numbers(value)
    if isinstance(value, list | tuple | np.ndarray):
        return tuple(map(_key_of_value, value))
    if is_missing_value(value):
        return None
    try:
        hash(value)
    except TypeError:
        return repr(value)
    return value


def warn_of_copies(X, splits):
    """Warn if many samples are tested by models that trained on copies of them."""
    first = find_copies(X)
    if len(np.unique(first)) > (1 - FEW) * len(first):
        return
    is_torn = np.zeros(len(first), dtype=bool)
    for train, test in splits:
        is_torn[test] |= np.isin(first[test], first[train])
    n_torn = np.count_nonzero(is_torn)
    if n_torn > FEW * len(first) and _share_of_pairs(first) > CHANCE * _by_chance(X):
        warnings.warn(
            f"{n_torn} of {len(first)} samples have exact copies in what is trained "
            "on, which confirm their labels, right or wrong; keep copies together by "
            "fit(X, y, groups=find_copies(X)).",
            UserWarning,
            stacklevel=2,
        )


def _share_of_pairs(values):
    """Return how many pairs of values are equal, as a share of all pairs."""
    _, counts = np.unique(values, return_counts=True)
    return (counts * (counts - 1)).sum() / (len(values) * max(len(values) - 1, 1))


def _by_chance(X):
    """Return the share of pairs that would be equal if columns were independent.

    Rows of a few columns with a few values are often equal, without being copies.
    """
    rows = np.linspace(0, _num_samples(X) - 1, SAMPLE_SIZE).astype(int)
    X = _safe_indexing(X, np.unique(rows))
    if issparse(X) and X.shape[1] <= SAMPLE_SIZE:
        X = X.toarray()
    if hasattr(X, "columns"):
        columns = columns_of_frame(X)
    elif issparse(X) or np.ndim(X) != 2:
        return 0
    else:
        columns = np.asarray(X).T
    return np.prod([_share_of_pairs(list(map(str, column))) for column in columns])
