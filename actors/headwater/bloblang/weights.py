"""Documents that are small in memory and endless as text, because they hold the same part over and over.

Sixty lines like ``let x = [$x, $x]`` make more copies of what ``$x`` began with than any machine could write; each is
a list with the same thing in it twice. Nothing bounds that where it is made, so it is measured where it is kept:
`measured` counts what a value would come to, each part once however often it is held. Counting costs time, so it is
done only for mappings of which `growth.multiplies` cannot tell that they copy little.
"""

from __future__ import annotations

from typing import Any, Final

from headwater.bloblang.errors import BloblangError
from headwater.bloblang.registry import MAX_GROWTH

MOST: Final = 2 * MAX_GROWTH
"""What a document may come to: bytes of text, elements, and some for each container."""
_CONTAINER: Final = 16


def measured(value: Any, most: int = MOST) -> Any:
    """A value, if it does not come to too much.

    Raises:
        BloblangError: It does.
    """
    if type(value) is not dict and type(value) is not list:
        return value
    weights: dict[int, int] = {}
    stack = [value]
    while stack:
        here = stack[-1]
        weight = _CONTAINER + len(here)
        known = True
        for item in here.values() if type(here) is dict else here:
            kind = type(item)
            if kind is str or kind is bytes:
                weight += len(item)
            elif kind is dict or kind is list:
                below = weights.get(id(item))
                if below is None:
                    stack.append(item)
                    known = False
                else:
                    weight += below
        if known:
            if weight > most:
                raise BloblangError(f"result of more than {most} bytes or elements exceeds the limit", True)
            weights[id(stack.pop())] = weight
    return value
