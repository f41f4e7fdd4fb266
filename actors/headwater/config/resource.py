"""A resource's configuration: one component that streams share by label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from headwater.config.env import substitute
from headwater.config.infer import infer
from headwater.config.lint import API, Linter, LintOptions
from headwater.config.spec import ComponentKind
from headwater.config.view import ComponentConfig
from headwater.errors import LintRejection
from headwater.yamltext.document import parse_document

if TYPE_CHECKING:
    from headwater.components.catalogue import Catalogue


def read_resource(
    data: bytes | str,
    kind: ComponentKind,
    label: str,
    catalogue: Catalogue,
    *,
    environment: Mapping[str, str] | None = None,
    chilled: bool = False,
    options: LintOptions = API,
) -> ComponentConfig:
    """Read the configuration of one resource; lint comes before the question which component it is.

    Args:
        data: YAML or JSON of the component alone.
        kind: What sort of resource it is.
        label: The name that streams use; a label in the text is without effect.
        catalogue: The components that it may use.
        environment: Variables for ``${NAME}``; those of the process by default.
        chilled: Take it although lint finds something, and let variables without a value be empty.
        options: What lint looks for.

    Raises:
        MissingVariables: Environment variables have no value.
        SyntaxProblem: The text is neither YAML nor JSON.
        LintRejection: Lint found something.
        InferenceError: The component is unknown or unclear.
    """
    raw = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
    node = parse_document(substitute(raw, environment, lenient=chilled))
    if not chilled:
        linter = Linter(catalogue, options)
        linter.component(kind, node)
        if linter.lints:
            raise LintRejection([str(found) for found in linter.lints])
    component = infer(node, kind, f"root.{kind}_resources", catalogue)
    component.label = label
    return component
