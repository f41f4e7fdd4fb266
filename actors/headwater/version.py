"""What this is a version of. The build reads the number from here."""

from __future__ import annotations

__version__ = "0.1.0"
