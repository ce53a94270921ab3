"""`python -m prospect_env.metrics [folder]`: write the generated pages of the documentation, by default into `docs`."""

from __future__ import annotations

import sys
from pathlib import Path

from prospect_env.metrics.pages import write

for path in write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs")):
    sys.stdout.write(f"{path}\n")
