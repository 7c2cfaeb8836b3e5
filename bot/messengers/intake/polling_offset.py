"""Where the next getUpdates begins."""

from __future__ import annotations


class Offset:
    """Follows the numbers that came, upwards and downwards.

    Telegram numbers updates anew after a quiet week, perhaps lower. An offset far past the tail of its queue
    then confirms nothing, so the numbers shown are followed down. Where that does not move it either, an
    update shows a number that the messenger does not count by; then the offset goes past as many updates as
    came."""

    def __init__(self) -> None:
        #: What is asked next; None: whatever the messenger has.
        self.value: int | None = None
        #: Whether the last batch moved it upwards, as usual.
        self.rose = False
        #: Where to go on if following the numbers down changes nothing.
        self._counted: int | None = None

    def follow(self, numbers: list[int], count: int) -> bool:
        """Move past a batch of `count` updates that show these numbers. False: there is nothing to count
        from."""
        after = max(numbers) + 1 if numbers else None
        self.rose = after is not None and (self.value is None or after > self.value)
        if self.rose or self.value is None:
            self.value, self._counted = after, None
            return after is not None
        if self._counted is not None:
            self.value, self._counted = self._counted, None
        elif after is not None and after < self.value:
            self.value, self._counted = after, self.value + count
        else:
            self.value += count
        return True

    def reset(self) -> None:
        """Nothing that has come so far is at the messenger any more."""
        self.value = self._counted = None
