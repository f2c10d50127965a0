"""Files that were attached to `/models add` and `/loras add`: their bytes, where every trusted process finds them."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Engine, LargeBinary, String, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from tasks.ledger.engine import Sessions
from tasks.ledger.models import Base
from tasks.ledger.published import PublishedEntry
from tasks.uploads import chunks_in

# A removed entry can be brought back, and jobs that wait with it are still drawn.
KEPT_UNWANTED = timedelta(days=7)


class Upload(Base):
    """One file. `unwanted_since`: nothing that is published needs it."""

    __tablename__ = "uploads"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size_bytes: Mapped[int]
    is_whole: Mapped[bool]
    unwanted_since: Mapped[datetime | None]


class UploadChunk(Base):
    """`tasks.uploads.CHUNK_BYTES` of it, the last one fewer."""

    __tablename__ = "upload_chunks"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class UploadLedger:
    """One transaction for each chunk: nobody waits behind a whole file."""

    def __init__(self, engine: Engine) -> None:
        self._session = Sessions(engine)

    def keep(self, sha256: str, *, size_bytes: int, chunks: Iterable[bytes]) -> None:
        """Write a file down; what is here already is not read again."""
        with self._session.begin() as session:
            known = session.get(Upload, sha256)
            if known is None:
                known = Upload(sha256=sha256, size_bytes=size_bytes, is_whole=False)
                session.add(known)
            known.unwanted_since = None
            is_whole = known.is_whole
        if not is_whole:
            for number, data in enumerate(chunks):
                with self._session.begin() as session:
                    session.merge(UploadChunk(sha256=sha256, number=number, data=data))
            self._set_whole(sha256, is_whole=True)

    def size(self, sha256: str) -> int | None:
        """Bytes of a file; None where we do not have it, or not the whole of it."""
        with self._session() as session:
            return session.scalar(select(Upload.size_bytes).where(Upload.sha256 == sha256, Upload.is_whole))

    def chunk(self, sha256: str, number: int) -> bytes | None:
        """One chunk, counted from 0."""
        with self._session() as session:
            found = UploadChunk.sha256 == sha256, UploadChunk.number == number
            return session.scalar(select(UploadChunk.data).where(*found))

    def tidy(self, *, now: datetime) -> list[str]:
        """Forget files that nothing published has needed for a week; returns their hashes."""
        wanted = Upload.sha256.in_(
            select(PublishedEntry.sha256).where(PublishedEntry.removed_at.is_(None), PublishedEntry.sha256.is_not(None))
        )
        with self._session.begin() as session:
            session.execute(update(Upload).where(wanted).values(unwanted_since=None))
            fresh = update(Upload).where(~wanted, Upload.unwanted_since.is_(None))
            session.execute(fresh.values(unwanted_since=now))
            over = select(Upload).where(Upload.unwanted_since <= now - KEPT_UNWANTED)
            leaving = [(each.sha256, each.size_bytes) for each in session.scalars(over)]
        for sha256, size_bytes in leaving:
            self._forget(sha256, size_bytes)
        return [sha256 for sha256, _ in leaving]

    def _forget(self, sha256: str, size_bytes: int) -> None:
        self._set_whole(sha256, is_whole=False)
        for number in range(chunks_in(size_bytes)):
            with self._session.begin() as session:
                session.execute(delete(UploadChunk).where(UploadChunk.sha256 == sha256, UploadChunk.number == number))
        with self._session.begin() as session:
            session.execute(delete(Upload).where(Upload.sha256 == sha256, ~Upload.is_whole))

    def _set_whole(self, sha256: str, *, is_whole: bool) -> None:
        with self._session.begin() as session:
            session.execute(update(Upload).where(Upload.sha256 == sha256).values(is_whole=is_whole))
