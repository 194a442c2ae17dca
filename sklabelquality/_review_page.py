# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""One file of HTML to click through the labels of a review, without a server.

The page is `review.html`, styled by `review.css`; what it does is in `review.js`. Its
Content-Security-Policy runs this script alone, whatever the user's data hold.
"""

import base64
import hashlib
import html
import json
from importlib.resources import files
from string import Template

from sklabelquality._answers import NAMES, WORDS
from sklabelquality._labels import as_list

# Columns of the sheet that the page hands back as they are.
KEPT_COLUMNS = ["position", "rank", "is_drawn", "stratum", "stratum_size", "n_samples"]
KEPT_COLUMNS += ["random_state"]


def review_page(sheet, names, classes, answers, content, title, identity):
    """Return the page.

    Parameters
    ----------
    sheet : dict of ndarrays
        The columns of the sheet.

    names : list
        What the user calls the samples.

    classes : list of str
        The labels to choose from.

    answers : list of tuples
        The answer so far and the correct label, each a string or None.

    content : list of dict
        What to show of each sample, see :func:`show`.

    title : str
        The title of the page.

    identity : str
        What tells the review from others. Pages of one review with the same title
        share their answers.

    Returns
    -------
    page : str
        The page.
    """
    columns = [name for name in KEPT_COLUMNS if name in sheet]
    kept = [as_list(sheet[name]) for name in columns]
    items = []
    for place, values in enumerate(zip(*kept, strict=True)):
        item = dict(zip(columns, values, strict=True))
        item["name"] = str(names[place])
        for name in ("given", "predicted"):
            labels = sheet.get(f"{name}_label")
            item[name] = None if labels is None else str(labels[place])
        item["answer"], item["correct"] = answers[place]
        item["content"] = content[place]
        items.append(item)
    digest = hashlib.sha256(json.dumps([title, identity]).encode()).hexdigest()[:16]
    data = {
        "id": digest,
        "items": items,
        "classes": classes,
        "columns": columns,
        "words": {word: NAMES[code] for code, words in WORDS.items() for word in words},
        "file_name": f"review-{digest[:6]}.csv",
    }
    script, style = _read("review.js"), _read("review.css")
    return Template(_read("review.html")).substitute(
        title=html.escape(title),
        style=style,
        style_hash=_hash_of(style),
        script=script,
        script_hash=_hash_of(script),
        # Nothing in the data can end the element that they are in.
        data=json.dumps(data).replace("<", "\\u003c"),
    )


def _read(name):
    return files("sklabelquality").joinpath(name).read_text("utf-8")


def _hash_of(text):
    """Return the hash of an inline script or style that a policy allows."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
