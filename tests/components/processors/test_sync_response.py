"""Processor `sync_response`: messages go on, and back."""

from __future__ import annotations

import logging
from typing import Any

from headwater.components.catalogue import Catalogue
from headwater.components.resources import Resources
from headwater.config.infer import infer
from headwater.message import Context, Message, ResponseStore
from headwater.telemetry.logs import Log
from headwater.telemetry.metrics import Metrics
from headwater.yamltext.nodes import Node


def test_what_a_message_is_now_goes_back() -> None:
    catalogue = Catalogue()
    config = infer(Node.of({"sync_response": {}}), "processor", "root.pipeline.processors.0", catalogue)
    surroundings: Any = None
    resources = Resources(surroundings, log=Log(logging.getLogger("headwater")), metrics=Metrics())
    processor = catalogue.create_class("processor", "sync_response")(config.config, resources)
    context = Context(ResponseStore())
    batch = [Message(b"a", context=context), Message(b"b")]
    assert processor.process(batch) == [batch]
    assert context.responses is not None
    assert [[m.content() for m in each] for each in context.responses.batches] == [[b"a"]]
