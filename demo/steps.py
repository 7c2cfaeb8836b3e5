"""What a person does and sees, one step after the other, in one expression."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Generator
from functools import wraps
from typing import Any, Generic, ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")


class Steps(Generic[T]):
    """`await sara.tap("زن").sees("شماره شناسنامه")`: done in this order when awaited; the value is that of the last."""

    def __init__(self, person: Any, doing: Coroutine[Any, Any, T]) -> None:
        self._person, self._doing = person, doing

    def __await__(self) -> Generator[Any, Any, T]:
        return self._doing.__await__()

    def __getattr__(self, name: str) -> Callable[..., Steps[Any]]:
        """The person's method of this name as the next step."""
        method = getattr(self._person, name)

        async def both(*args: Any, **options: Any) -> Any:
            await self._doing
            done = method(*args, **options)
            return await done if inspect.isawaitable(done) else done

        return lambda *args, **options: Steps(self._person, both(*args, **options))

    def close(self) -> None:
        """It will not be awaited."""
        self._doing.close()


def step(method: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Steps[T]]:
    """A coroutine method of a person that others may follow."""

    @wraps(method)
    def begin(*args: P.args, **options: P.kwargs) -> Steps[T]:
        return Steps(args[0], method(*args, **options))

    return begin
