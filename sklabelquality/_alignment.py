# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Whether containers hold the same samples in the same order.

Samples are matched by position, so pandas objects that name the same samples in
different orders contradict each other. A default index names nothing.
"""

from sklabelquality._errors import brief


def index_of(*containers):
    """Return the index of the first container that names its samples.

    Without one it is the first default index, or None.
    """
    default = None
    for container in containers:
        if hasattr(container, "iloc"):
            if not is_default_index(container.index):
                return container.index
            default = container.index if default is None else default
    return default


def check_same_order(**containers):
    """Raise if two containers name the same samples in different orders."""
    named = [
        (name, container.index)
        for name, container in containers.items()
        if hasattr(container, "iloc")
    ]
    for position, (name, index) in enumerate(named):
        for other_name, other in named[:position]:
            check_same_names(other_name, other, name, index)


def check_same_names(name, index, other_name, other, wanted=None, *, may_differ=False):
    """Raise if two indexes have the same names in different orders, or some of them.

    Names that have nothing in common say nothing. `wanted` is the code that gives the
    first index, that of `name` by default. With `may_differ` some names may be shared
    by chance.
    """
    if is_default_index(index) or is_default_index(other) or len(index) != len(other):
        return
    if index.equals(other):
        return
    try:
        is_shared = index.isin(other)
        is_other_order = other.isin(index).all() and is_shared.all()
    except Exception:  # names of kinds that pandas cannot compare
        return
    if not is_other_order:
        if is_shared.any() and not is_shared.all() and not may_differ:
            raise ValueError(
                f"{name} and {other_name} must name the same samples, but only "
                f"{is_shared.sum()} of {len(index)} names are in both, and "
                f"{brief(index[~is_shared][0])} is in {name} alone; pass the rows of "
                "the samples that both have, in one order."
            )
        return
    raise ValueError(
        f"{name} and {other_name} must have their samples in the same order, but name "
        "the same samples in different orders; "
        + (
            f"pass {other_name}.loc[{wanted or f'{name}.index'}]."
            if index.is_unique
            else "sort both, after naming each sample once."
        )
    )


def is_default_index(index):
    """Whether an index just counts the samples, as pandas does on its own."""
    is_range = hasattr(index, "start") and hasattr(index, "step")
    return is_range and index.start == 0 and index.step == 1


def check_same_length(labels, pred_probs):
    """Raise unless there is a row of probabilities for each label."""
    if len(labels) != len(pred_probs):
        raise ValueError(
            "labels and pred_probs must have one entry and one row per sample, but "
            f"labels has length {len(labels)} and pred_probs has {len(pred_probs)} "
            "rows; pass the probabilities of the samples that the labels belong to."
        )
