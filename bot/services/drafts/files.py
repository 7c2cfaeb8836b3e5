"""Rows of the files that an answer holds: kept and found again, the account's own alone."""

from __future__ import annotations

from collections.abc import Collection

from sqlmodel import Session, col, select

from storage.tables import StoredFile


def keep(db: Session, *, account_id: int, file: StoredFile) -> StoredFile:
    """Add a row for a file that was checked and encrypted before the unit. It is a copy: a unit may run twice."""
    stored = StoredFile(**file.model_dump(exclude={"id", "account_id"}), account_id=account_id)
    db.add(stored)
    db.flush()
    return stored


def own_files(db: Session, *, account_id: int, ids: Collection[int]) -> dict[int | None, StoredFile]:
    """Those of `ids` that are this account's, by id."""
    mine = select(StoredFile).where(col(StoredFile.id).in_(ids), StoredFile.account_id == account_id)
    return {file.id: file for file in db.exec(mine).all()}


def ids_of_content(db: Session, *, account_id: int, sha256: str) -> list[int | None]:
    """The account's files with these bytes."""
    same = select(StoredFile.id).where(StoredFile.account_id == account_id, StoredFile.sha256 == sha256)
    return list(db.exec(same).all())
