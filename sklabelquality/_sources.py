# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Where label issues come from: by annotator, batch, date or site."""

import numpy as np
from scipy.stats import fisher_exact, norm

from sklabelquality._frames import as_frame
from sklabelquality._labels import as_label_array


def tabulate_sources(names, codes, is_label_issue, scores):
    """Return a table of the issues by source, what stands out first.

    Parameters
    ----------
    names : list
        The sources.

    codes : ndarray of shape (n_samples,)
        The position of each sample's source in `names`.

    is_label_issue : ndarray of shape (n_samples,), dtype=bool
        True for each label issue.

    scores : ndarray of shape (n_samples,)
        The label quality scores.

    Returns
    -------
    frame : pandas.DataFrame or dict of ndarrays
        See :meth:`LabelAudit.by`.
    """
    counts = np.bincount(codes, minlength=len(names))
    n_issues = np.bincount(codes, is_label_issue, minlength=len(names)).astype(np.intp)
    rates = n_issues / counts
    # Wilson's interval of 95 %.
    z = norm.isf(0.025)
    centre = (rates + z**2 / (2 * counts)) / (1 + z**2 / counts)
    spread = np.sqrt(rates * (1 - rates) / counts + z**2 / (4 * counts**2))
    spread *= z / (1 + z**2 / counts)
    others, other_issues = len(codes) - counts, n_issues.sum() - n_issues
    tables = np.column_stack(
        [n_issues, counts - n_issues, other_issues, others - other_issues]
    )
    tables, place = np.unique(tables, axis=0, return_inverse=True)
    p_values = [fisher_exact(table.reshape(2, 2)).pvalue for table in tables]
    p_values = np.array(p_values)[place.reshape(-1)]
    p_values = np.minimum(p_values * len(names), 1)
    order = np.lexsort((-rates, p_values))
    columns = {
        "n_samples": counts,
        "n_label_issues": n_issues,
        "issue_rate": rates,
        "low": np.maximum(centre - spread, 0),
        "high": np.minimum(centre + spread, 1),
        "label_quality": np.bincount(codes, scores, minlength=len(names)) / counts,
        "p_value": p_values,
    }
    ordered = {name: column[order] for name, column in columns.items()}
    return as_frame(ordered, as_label_array(names)[order])
