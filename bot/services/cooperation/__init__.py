"""Cooperation requests, contracts and terminations: actions of every side, lists, cards.

See docs/specification.md 2.4, R37–R42.
"""

from bot.services.cooperation.decisions import approve, university_reject
from bot.services.cooperation.lists import (
    LISTS,
    CooperationLine,
    archive_for_officer,
    count_new,
    for_distributor,
    new_for_officer,
    reserved,
)
from bot.services.cooperation.party_actions import (
    accept,
    give_up,
    look_up,
    pick,
    reject,
    university_of,
    withdraw,
)
from bot.services.cooperation.requests import COOPERATION_WORKFLOW, SUBJECT
from bot.services.cooperation.timeline import cooperation_timeline
from bot.services.cooperation.views import (
    DistributorCard,
    ExpertCard,
    OfficerCard,
    distributor_card,
    expert_card,
    expert_card_of,
    officer_card,
)

__all__ = [
    "COOPERATION_WORKFLOW",
    "LISTS",
    "SUBJECT",
    "CooperationLine",
    "DistributorCard",
    "ExpertCard",
    "OfficerCard",
    "accept",
    "approve",
    "archive_for_officer",
    "cooperation_timeline",
    "count_new",
    "distributor_card",
    "expert_card",
    "expert_card_of",
    "for_distributor",
    "give_up",
    "look_up",
    "new_for_officer",
    "officer_card",
    "pick",
    "reject",
    "reserved",
    "university_of",
    "university_reject",
    "withdraw",
]
