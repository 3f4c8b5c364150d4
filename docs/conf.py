"""How Sphinx makes a site of these pages: `make docs`."""

import re
from pathlib import Path

project = "pmdaemon"
copyright = "the authors of pmdaemon, MIT licence"
version_file = Path(__file__).parents[1] / "pmdaemon" / "__init__.py"
release = re.findall(r'__version__ = "(.+)"', version_file.read_text())[0]

extensions = ["myst_parser", "sphinxcontrib.mermaid"]
myst_enable_extensions = ["colon_fence", "attrs_inline"]
myst_fence_as_directive = ["mermaid"]
myst_heading_anchors = 4
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = f"pmdaemon {release}"

man_pages = [("cli", "pmdaemon", "keeps programs running", "", 1)]
