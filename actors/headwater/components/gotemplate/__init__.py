"""Templates in the language of Go's ``text/template``: parsed once, executed over documents.

template = Template("main", "{{ .name }} - {{ meta \"source\" }}", functions)
template.execute(document, {"meta": ...})
"""

from headwater.components.gotemplate.execute import ExecutionError, Template
from headwater.components.gotemplate.parse import TemplateSyntaxError

__all__ = ["ExecutionError", "Template", "TemplateSyntaxError"]
