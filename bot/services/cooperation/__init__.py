"""Cooperation requests, contracts and terminations: actions of every side, lists, cards.

See docs/specification.md 2.4, R37–R42.
"""

from bot.services.cooperation.decisions import approve, university_reject
from bot.services.cooperation.lists import (
    LISTS,
    CooperationLine,
    archive_for_officer,
    count_new,
    find,
    for_distributor,
    mine,
    new_for_officer,
    queue,
    reserved,
    under_way,
)
from bot.services.cooperation.party_actions import accept, give_up, pick, reject, university_of, withdraw
from bot.services.cooperation.requests import KIND, SUBJECT
from bot.services.cooperation.timeline import timeline
from bot.services.cooperation.views import (
    DistributorCard,
    ExpertCard,
    OfficerCard,
    distributor_card,
    expert_card,
    officer_card,
)

__all__ = [
    "KIND",
    "LISTS",
    "SUBJECT",
    "CooperationLine",
    "DistributorCard",
    "ExpertCard",
    "OfficerCard",
    "accept",
    "approve",
    "archive_for_officer",
    "assign",
    "claim",
    "count_new",
    "distributor_card",
    "expert_card",
    "find",
    "for_distributor",
    "give_up",
    "mine",
    "new_for_officer",
    "officer_card",
    "pick",
    "queue",
    "reject",
    "release",
    "release_all",
    "reserved",
    "timeline",
    "under_way",
    "university_of",
    "university_reject",
    "withdraw",
]

claim, release, release_all, assign = KIND.claim, KIND.release, KIND.release_all, KIND.assign
