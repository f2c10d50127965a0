"""What members keep in the ledger: defaults and styles."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Engine, bindparam, select

from tasks.ledger.engine import Sessions
from tasks.ledger.people_models import Style, UserSettings, scope_of_guild, scope_of_user

_SETTINGS = select(UserSettings.values_json).where(UserSettings.user_id == bindparam("user", type_=BigInteger))


class PeopleLedger:
    """Defaults and styles. Returned rows are detached and read-only."""

    def __init__(self, engine: Engine) -> None:
        self._session = Sessions(engine)

    def settings(self, user_id: int) -> dict[str, Any]:
        """A member's defaults; empty where they have none."""
        with self._session() as session:
            return dict(session.scalar(_SETTINGS, {"user": user_id}) or {})

    def wants_mention(self, user_id: int) -> bool:
        """Whether a result that comes as a new message may ping them."""
        return self.settings(user_id).get("notify") != "none"

    def set(self, user_id: int, changes: dict[str, Any]) -> dict[str, Any]:
        """Change some defaults and return all of them."""
        with self._session.begin() as session:
            row = session.get(UserSettings, user_id)
            values = (dict(row.values_json) if row else {}) | changes
            session.merge(UserSettings(user_id=user_id, values_json=values))
            return values

    def reset(self, user_id: int) -> bool:
        """Forget a member's defaults; False where there were none."""
        with self._session.begin() as session:
            row = session.get(UserSettings, user_id)
            if row is not None:
                session.delete(row)
            return row is not None

    def forget(self, user_id: int, name: str) -> bool:
        """Forget one of a member's defaults; False where it was none."""
        with self._session.begin() as session:
            row = session.get(UserSettings, user_id)
            if row is None or name not in row.values_json:
                return False
            row.values_json = {kept: value for kept, value in row.values_json.items() if kept != name}
            return True

    def styles(self, user_id: int, guild_id: int | None) -> Sequence[Style]:
        """A member's own styles and the server's, by name; of two with one name the own one comes first."""
        scopes = [scope_of_user(user_id)] + ([] if guild_id is None else [scope_of_guild(guild_id)])
        with self._session() as session:
            found = session.scalars(select(Style).where(Style.scope.in_(scopes))).all()
        return sorted(found, key=lambda style: (style.name, style.shared))

    def style(self, scope: str, name: str) -> Style | None:
        """One style."""
        with self._session() as session:
            return session.get(Style, {"scope": scope, "name": name})

    def put_style(self, style: Style) -> None:
        """Save a style in the place of the one with its name."""
        with self._session.begin() as session:
            session.merge(style)

    def drop_style(self, scope: str, name: str) -> bool:
        """Forget a style; False where there is none."""
        with self._session.begin() as session:
            row = session.get(Style, {"scope": scope, "name": name})
            if row is not None:
                session.delete(row)
            return row is not None
