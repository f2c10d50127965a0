"""When a signed address dies, read from the address itself. Pure."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

UNKNOWN_LIFETIME = timedelta(minutes=10)


def expiry_of(url: str, *, now: datetime) -> datetime:
    """The end that S3, Google's and CloudFront's signatures carry; a short life for those that do not say."""
    query = {name.lower(): value for name, value in parse_qsl(urlsplit(url).query)}
    for prefix in ("x-amz", "x-goog"):
        signed_at, seconds = query.get(f"{prefix}-date", ""), query.get(f"{prefix}-expires", "")
        if seconds.isdecimal():
            try:
                return datetime.strptime(signed_at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) + _seconds(seconds)
            except ValueError:
                break
    epoch = query.get("expires", "")
    if epoch.isdecimal() and len(epoch) <= len("9999999999"):
        return datetime.fromtimestamp(int(epoch), UTC)
    return now + UNKNOWN_LIFETIME


def _seconds(text: str) -> timedelta:
    return timedelta(seconds=min(int(text), 7 * 24 * 3600))
