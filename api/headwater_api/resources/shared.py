"""`/resources/{type}/{id}`: components that streams share by label."""

from __future__ import annotations

from typing import ClassVar, Final

import falcon

from headwater.config.spec import ComponentKind
from headwater.errors import HeadwaterError, LintRejection
from headwater.system import StreamSystem
from headwater_api.answers import answer_for, text
from headwater_api.operations import CHILLED, DONE, FAILED, NO_PAGE, REFUSED, TOO_LARGE, Operation, Operations
from headwater_api.resources.base import Resource, body, chilled, send

KINDS: Final[dict[str, ComponentKind]] = {
    "cache": "cache",
    "input": "input",
    "output": "output",
    "processor": "processor",
    "rate_limit": "rate_limit",
}


BAD_KIND = text(400, "Var `type` must be set to one of `cache`, `input`, `output`, `processor` or `rate_limit`")


class SharedResource(Resource):
    """A shared component by its kind and label."""

    operations: ClassVar[Operations] = {
        "post": Operation(
            "Create a resource, or replace one under the streams that use it.",
            {200: DONE, 400: REFUSED, 404: NO_PAGE, 413: TOO_LARGE, 502: FAILED},
            CHILLED,
            ("The component's configuration.", {"type": "object"}),
        )
    }

    def __init__(self, system: StreamSystem) -> None:
        self._system = system

    def on_post(self, req: falcon.Request, resp: falcon.Response, kind: str, label: str) -> None:
        """Create a resource, or replace one under the streams that use it."""
        if kind not in KINDS:
            send(resp, BAD_KIND)
            return
        try:
            self._system.set_resource(KINDS[kind], label, body(req), chilled=chilled(req))
        except LintRejection as error:
            for lint in error.lints:
                self._system.log.info(f"Resource '{label}' config: {lint}")
            raise
        except HeadwaterError as error:
            if answer_for(error).status >= 500:
                self._system.log.error(f"Resource CRUD Error: {error}")
            raise
