# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Whether containers hold the same samples in the same order."""


def index_of(*containers):
    """Return the index of the first container that has one, or None."""
    for container in containers:
        if hasattr(container, "iloc"):
            return container.index
    return None


def check_same_order(labels, pred_probs):
    """Raise if both name the same samples in different orders."""
    of_labels, of_pred_probs = index_of(labels), index_of(pred_probs)
    if of_labels is None or of_pred_probs is None or of_labels.equals(of_pred_probs):
        return
    if len(of_labels) == len(of_pred_probs) and set(of_labels) == set(of_pred_probs):
        raise ValueError(
            "labels and pred_probs must have their samples in the same order, but name "
            "the same samples in different orders; pass "
            "pred_probs.loc[labels.index]."
        )


def check_same_length(labels, pred_probs):
    """Raise unless there is a row of probabilities for each label."""
    if len(labels) != len(pred_probs):
        raise ValueError(
            "labels and pred_probs must have one entry and one row per sample, but "
            f"labels has length {len(labels)} and pred_probs has {len(pred_probs)} "
            "rows; pass the probabilities of the samples that the labels belong to."
        )
