"""`python -m headwater` is the program."""

from __future__ import annotations

import sys

from headwater.cli import main

sys.exit(main())
