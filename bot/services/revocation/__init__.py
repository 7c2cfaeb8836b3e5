"""What staff take back, with a reason: an approval that is not paid, a qualification, an amendment (docs/specification.md 2.2)."""

from bot.services.revocation.consequences import Consequences, consequences_of, refused_because
from bot.services.revocation.revoking import revoke

__all__ = ["Consequences", "consequences_of", "refused_because", "revoke"]
