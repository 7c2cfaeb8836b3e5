"""Colleagues of a university together: notes on files, leave and deputies, many files at once, figures."""

from bot.services.team.bulk import (
    MOST,
    BulkFile,
    BulkResult,
    BulkSource,
    assign_many,
    candidates,
    claim_next,
    plan,
    sources,
)
from bot.services.team.figures import (
    ColleagueFigures,
    TeamFigures,
    figures_of,
    own_figures,
    team_figures,
    week_start,
)
from bot.services.team.leave import (
    LeaveLine,
    check_days,
    check_deputy,
    end_leave,
    end_past_leaves,
    own_leave,
    take_leave,
    team_leaves,
)
from bot.services.team.notes import Workflow, add_note, notes_of

__all__ = [
    "MOST",
    "BulkFile",
    "BulkResult",
    "BulkSource",
    "ColleagueFigures",
    "LeaveLine",
    "TeamFigures",
    "Workflow",
    "add_note",
    "assign_many",
    "candidates",
    "check_days",
    "check_deputy",
    "claim_next",
    "end_leave",
    "end_past_leaves",
    "figures_of",
    "notes_of",
    "own_figures",
    "own_leave",
    "plan",
    "sources",
    "take_leave",
    "team_figures",
    "team_leaves",
    "week_start",
]
