"""The English sentences, by area. Names in braces are filled in; what strangers typed arrives already made harmless."""

from bot.wording.english.alerts import ALERTS
from bot.wording.english.drawing import DRAWING
from bot.wording.english.fleet import FLEET
from bot.wording.english.help import HELP
from bot.wording.english.house import HOUSE
from bot.wording.english.jobs import JOBS
from bot.wording.english.people import PEOPLE
from bot.wording.english.privacy import PRIVACY
from bot.wording.english.shelf import SHELF
from bot.wording.english.studio import STUDIO

ENGLISH: dict[str, str] = STUDIO | JOBS | HOUSE | PEOPLE | PRIVACY | HELP | ALERTS | DRAWING | SHELF | FLEET
