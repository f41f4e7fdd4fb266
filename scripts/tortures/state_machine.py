"""Random changes of the set of streams against a model, with stages that are killed: no divergence, no hang, no 5xx.

The rules and the model are those of `tests/api/test_state_machine.py`, which takes a few hundred steps; this goes on.
"""

from __future__ import annotations

import importlib.util
import logging
from typing import Any

import hypothesis.core
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from scripts.tortures.bench import ROOT, Bench, Outcome

STEPS = 50
"""Steps of one run of the machine; `--rounds` counts steps."""


def run(bench: Bench) -> Outcome:
    """Run the machine again and again until the time is up."""
    logging.getLogger("headwater").setLevel(logging.CRITICAL + 1)
    machine = _machine()
    counts = {"steps": 0, "requests": 0, "runs": 0}

    class Counted(machine):  # type: ignore[misc, valid-type]
        """Counts what it does."""

        def __init__(self) -> None:
            super().__init__()
            counts["runs"] += 1
            ask = self.client.ask

            def counted(*args: Any, **options: Any) -> Any:
                counts["requests"] += 1
                return ask(*args, **options)

            self.client.ask = counted

        def check_invariants(self, *args: Any, **options: Any) -> None:
            counts["steps"] += 1
            super().check_invariants(*args, **options)

    once = settings(
        max_examples=10,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    outcome = Outcome()
    while bench.goes_on(counts["steps"]) and not outcome.failures:
        hypothesis.core.global_force_seed = bench.chance.randrange(1 << 31)
        try:
            run_state_machine_as_test(Counted, settings=once)
        except Exception as error:
            outcome.failures.append(f"seed {hypothesis.core.global_force_seed}: {type(error).__name__}: {error}")
    outcome.sent = counts["requests"]
    outcome.note = f"{counts['steps']} steps in {counts['runs']} runs"
    return outcome


def _machine() -> Any:
    path = ROOT / "tests" / "api" / "test_state_machine.py"
    found = importlib.util.spec_from_file_location("state_machine_rules", path)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module.StreamsApi
