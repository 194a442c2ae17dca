# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Labels and tables in the user's own kind: dtype, index, and pandas if it is there."""

import numpy as np

from sklabelquality._validation import as_label_array


def labels_to_keep(labels, checked):
    """Return a copy of labels: a series if they are one, else the checked array."""
    if hasattr(labels, "iloc"):
        return labels.iloc[:, 0].copy() if labels.ndim == 2 else labels.copy()
    return checked.copy()


def index_of(*containers):
    """Return the index of the first container that has one, or None."""
    for container in containers:
        if hasattr(container, "iloc"):
            return container.index
    return None


def as_index(names, n_samples):
    """Return what the user calls the samples as something to take positions from."""
    if names is None:
        return np.arange(n_samples)
    if hasattr(names, "iloc"):
        return names.array
    return names if hasattr(names, "take") else as_label_array(list(names))


def take(labels, positions):
    """Return the labels at some positions, a series if they are one."""
    return (labels.iloc if hasattr(labels, "iloc") else labels)[positions]


def in_dtype_of_labels(values, labels):
    """Return an array of classes in the dtype of labels if that can hold them."""
    if hasattr(labels, "iloc"):
        values = type(labels)(values)
        categories = getattr(labels.dtype, "categories", values)
        if not set(values) <= set(categories):
            return values
    elif labels.dtype.kind not in "biuf":
        return values
    try:
        cast = values.astype(labels.dtype)
    except (TypeError, ValueError):  # a class beyond the range of a nullable dtype
        return values
    return cast if cast.tolist() == values.tolist() else values


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
