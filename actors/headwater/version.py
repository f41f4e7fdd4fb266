"""What this is a version of. The build reads the number from here."""

from __future__ import annotations

VERSION = "0.1.0"
__version__ = VERSION
