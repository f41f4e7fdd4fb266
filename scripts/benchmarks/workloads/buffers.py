"""Streams with a buffer, beside the same without."""

from __future__ import annotations

from scripts.benchmarks.workload import Aim, Bench, Measure, Workload, Yardstick
from scripts.benchmarks.workloads.generated import COUNT, DROP, Config, generate, measured

DATABASE = "buffer.db"


def buffered(kind: str, batch: int, *, count: int) -> Measure:
    """Runs of generate, a buffer, drop."""

    def make(bench: Bench, count: int) -> Config:
        for old in bench.folder.glob(f"{DATABASE}*"):
            old.unlink()
        settings: dict[str, Config] = {
            "none": {"none": {}},
            "memory": {"memory": {}},
            "sqlite": {"sqlite": {"path": str(bench.path(DATABASE))}},
        }
        return {"input": generate(count, batch), "buffer": settings[kind], "output": DROP}

    return measured(make, count=count)


def _workload(kind: str, batch: int) -> Workload:
    many = COUNT if batch == 1 else 3 * COUNT
    # A message on disk by itself costs a transaction of the database.
    count = COUNT // 20 if kind == "sqlite" and batch == 1 else many
    yardsticks = [Yardstick("no buffer", buffered("none", batch, count=many))]
    if kind == "sqlite":
        memory = buffered("memory", batch, count=many)
        yardsticks.append(Yardstick("the memory buffer", memory, Aim(0.4) if batch >= 100 else None))
    return Workload(
        f"buffer/{kind}/{batch}",
        f"generate, {kind} buffer, drop: batches of {batch}",
        buffered(kind, batch, count=count),
        yardsticks=tuple(yardsticks),
    )


WORKLOADS = tuple(_workload(kind, batch) for kind in ("memory", "sqlite") for batch in (1, 100))
