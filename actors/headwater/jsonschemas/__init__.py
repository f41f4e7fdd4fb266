"""JSON schemas of drafts 4, 6 and 7, compiled once; what is wrong is said in the words that users of Benthos know.

Formats are checked, patterns are RE2. References may point into the schema itself or to other documents, which are
loaded when the schema is compiled.
"""

from headwater.jsonschemas.keywords import SchemaError, Violation
from headwater.jsonschemas.schema import Schema

__all__ = ["Schema", "SchemaError", "Violation"]
