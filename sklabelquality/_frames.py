# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Labels and tables in the user's own kind: dtype, index, and pandas if it is there."""

import numpy as np

from sklabelquality._validation import as_label_array, brief


def labels_to_keep(labels, checked):
    """Return a copy of labels: a series if they are one, else the checked array."""
    if hasattr(labels, "iloc"):
        return labels.iloc[:, 0].copy() if labels.ndim == 2 else labels.copy()
    return checked.copy()


def as_index(names, n_samples):
    """Return a copy of what the user calls the samples, one name for each."""
    if names is None:
        return np.arange(n_samples)
    if hasattr(names, "iloc") and names.ndim == 1:
        names = names.array
    if isinstance(names, str) or np.ndim(names) != 1 or len(names) != n_samples:
        raise ValueError(
            f"index must be one-dimensional with a name for each of the {n_samples} "
            f"samples, but is {brief(names)}; pass one name per label."
        )
    return names.copy() if hasattr(names, "take") else as_label_array(list(names))


def take(labels, positions):
    """Return the labels at some positions, a series if they are one."""
    return (labels.iloc if hasattr(labels, "iloc") else labels)[positions]


def classes_like_labels(classes, labels):
    """Return classes in the dtype of labels, if that can hold them.

    They are a series if labels are one, since only a series has all dtypes.
    """
    if hasattr(labels, "iloc"):
        classes = type(labels)(classes)
        categories = getattr(labels.dtype, "categories", classes)
        if not set(classes) <= set(categories):
            return classes
    elif labels.dtype.kind not in "biuf":
        return classes
    try:
        cast = classes.astype(labels.dtype)
    except (TypeError, ValueError):  # a class beyond the range of a nullable dtype
        return classes
    return cast if cast.tolist() == classes.tolist() else classes


def as_frame(columns, index=None):
    """Return columns as a data frame, or as a dict where pandas is not installed."""
    try:
        from pandas import DataFrame
    except ImportError:
        arrays = {} if index is None else {"index": np.asarray(index)}
        return arrays | {name: np.asarray(column) for name, column in columns.items()}
    # A series would be aligned by an index of its own.
    frame = DataFrame(
        {
            name: column.reset_index(drop=True) if hasattr(column, "iloc") else column
            for name, column in columns.items()
        }
    )
    return frame if index is None else frame.set_axis(index)
