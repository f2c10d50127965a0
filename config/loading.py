"""Reads a configuration folder into a `Registry`, collecting every problem on the way."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from config.problems import ConfigurationError, Problem, problems_of
from config.registry import (
    Checkpoint,
    ControlNet,
    Fleet,
    Lora,
    LoraSet,
    Preprocessor,
    Profile,
    Quotas,
    SafetyChecker,
)

DEFAULT_DIRECTORY = Path(__file__).parent

_Entry = TypeVar("_Entry", bound=BaseModel)


@dataclass(frozen=True)
class Registry:
    """All that the owner configured in TOML; the mappings are keyed by the entries' ids, in file-name order."""

    checkpoints: Mapping[str, Checkpoint]
    controlnets: Mapping[str, ControlNet]
    loras: Mapping[str, Lora]
    profiles: Mapping[str, Profile]
    fleet: Fleet
    quotas: Quotas
    preprocessors: Mapping[str, Preprocessor] = field(default_factory=dict)
    lora_sets: Mapping[str, LoraSet] = field(default_factory=dict)
    safety: SafetyChecker | None = None

    @property
    def profile(self) -> Profile:
        """The profile that the fleet rents by."""
        return self.profiles[self.fleet.profile]

    @property
    def default_checkpoint(self) -> Checkpoint:
        """What `/imagine` draws with when no model is named: the profile's first warm one, else the first."""
        warm = [name for name in self.profile.warm if name in self.checkpoints]
        return self.checkpoints[warm[0]] if warm else next(iter(self.checkpoints.values()))


@dataclass
class _Reader:
    directory: Path
    problems: list[Problem] = field(default_factory=list)

    def entries(self, folder: str, kind: type[_Entry]) -> dict[str, _Entry]:
        found: dict[str, _Entry] = {}
        for path in sorted((self.directory / folder).glob("*.toml")):
            entry = self.file(path, kind)
            if entry is None:
                continue
            identifier = _id_of(entry)
            if identifier != path.stem:
                self._note(path, "id", f"is {identifier!r} but the file is named {path.stem!r}; they must agree")
            found[identifier] = entry
        return found

    def file(self, path: Path, kind: type[_Entry]) -> _Entry | None:
        content = self._toml(path)
        if content is None:
            return None
        try:
            return kind.model_validate(content)
        except ValidationError as error:
            self.problems += problems_of(error, place=self._place(path))
            return None

    def optional_file(self, name: str, kind: type[_Entry]) -> _Entry | None:
        path = self.directory / name
        return self.file(path, kind) if path.exists() else kind()

    def _toml(self, path: Path) -> dict[str, Any] | None:
        try:
            return tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            self._note(path, "", f"is not valid TOML: {error}")
        except OSError as error:
            self._note(path, "", f"cannot be read: {error.strerror}")
        return None

    def _note(self, path: Path, key: str, reason: str) -> None:
        self.problems.append(Problem(self._place(path), key, reason))

    def _place(self, path: Path) -> str:
        return str(path.relative_to(self.directory))


def load_registry(directory: Path = DEFAULT_DIRECTORY) -> Registry:
    """The registry in `directory`.

    Raises:
        ConfigurationError: with every problem in every file, by file, key and reason.
    """
    if not directory.is_dir():
        raise ConfigurationError.single(str(directory), "", "is not a folder; EASEL_CONFIG_DIR names it")
    reader = _Reader(directory)
    checkpoints = reader.entries("models", Checkpoint)
    controlnets = reader.entries("controlnets", ControlNet)
    loras = reader.entries("loras", Lora)
    preprocessors = reader.entries("preprocessors", Preprocessor)
    lora_sets = reader.entries("lora_sets", LoraSet)
    profiles = reader.entries("profiles", Profile)
    fleet = reader.optional_file("fleet.toml", Fleet)
    quotas = reader.optional_file("quotas.toml", Quotas)
    safety_file = directory / "safety.toml"
    safety = reader.file(safety_file, SafetyChecker) if safety_file.exists() else None
    problems = [
        *reader.problems,
        *_missing(checkpoints, profiles, fleet),
        *_unknown_preprocessors(controlnets, preprocessors),
        *_unknown_loras(lora_sets, loras),
    ]
    if problems or fleet is None or quotas is None:
        raise ConfigurationError(problems)
    return Registry(checkpoints, controlnets, loras, profiles, fleet, quotas, preprocessors, lora_sets, safety)


def _unknown_preprocessors(
    controlnets: Mapping[str, ControlNet], preprocessors: Mapping[str, Preprocessor]
) -> list[Problem]:
    return [
        Problem(f"controlnets/{name}.toml", "preprocessor", f"{entry.preprocessor!r} is not in preprocessors/")
        for name, entry in controlnets.items()
        if entry.preprocessor is not None and entry.preprocessor not in preprocessors
    ]


def _unknown_loras(lora_sets: Mapping[str, LoraSet], loras: Mapping[str, Lora]) -> list[Problem]:
    return [
        Problem(f"lora_sets/{name}.toml", "loras", f"{worn.lora!r} is not in loras/")
        for name, entry in lora_sets.items()
        for worn in entry.loras
        if worn.lora not in loras
    ]


def _missing(
    checkpoints: Mapping[str, Checkpoint], profiles: Mapping[str, Profile], fleet: Fleet | None
) -> list[Problem]:
    problems = []
    if not checkpoints:
        problems.append(Problem("models", "", "holds no usable checkpoint; at least one TOML file is needed"))
    for name, profile in profiles.items():
        problems += [
            Problem(f"profiles/{name}.toml", "warm", f"names {model!r}, which is not a checkpoint in models/")
            for model in profile.warm
            if model not in checkpoints
        ]
    if fleet is not None and fleet.profile not in profiles:
        known = ", ".join(sorted(profiles)) or "none"
        problems.append(Problem("fleet.toml", "profile", f"{fleet.profile!r} is not in profiles/ (there: {known})"))
    return problems


def _id_of(entry: BaseModel) -> str:
    identifier: str = getattr(entry, "id", "")
    return identifier
