"""What a search finds people and companies by, and the searches that a chat may turn the pages of."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlmodel import Field, SQLModel

from storage.enums import SearchSubject
from storage.tables.columns import bigint_column, created, enum_column, primary_key, reference

#: Compared by bytes on both databases, so that a beginning is a range of the key.
_KEY = String(60).with_variant(String(60, collation="C"), "postgresql")
#: `SearchKey.scope` of those who see everything.
EVERYWHERE = "*"
#: Where companies and guilds alone are searched.
COMPANIES = "*companies"


class SearchKey(SQLModel, table=True):
    """One beginning that a person or company is found by: the folded name from one of its words on, or the last digits
    of a national code. `scope` is a university whose experts may find it, or EVERYWHERE."""

    __tablename__ = "search_key"
    __table_args__ = (
        Index("ix_search_key_subject", "kind", "subject_id", "scope", "key"),
        {"sqlite_with_rowid": False},
    )

    scope: str = Field(primary_key=True, max_length=32)
    key: str = Field(primary_key=True, sa_type=_KEY)
    kind: SearchSubject = enum_column(SearchSubject, primary_key=True)
    #: account.id or distributor.id
    subject_id: int = bigint_column(primary_key=True)


class SearchQuery(SQLModel, table=True):
    """What somebody searched for: its results are read anew for every page. Kept for a day."""

    __tablename__ = "search_query"

    id: int | None = primary_key()
    account_id: int = reference("account.id")
    text: str = Field(max_length=200)
    created_at: datetime = created()
