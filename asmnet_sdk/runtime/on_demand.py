"""What is made when it is first asked for: once, whichever thread asks first."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from asmnet_sdk.errors import ModelError

__all__ = ["OnDemand"]

_Value = TypeVar("_Value")


class OnDemand(Generic[_Value]):
    """A value that all threads share; what is pickled or forked makes its own.

    Args:
        make: Makes the value.
        name: How errors call it.
    """

    def __init__(self, make: Callable[[], _Value], *, name: str) -> None:
        self.__setstate__((make, name, False))

    def __getstate__(self) -> tuple[Callable[[], _Value], str, bool]:
        return self._make, self._name, self._is_closed

    def __setstate__(self, state: tuple[Callable[[], _Value], str, bool]) -> None:
        self._make, self._name, self._is_closed = state
        self._value: _Value | None = None
        self._lock = threading.Lock()
        _LIVING.add(self)

    @property
    def is_closed(self) -> bool:
        """Whether ``get`` refuses."""
        return self._is_closed

    def get(self) -> _Value:
        """Return the value.

        Raises:
            ModelError: It was closed.
        """
        value = self._value
        if value is not None:
            return value
        with self._lock:
            if self._is_closed:
                raise ModelError(f"{self._name} was closed")
            if self._value is None:
                self._value = self._make()
            return self._value

    def close(self) -> _Value | None:
        """Make no more of them; return the one there is, for the caller to free."""
        with self._lock:
            self._is_closed = True
            return self.forget()

    def forget(self) -> _Value | None:
        """Return the value there is; the next ``get`` makes another one."""
        value, self._value = self._value, None
        return value

    def _unlock(self) -> None:
        """In a forked child: whoever held the lock does not exist here."""
        self._lock = threading.Lock()


_LIVING: weakref.WeakSet[OnDemand[Any]] = weakref.WeakSet()


def _unlock_all() -> None:
    for value in _LIVING:
        value._unlock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlock_all)
