# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Build the documentation, without a network.

``python -m sphinx -W --keep-going -b html docs docs/_build/html``
"""

import os
import re
import sys
from pathlib import Path

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx import addnodes

import sklabelquality

HERE = Path(__file__).parent
sys.path.append(str(HERE / "benchmarks"))

from charts import draw_all  # noqa: E402

os.environ.setdefault("MPLBACKEND", "agg")

project = "sklabelquality"
author = "The sklabelquality developers"
copyright = "the sklabelquality developers, BSD-3-Clause"
version = release = sklabelquality.__version__

extensions = [
    "myst_parser",  # reads CHANGELOG.md, CONTRIBUTING.md and the benchmarks
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.extlinks",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "benchmarks/README.md", "**.ipynb", "auto_examples/*.md5"]
templates_path = ["_templates"]
default_role = "literal"
extlinks = {"doi": ("https://doi.org/%s", "doi:%s")}

autosummary_generate = True
autodoc_typehints = "none"
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "backreferences_dir": "generated/examples",
    "doc_module": ("sklabelquality",),
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "write_computation_times": False,
}

html_theme = "pydata_sphinx_theme"
html_title = "sklabelquality"
html_static_path = ["_static"]
html_css_files = ["style.css"]
html_show_sourcelink = False
html_copy_source = False
html_sidebars = {
    "index": [],
    "install": [],
    "benchmarks": [],
    "changelog": [],
    "contributing": [],
    "scope": [],
}
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "navbar_persistent": ["search-button"],
    "header_links_before_dropdown": 6,
    "show_prev_next": False,
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}


# The charts of the benchmarks are drawn from the tables there.
draw_all(HERE / "generated" / "charts")


# -- formulas --------------------------------------------------------------------------
# MathML, which browsers read without a script. The translator comes with docutils. It
# has no \Big: MathML sizes its delimiters itself.


def _mathml(translator, node, as_block):
    tex = re.sub(r"\\[Bb]igg?(?![a-zA-Z])", "", node.astext())
    translator.body.append(tex2mathml(tex, as_block=as_block))
    raise nodes.SkipNode


def _visit_math(translator, node):
    _mathml(translator, node, as_block=False)


def _visit_math_block(translator, node):
    translator.body.append(translator.starttag(node, "div", CLASS="formula"))
    try:
        _mathml(translator, node, as_block=True)
    finally:
        translator.body.append("</div>\n")


# -- pages that live elsewhere ---------------------------------------------------------


def _link_to_pages(app, doctree):
    """Let what is included link to a page of this site."""
    for node in doctree.findall(addnodes.pending_xref):
        if node["reftarget"] == "README.md":
            node["refdomain"], node["reftarget"] = "doc", "install"
            node["reftargetid"] = None


def setup(app):
    app.add_html_math_renderer("mathml", (_visit_math, None), (_visit_math_block, None))
    app.connect("doctree-read", _link_to_pages)


html_math_renderer = "mathml"
