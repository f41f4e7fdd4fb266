"""Requests made from the API's own description, at both servers: every answer is one that the description has.

Schemathesis makes them: examples, limits of each schema, anything else, and calls that follow from each other. A status
that is not described, 500 above all, fails; so does an answer that does not come.
"""

from __future__ import annotations

import os
import subprocess

from scripts.tortures.bench import HOST, ROOT, Bench, Outcome

CHECKS = "status_code_conformance,content_type_conformance,response_schema_conformance"
ANSWER_SECONDS = 30


def run(bench: Bench) -> Outcome:
    """Half of the time for each server."""
    outcome = Outcome()
    program = ROOT / ".venv" / "bin" / "schemathesis"
    if not program.exists():
        return Outcome(note="NOT RUN: schemathesis is not installed; scripts/setup does that")
    notes = []
    for server in ("waitress", "uvicorn"):
        service = bench.streams("logger: {level: ERROR}", "--server", server)
        seconds = max(5.0, bench.seconds / 2 - 4)
        told = bench.folder / f"{server}.txt"
        report = bench.folder / f"{server}.report"
        argv = [str(program), "run", f"http://{HOST}:{service.port}/openapi.json", "--checks", CHECKS]
        argv += ["--max-time", f"{seconds:.0f}", "--max-examples", "1000000", "--continue-on-failure", "--no-color"]
        argv += ["--seed", str(bench.chance.randrange(1 << 31)), "--request-timeout", str(ANSWER_SECONDS)]
        argv += ["--warnings", "off", "--suppress-health-check", "all"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "scripts.tortures._api_hooks"}
        environment["TORTURE_ANSWERS"] = str(told)
        with report.open("wb") as file:
            done = subprocess.run(
                argv, cwd=bench.folder, env=environment, stdout=file, stderr=file, timeout=seconds + 120, check=False
            )
        text = report.read_text(errors="replace")
        outcome.require(done.returncode == 0, f"{server}: {text[-3000:]}")
        answers = dict(line.split() for line in told.read_text().splitlines()) if told.exists() else {}
        count = sum(map(int, answers.values()))
        outcome.sent += count
        outcome.require(count > 0, f"{server}: nothing was asked")
        outcome.require("500" not in answers, f"{server}: {answers.get('500')} answers of 500")
        outcome.require(service.process.poll() is None, f"{server}: the program died")
        outcome.require(
            "Traceback" not in service.log(), f"{server}: a traceback is in the log: {service.log()[-1000:]}"
        )
        status, _ = service.request("POST", "/streams", "{}", timeout=30)
        outcome.require(status == 200, f"{server}: emptying the set answered {status}")
        notes.append(f"{server}: " + ", ".join(f"{number} x {status}" for status, number in sorted(answers.items())))
        service.kill()
    outcome.note = "; ".join(notes)
    return outcome
