"""Every dialogue there is. One test goes over them: doubled ids, missing texts, unreachable steps, long
labels."""

from conversations.account import invitation, login, password_and_mobile, registration
from conversations.distributor import branches
from conversations.distributor import registration as distributor_registration
from conversations.engine.declaration import Dialogue
from conversations.expert import bulk, cooperation_review, deficiencies, phrases, review, team
from conversations.officer import cooperation, deficiency_response, personal_details, qualification
from conversations.staff import audit_search, catalogue, experts, letter, refunds, revocation

ALL: tuple[Dialogue, ...] = (
    registration.REGISTER,
    login.LOG_IN,
    login.RECOVER_ACCESS,
    invitation.ACCEPT_INVITATION,
    invitation.ADD_INVITED_ROLE,
    password_and_mobile.CHANGE_PASSWORD,
    password_and_mobile.CHANGE_MOBILE,
    qualification.QUALIFICATION_REQUEST,
    deficiency_response.RESOLVE_DEFICIENCIES,
    personal_details.EDIT_PERSONAL_DETAILS,
    review.REJECT_QUALIFICATION,
    deficiencies.DECLARE_DEFICIENCIES,
    review.SEARCH_REQUESTS,
    experts.NEW_EXPERT,
    experts.RESET_ACCESS,
    refunds.REFUND,
    refunds.CORRECT_REFUND,
    revocation.REVOKE,
    *catalogue.DIALOGUES,
    cooperation.REFUSE_COOPERATION,
    cooperation.TERMINATE_COOPERATION,
    branches.NEW_BRANCH,
    branches.EDIT_BRANCH,
    branches.PICK_OFFICER,
    branches.FIND_BRANCH,
    branches.FIND_STAFF_BRANCH,
    cooperation_review.REJECT_COOPERATION,
    *team.DIALOGUES,
    *phrases.DIALOGUES,
    bulk.BULK_ASSIGN,
    bulk.BULK_ASSIGN_COOPERATION,
    distributor_registration.NEW_DISTRIBUTOR,
    distributor_registration.EDIT_DISTRIBUTOR,
    distributor_registration.ADD_MANAGER,
    distributor_registration.EDIT_OWN,
    distributor_registration.FIND_DISTRIBUTOR,
    letter.WRITE_LETTER,
    audit_search.AUDIT_SEARCH,
)
