"""From the names that annotation tools give to points, in any order, to a layout's order."""

from __future__ import annotations

from collections.abc import Sequence

from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.layouts import LAYOUTS, Layout

__all__ = ["order_of_names"]


def order_of_names(names: Sequence[str], layouts: Sequence[Layout], *, where: str) -> list[int]:
    """Return for each point of the layout which of the names is its.

    Args:
        names: Point names of a layout, or the numbers 0 to K - 1, in any order.
        layouts: Layouts that may be meant, beside those of the package.
        where: What an error names.

    Raises:
        InvalidInputError: A name occurs twice, or they are those of no layout.
    """
    places = {name: index for index, name in enumerate(names)}
    if len(places) != len(names):
        twice = next(name for index, name in enumerate(names) if places[name] != index)
        raise InvalidInputError(f"{where}: point {twice[:40]!r} occurs twice in one face")
    numbers = [str(number) for number in range(len(names))]
    for wanted in (numbers, *(layout.point_names for layout in (*layouts, *LAYOUTS.values()))):
        if set(wanted) == places.keys():
            return [places[name] for name in wanted]
    known = ", ".join(layout.name for layout in (*layouts, *LAYOUTS.values()))
    raise InvalidInputError(
        f"{where}: its {len(names)} points ({', '.join(names[:3])[:80]}, ...) are those of none of "
        f"{known}, nor the numbers from 0"
    )
