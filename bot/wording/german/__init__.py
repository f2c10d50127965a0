"""The German sentences, by area; what is missing is said in English. Names in braces as in `bot.wording.english`."""

from bot.wording.german.alerts import ALERTS
from bot.wording.german.drawing import DRAWING
from bot.wording.german.fleet import FLEET
from bot.wording.german.help import HELP
from bot.wording.german.house import HOUSE
from bot.wording.german.jobs import JOBS
from bot.wording.german.people import PEOPLE
from bot.wording.german.privacy import PRIVACY
from bot.wording.german.shelf import SHELF
from bot.wording.german.studio import STUDIO

GERMAN: dict[str, str] = STUDIO | JOBS | HOUSE | PEOPLE | PRIVACY | HELP | ALERTS | DRAWING | SHELF | FLEET
