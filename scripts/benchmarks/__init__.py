"""The benchmark suite behind `scripts/bench`: whole processes, several runs, each beside its yardsticks in turn."""
