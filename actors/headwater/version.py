"""What this is a version of. The build reads the number from here."""

from __future__ import annotations

from typing import Final

__version__: Final = "0.1.0"
