"""The routes: what can be asked of the bot outside a dialogue (show routes, act routes, commands).

A *show* only reads: it may be rendered again at any time (restart, stale button, after a refusal). An *act*
changes something and says, by `Reply.goto`, which show comes next. Handlers fill a `Routes`, `all_routes`
joins them.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from bot.application.resources import Resources
from bot.core.context import Turn
from bot.core.incoming import Incoming
from bot.core.screens import Press, Reply, Screen
from storage.enums import Role

#: What messengers let a deep link carry, as long as a button's argument may be.
_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,40}")

Decide = Callable[[Turn, Press], Screen | Reply]
#: Runs before the unit, outside any transaction: fetch, hash, ask a gateway. Its result is `turn.prepared`.
Prepare = Callable[[Resources, Incoming, Press], Awaitable[Any]]

#: What is typed on a show, with its press → the answer.
Typed = Callable[[Turn, Press, str], Reply | None]

#: Who may press: None means a guest.
Roles = frozenset[Role | None]
EVERYONE: Roles = frozenset([None, *Role])
LOGGED_IN: Roles = frozenset(Role)
GUESTS: Roles = frozenset([None])
OFFICERS: Roles = frozenset([Role.OFFICER])
MANAGERS: Roles = frozenset([Role.DISTRIBUTOR])
EXPERTS: Roles = frozenset([Role.EXPERT, Role.IN_CHARGE])
STAFF_ONLY: Roles = frozenset([Role.STAFF])
REVIEWERS: Roles = EXPERTS | STAFF_ONLY
#: Who still reads what is their own while suspended: officers alone. Everybody else has nothing there but
#: other people's data.
READS_SUSPENDED: Roles = OFFICERS


@dataclass(frozen=True, slots=True)
class Route:
    action: str
    decide: Decide
    roles: Roles
    shows: bool
    prepare: Prepare | None = None
    #: Who of them may still press it while their account is suspended.
    suspended: Roles = frozenset()
    #: An open dialogue goes on below it.
    beside: bool = False
    #: A list in pages, which the ways back from what it leads to return to.
    listed: bool = False
    #: What a text that is typed on this screen asks for, before it is taken for anything else; None where it is nothing here.
    typed: Typed | None = None


class Routes:
    """Routes by action. A doubled action is an error at start."""

    def __init__(self) -> None:
        self.by_action: dict[str, Route] = {}
        #: command without slash → the show it opens
        self.commands: dict[str, Press] = {}
        #: What the payload of a deep link begins with («/start card_…») → the show that takes the rest as its
        #: argument
        self.payloads: dict[str, str] = {}
        #: What a reviewer's text outside a dialogue is taken for: a search. None where it finds nothing.
        self.search: Callable[[Turn, str], Reply | None] | None = None

    def _add(self, route: Route) -> None:
        if route.action in self.by_action:
            raise ValueError(f"route {route.action!r} exists twice")
        self.by_action[route.action] = route

    def show(
        self,
        action: str,
        *,
        roles: Iterable[Role | None],
        prepare: Prepare | None = None,
        suspended: Iterable[Role | None] = (),
        beside: bool = False,
        listed: bool = False,
        typed: Typed | None = None,
    ) -> Callable[[Decide], Decide]:
        """Declare a screen. It must not change anything. A suspended account sees it only in a role of
        `suspended`. `beside`: it may be read in the middle of a dialogue, which goes on below it. `listed`: a list in pages,
        `Press.arg` beginning with the page. `typed`: what a text on it asks for (a search in the list)."""
        return self._declare(action, roles, True, prepare, suspended, beside, listed, typed)

    def act(
        self,
        action: str,
        *,
        roles: Iterable[Role | None],
        prepare: Prepare | None = None,
        suspended: Iterable[Role | None] = (),
    ) -> Callable[[Decide], Decide]:
        """Declare something that changes data or opens a dialogue; `suspended` as in `show`."""
        return self._declare(action, roles, False, prepare, suspended)

    def _declare(
        self,
        action: str,
        roles: Iterable[Role | None],
        shows: bool,
        prepare: Prepare | None,
        suspended: Iterable[Role | None],
        beside: bool = False,
        listed: bool = False,
        typed: Typed | None = None,
    ) -> Callable[[Decide], Decide]:
        route_roles, suspended_roles = frozenset(roles), frozenset(suspended)

        def declare(decide: Decide) -> Decide:
            self._add(
                Route(action, decide, route_roles, shows, prepare, suspended_roles, beside, listed, typed)
            )
            return decide

        return declare

    def include(self, other: Routes) -> None:
        for route in other.by_action.values():
            self._add(route)
        for command, press in other.commands.items():
            if command in self.commands:
                raise ValueError(f"command {command!r} exists twice")
            self.commands[command] = press
        self.payloads |= other.payloads
        self.search = other.search or self.search

    def linked(self, payload: str | None) -> Press | None:
        """The show that a deep link leads to, None where the payload is none of ours."""
        name, _, rest = (payload or "").partition("_")
        if name not in self.payloads or not _PAYLOAD.fullmatch(rest):
            return None
        return Press(self.payloads[name], arg=rest)
