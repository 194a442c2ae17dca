# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Labels and tables in the user's own kind: dtype, index, and pandas if it is there."""

import warnings

import numpy as np

from sklabelquality._errors import brief
from sklabelquality._labels import as_label_array, as_list


def labels_to_keep(labels, classes, codes):
    """Return labels: a copy of them if they are a series, else an array like them."""
    if hasattr(labels, "iloc"):
        return labels.iloc[:, 0].copy() if labels.ndim == 2 else labels.copy()
    given = classes[codes]
    dtype = getattr(labels, "dtype", given.dtype)
    is_number = isinstance(dtype, np.dtype) and dtype.kind in "biuf"
    return given.astype(dtype, copy=False) if is_number else given


def as_index(names, n_samples):
    """Return a copy of what the user calls the samples, one name for each."""
    if names is None:
        return np.arange(n_samples)
    if hasattr(names, "iloc") and names.ndim == 1:
        names = names.array
    try:
        is_named = np.shape(names) == (n_samples,)
    except ValueError:  # names that differ in length
        is_named = False
    if isinstance(names, str) or not is_named:
        raise ValueError(
            f"index must be one-dimensional with a name for each of the {n_samples} "
            f"samples, but is {brief(names)}; pass one name per label."
        )
    return names.copy() if hasattr(names, "take") else as_label_array(list(names))


def take(labels, positions):
    """Return the labels at some positions, a series if they are one."""
    return (labels.iloc if hasattr(labels, "iloc") else labels)[positions]


def with_values(labels, positions, values, name):
    """Return labels with other values at some positions, in their own kind.

    `name` is what an error calls the values.
    """
    try:
        # NumPy 1 only warns of integers that are out of bounds.
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            changed = _with_values(labels, positions, values)
    except (TypeError, ValueError, OverflowError):
        changed = None
    # NumPy takes any text for True, and cuts numbers off.
    if changed is None or (
        getattr(labels.dtype, "kind", "O") in "biu"
        and as_list(take(changed, positions)) != values
    ):
        raise ValueError(
            f"{name} must be labels that an array of {labels.dtype} can hold, but are "
            f"{brief(list(dict.fromkeys(values)))}; turn the labels into strings first "
            "if they are to stay what they are."
        )
    return changed


def _with_values(labels, positions, values):
    if not positions:
        return labels.copy()
    if hasattr(labels, "iloc"):
        changed = labels.copy()
        if hasattr(changed.dtype, "categories"):
            known = set(changed.dtype.categories)
            new = [value for value in dict.fromkeys(values) if value not in known]
            changed = changed.cat.add_categories(new)
        if isinstance(changed.dtype, np.dtype) and changed.dtype.kind in "biuf":
            # pandas takes a list for integers of 64 bits.
            values = np.array(values, dtype=changed.dtype)
        changed.iloc[positions] = values
        return changed
    if labels.dtype.kind in "USO":  # strings may become longer
        changed = labels.astype(object)
        changed[positions] = as_label_array(values)
        return changed.astype(str) if labels.dtype.kind == "U" else changed
    changed = labels.copy()
    changed[positions] = values
    return changed


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


# -- plain arrays, which load without pandas and without running code ------------------
# What is of a dtype without a name of its own, such as Arrow's dictionaries, comes back
# as pandas infers it.


def pack(values):
    """Return arrays and strings from which :func:`unpack` makes the same values."""
    if not type(values).__module__.startswith("pandas"):
        return {"values": np.array(values)}
    if hasattr(values, "levels"):
        levels = map(values.get_level_values, range(values.nlevels))
        return {"levels": [pack(level) for level in levels]}
    dtype = values.dtype
    packed = {"dtype": _name_of(dtype), "name": values.name}
    if hasattr(dtype, "categories"):
        codes = getattr(values, "cat", values).codes
        categories = pack(dtype.categories)
        packed |= {"categories": categories, "ordered": bool(dtype.ordered)}
        return packed | {"values": np.array(codes)}
    if hasattr(dtype, "tz"):  # NumPy's dates have no time zone: keep those of UTC
        return packed | {"values": np.array(values, dtype=f"M8[{dtype.unit}]")}
    if isinstance(dtype, np.dtype):
        return packed | {"values": np.array(values)}
    if dtype.kind in "mM":
        return packed | {"values": np.array(values, dtype=f"{dtype.kind}8[ns]")}
    return packed | {"values": values.to_numpy(dtype=object, na_value=None)}


def _name_of(dtype):
    """Return a name that tells a pandas dtype from others."""
    if type(dtype).__name__ == "ArrowDtype":
        return f"arrow {dtype}"
    return f"string[{dtype.storage}]" if str(dtype) == "string" else str(dtype)


def _dtype_of(name):
    """Return the pandas dtype of a name, None for one that cannot be told by it."""
    import pandas as pd

    name, is_arrow = name.removeprefix("arrow "), name.startswith("arrow ")
    if is_arrow and name == "string[pyarrow]":  # which pandas gives to another dtype
        from pyarrow import string

        return pd.ArrowDtype(string())
    try:
        return pd.api.types.pandas_dtype(name)
    except (TypeError, NotImplementedError):
        return None


def unpack(packed):
    """Return what was packed as an index; without pandas, as an array."""
    try:
        import pandas as pd
    except ImportError:
        return _unpack_array(packed)
    if "levels" in packed:
        return pd.MultiIndex.from_arrays(list(map(unpack, packed["levels"])))
    if "dtype" not in packed:
        return packed["values"]
    values, dtype, name = packed["values"], packed["dtype"], packed["name"]
    if "categories" in packed:
        categories = unpack(packed["categories"])
        values = pd.Categorical.from_codes(values, categories, packed["ordered"])
        return pd.CategoricalIndex(values, name=name)
    dtype = _dtype_of(dtype)
    if hasattr(dtype, "tz"):
        return pd.DatetimeIndex(values, tz="UTC", name=name).tz_convert(dtype.tz)
    if values.dtype.kind == "M" and "tz=" in packed["dtype"]:  # an Arrow dtype
        return pd.DatetimeIndex(values, tz="UTC", name=name).astype(dtype)
    return pd.Index(values, dtype=dtype, name=name)


def _unpack_array(packed):
    if "levels" in packed:
        columns = [_unpack_array(level).tolist() for level in packed["levels"]]
        return as_label_array(list(zip(*columns, strict=True)))
    if "categories" in packed:
        # The code -1 is a missing value.
        categories = _unpack_array(packed["categories"]).tolist()
        return as_label_array([*categories, None])[packed["values"]]
    return packed["values"]


def unpack_labels(packed, index):
    """Return packed labels, as a series with this index if they were one."""
    labels = unpack(packed)
    if isinstance(labels, np.ndarray):
        return labels
    return labels.to_series(index=index).astype(labels.dtype)
