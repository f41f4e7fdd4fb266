"""Offer metrics to a Prometheus server, push them to a gateway, or leave them in a file."""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import quote

from headwater.components.catalogue import component
from headwater.components.resources import Resources
from headwater.config.fields import boolean, duration, number, numbers, obj, objects, secret, spec, text, url
from headwater.config.view import Config
from headwater.telemetry.exporter import Exposition, PushingExporter
from headwater.telemetry.metrics import Rename
from headwater.telemetry.prometheus import BUCKETS, CONTENT_TYPE, PrometheusText

SPEC = spec(
    "metrics",
    "prometheus",
    boolean(
        "use_histogram_timing",
        "Offer timings as histograms in seconds instead of summaries in nanoseconds.",
        default=False,
        advanced=True,
    ),
    numbers(
        "histogram_buckets",
        "Upper bounds in seconds of the histograms' buckets; empty for the usual eleven from 5 ms to 10 s.",
        default=[],
        advanced=True,
    ),
    objects(
        "summary_quantiles_objectives",
        number("quantile", "Which quantile to offer, between 0 and 1.", default=0, advanced=True),
        number("error", "How far off it may be.", default=0, advanced=True),
        description="The quantiles that summaries offer.",
        default=[
            {"error": 0.05, "quantile": 0.5},
            {"error": 0.01, "quantile": 0.9},
            {"error": 0.001, "quantile": 0.99},
        ],
        advanced=True,
    ),
    boolean(
        "add_process_metrics", "Add figures of the process: time, memory, descriptors.", default=False, advanced=True
    ),
    boolean(
        "add_go_metrics", "Accepted for compatibility; there is nothing of the kind here.", default=False, advanced=True
    ),
    url("push_url", "A push gateway to push to, too.", optional=True, advanced=True),
    duration("push_interval", "How often; without it once, at the end.", optional=True, advanced=True),
    text("push_job_name", "The job that pushed metrics go by.", default="bento_push", advanced=True),
    obj(
        "push_basic_auth",
        text("username", "The user.", default="", advanced=True),
        secret("password", "The password.", default="", advanced=True),
        description="Basic authentication at the gateway.",
        advanced=True,
    ),
    text("file_output_path", "A file that all metrics are written to at the end.", default="", advanced=True),
    boolean(
        "use_default_registry",
        "Show the metrics in the process's own `prometheus_client` registry as well.",
        default=False,
        advanced=True,
    ),
    summary="Serve metrics in the Prometheus text format at `/metrics` and `/stats`.",
    description="Names are the same as in Benthos, with the labels `label`, `path` and `stream`.",
    examples=(
        (
            "Histograms",
            "metrics:\n  prometheus:\n    use_histogram_timing: true\n    histogram_buckets: [0.001, 0.01, 0.1, 1]\n",
        ),
    ),
)


@component(SPEC)
class Prometheus(PushingExporter):
    """Serves the text format."""

    serves_http = True

    def __init__(self, config: Config, resources: Resources) -> None:
        super().__init__()
        self.log = resources.log
        if config.boolean("use_histogram_timing"):
            self.buckets = tuple(config.numbers("histogram_buckets")) or BUCKETS
        self._quantiles = [item.number("quantile") for item in config.objects("summary_quantiles_objectives")]
        self._process = config.boolean("add_process_metrics")
        self._shared = config.boolean("use_default_registry")
        self._url = config.optional_text("push_url")
        self.interval = config.optional_duration("push_interval") if self._url else None
        self._job = config.text("push_job_name")
        self._user = config.text("push_basic_auth.username")
        self._password = config.text("push_basic_auth.password")
        self._file = config.text("file_output_path")

    def open(self, rename: Rename | None = None) -> None:
        """Make the registry."""
        super().open(rename)
        self._text = PrometheusText(self.registry, self._quantiles)
        self._collector: object | None = None

    def start(self) -> None:
        """Begin to push, where a gateway is given."""
        if self._shared:
            from prometheus_client import REGISTRY

            from headwater.telemetry.prometheus import Collector

            collector = Collector(self.registry, self._quantiles)
            REGISTRY.register(collector)
            self._collector = collector
        super().start()

    def expose(self) -> Exposition:
        """The text."""
        return Exposition(CONTENT_TYPE, self._text.render(self._process), compressible=True)

    def push(self) -> None:
        """Replace what the gateway has of the job."""
        if not self._url:
            return
        import urllib.request  # costs a tenth of the start, and few push

        target = f"{self._url.rstrip('/')}/metrics/job/{quote(self._job, safe='')}"
        if "://" not in target:
            target = "http://" + target
        request = urllib.request.Request(target, data=self._text.render(self._process), method="PUT")
        request.add_header("Content-Type", "text/plain; version=0.0.4")
        if self._user or self._password:
            credentials = base64.b64encode(f"{self._user}:{self._password}".encode()).decode()
            request.add_header("Authorization", f"Basic {credentials}")
        with urllib.request.urlopen(request, timeout=5):
            pass

    def close(self) -> None:
        """Push for the last time, and write the file."""
        super().close()
        if self._collector is not None:
            from prometheus_client import REGISTRY

            REGISTRY.unregister(self._collector)  # type: ignore[arg-type]
            self._collector = None
        if self._file:
            try:
                Path(self._file).write_bytes(self._text.render(self._process))
            except OSError as error:
                self.log.error(f"Failed to write metrics to file: {error}")
