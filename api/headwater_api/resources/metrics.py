"""`/metrics` and `/stats`: the figures of the whole service."""

from __future__ import annotations

from typing import ClassVar

import falcon

from headwater.telemetry.exporter import Exporter
from headwater_api.answers import page
from headwater_api.compress import accepts_gzip, gzip
from headwater_api.operations import Operation, Operations, Reply
from headwater_api.resources.base import AnyVerb, send


class MetricsPage(AnyVerb):
    """What the exporter has for a scraper."""

    operations: ClassVar[Operations] = {
        "get": Operation("Show all series.", {200: Reply("In the format of the exporter.", {"*/*": {}})}),
    }

    def __init__(self, exporter: Exporter) -> None:
        self._exporter = exporter

    def on_any(self, req: falcon.Request, resp: falcon.Response, **parameters: str) -> None:
        """Show all series."""
        shown = self._exporter.expose()
        body = shown.body
        if shown.compressible and accepts_gzip(req.get_header("Accept-Encoding")):
            body = gzip(body)
            resp.set_header("Content-Encoding", "gzip")
        send(resp, page(200, body, shown.content_type))
