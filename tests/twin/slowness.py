"""By how much every limit of time is multiplied: the program under test may be a slow one."""
from __future__ import annotations

import os


def _slowness() -> float:
    said = os.environ.get("VODKEEP_TEST_SLOWNESS")
    if said:
        return float(said)
    sanitizers = os.environ.get("SANITIZERS", "no")  # set by `make check`
    return 1.0 if sanitizers in ("", "no") else 6.0 if "thread" in sanitizers else 4.0


SLOWNESS = _slowness()
