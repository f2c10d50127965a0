"""The registry's entries: one TOML file is one checkpoint, ControlNet, LoRA or profile."""

import re
from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from config.scaling import POINTS, OperatingPoint, PointName, WarmHours

SOURCE_SCHEMES = ("huggingface", "civitai", "https", "s3", "gs", "file", "upload")

# Ids end up in queue names, Redis keys and file names.
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Sampler = Literal[
    "euler",
    "euler_a",
    "euler_karras",
    "heun",
    "lms",
    "lms_karras",
    "dpm2",
    "dpm2_a",
    "dpmpp_2m",
    "dpmpp_2m_karras",
    "dpmpp_2m_sde",
    "dpmpp_2m_sde_karras",
    "dpmpp_3m_sde",
    "dpmpp_sde",
    "dpmpp_sde_karras",
    "deis",
    "unipc",
    "ddim",
    "ddpm",
    "lcm",
    "tcd",
]
SAMPLERS: tuple[str, ...] = get_args(Sampler)
# What a ControlNet follows; `ready_made` takes any map as it is.
Control = Literal["canny", "depth", "openpose", "lineart", "scribble", "softedge", "tile", "ready_made"]
# Kinds that follow the picture itself: no map is made of it.
AS_IT_IS: frozenset[Control] = frozenset({"tile", "ready_made"})
# What makes maps; `mock` needs no weights and is for tests.
Detector = Literal["canny", "midas", "openpose", "lineart", "hed", "hed_scribble", "pidinet", "mock"]


def _known_source(value: str) -> str:
    scheme, separator, rest = value.partition(":")
    if scheme not in SOURCE_SCHEMES or not separator or not rest:
        known = ", ".join(f"{scheme}:" for scheme in SOURCE_SCHEMES)
        message = f"must start with one of {known} followed by where the weights are"
        raise ValueError(message)
    if scheme == "huggingface" and not re.fullmatch(r"[\w.-]+/[\w.-]+", rest):
        message = "huggingface: must be followed by owner/repository"
        raise ValueError(message)
    if scheme == "civitai" and not re.fullmatch(r"(\d+@)?\d+", rest):
        message = "civitai: must be followed by the version's number, or model@version"
        raise ValueError(message)
    if scheme == "upload" and not re.fullmatch(r"[0-9a-f]{64}", rest):
        message = "upload: must be followed by the SHA-256 of a file that was attached to /models add or /loras add"
        raise ValueError(message)
    return value


Source = Annotated[str, AfterValidator(_known_source)]


class Entry(BaseModel):
    """What every registry file has in common; unknown keys are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Weights(Entry):
    """Where weights come from. `file` names one file inside a repository or folder."""

    source: Source
    revision: str | None = None
    file: str | None = None
    sha256: Sha256 | None = None


class FusedLora(Weights):
    """A LoRA that is part of a checkpoint (few-step distillations): merged once, after loading."""

    weight: float = Field(1.0, ge=-2, le=2)


class Defaults(Entry):
    """What a job gets when its options are silent. Sizes in pixels; `cfg` is diffusers' guidance_scale."""

    steps: int = Field(ge=1, le=150)
    cfg: float = Field(ge=0, le=30)
    sampler: Sampler = "euler"
    width: int = Field(1024, ge=64, le=2048, multiple_of=8)
    height: int = Field(1024, ge=64, le=2048, multiple_of=8)
    negative_prompt: str = ""


class Limits(Entry):
    """The ranges in which this checkpoint draws well; options outside are refused with these numbers."""

    min_steps: int = Field(1, ge=1)
    max_steps: int = Field(60, ge=1, le=150)
    min_cfg: float = Field(0.0, ge=0)
    max_cfg: float = Field(20.0, ge=0, le=30)
    max_pixels: int = Field(1024 * 1024 * 2, ge=64 * 64)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min_steps > self.max_steps:
            message = f"min_steps {self.min_steps} is above max_steps {self.max_steps}"
            raise ValueError(message)
        if self.min_cfg > self.max_cfg:
            message = f"min_cfg {self.min_cfg} is above max_cfg {self.max_cfg}"
            raise ValueError(message)
        return self


class Checkpoint(Weights):
    """A base model's weights and what Easel must know to draw with them.

    `format` says whether the source is a diffusers folder or one `.safetensors` file. `timestep_spacing` and
    `prediction` come from here and never from the repository's own scheduler config: re-uploads of few-step
    models often carry a wrong one; `zero_terminal_snr` is for v-prediction models that were trained down to pure noise.
    `vae` replaces the checkpoint's VAE, `fused_lora` is merged after loading.
    `config` is the diffusers folder whose configs and tokenizers a single file is read with; default: SDXL base's.
    """

    id: Slug
    name: str = Field(min_length=1, max_length=80)
    base: Literal["sdxl"] = "sdxl"
    format: Literal["folder", "single_file"]
    variant: Literal["fp16"] | None = None
    prediction: Literal["epsilon", "v_prediction"] = "epsilon"
    timestep_spacing: Literal["leading", "trailing", "linspace"] = "leading"
    zero_terminal_snr: bool = False
    vae: Weights | None = None
    fused_lora: FusedLora | None = None
    config: Weights | None = None
    licence: str = Field(min_length=1)
    licence_url: str | None = None
    vram_gb: float = Field(gt=0, le=192)
    download_gb: float = Field(gt=0, le=200)
    defaults: Defaults
    limits: Limits = Limits()

    @model_validator(mode="after")
    def _defaults_within_limits(self) -> Self:
        if not self.limits.min_steps <= self.defaults.steps <= self.limits.max_steps:
            message = f"defaults.steps {self.defaults.steps} is outside limits"
            raise ValueError(message)
        if not self.limits.min_cfg <= self.defaults.cfg <= self.limits.max_cfg:
            message = f"defaults.cfg {self.defaults.cfg} is outside limits"
            raise ValueError(message)
        return self


class ControlNet(Weights):
    """A ControlNet of one kind for one base family."""

    id: Slug
    name: str = Field(min_length=1, max_length=80)
    base: Literal["sdxl"] = "sdxl"
    variant: Literal["fp16"] | None = None
    control: Control
    preprocessor: Slug | None = None
    licence: str = Field(min_length=1)
    vram_gb: float = Field(gt=0, le=192)
    download_gb: float = Field(gt=0, le=200)


class Preprocessor(Entry):
    """What makes a ControlNet's map of a picture. Every file of weights is pinned by its hash: some are pickles.

    They are opened with `weights_only`, which runs no code. `files` are in the order that the detector names them.
    """

    id: Slug
    name: str = Field(min_length=1, max_length=80)
    detector: Detector
    files: tuple[Weights, ...] = ()
    licence: str = Field(min_length=1)

    @model_validator(mode="after")
    def _pinned(self) -> Self:
        for file in self.files:
            if file.sha256 is None:
                message = f"{file.file or file.source} needs a sha256"
                raise ValueError(message)
        return self


class SafetyChecker(Weights):
    """`safety.toml`: what looks at every finished picture; without the file nothing does.

    The source is a folder, as a StableDiffusionSafetyChecker of diffusers and its CLIPImageProcessor are saved:
    `config.json`, `preprocessor_config.json` and `model.safetensors`, to which `sha256` belongs.
    """

    id: Slug
    licence: str = Field(min_length=1)


class Lora(Weights):
    """A LoRA with the words that call it; `weight` is the default strength."""

    id: Slug
    name: str = Field(min_length=1, max_length=80)
    base: Literal["sdxl"] = "sdxl"
    trigger_words: tuple[str, ...] = ()
    weight: float = Field(0.8, ge=-2, le=2)
    licence: str = Field(min_length=1)
    download_gb: float = Field(gt=0, le=20)


class Worn(Entry):
    """A LoRA of a set; without a `weight` it is worn at its own."""

    lora: Slug
    weight: float | None = Field(None, ge=-2, le=2)


class LoraSet(Entry):
    """LoRAs under one word: an era, a style, a cast."""

    id: Slug
    name: str = Field(min_length=1, max_length=80)
    loras: tuple[Worn, ...] = Field(min_length=1, max_length=5)
    add_trigger_words: bool = True


class GpuRequirements(Entry):
    """What a machine must offer. Memory in GB, bandwidth in Mbit/s; an empty `names` allows any GPU."""

    names: tuple[str, ...] = ()
    min_vram_gb: float = Field(10, gt=0)
    min_compute_capability: float = Field(7.5, gt=0)
    min_cuda: float = Field(12.4, gt=0)
    min_reliability: float = Field(0.95, ge=0, le=1)
    min_download_mbps: float = Field(200, ge=0)
    verified_only: bool = True
    countries: tuple[str, ...] = ()


ProviderName = Literal["vast", "ec2", "runpod", "static"]


class DeviceOptions(Entry):
    """How a worker uses its device. Nothing is on by default that changes a picture.

    `kind` auto is the GPU where there is one that can be used, else the CPU; but on a rented machine auto means cuda,
    and a worker that cannot use the GPU there says why and ends: a CPU is not what was paid for.
    `dtype` auto is float16 on a GPU and float32 on a CPU. `attention` picks PyTorch's kernel. `compile` regional
    compiles the UNet's transformer blocks: the first picture of each size waits for it. `vae_tiling_above_pixels`
    decodes larger pictures in tiles, with less memory. `cache_gb` bounds what loaded checkpoints take, by default all
    of a GPU's memory but 5 GB, or half of a CPU's.
    """

    kind: Literal["auto", "cuda", "cpu"] = "auto"
    dtype: Literal["auto", "float16", "bfloat16", "float32"] = "auto"
    channels_last: bool = False
    attention: Literal["auto", "flash", "efficient", "cudnn", "math"] = "auto"
    compile: Literal["off", "regional"] = "off"
    vae_tiling_above_pixels: int | None = Field(None, ge=64 * 64)
    cache_gb: float | None = Field(None, gt=0)


class Profile(Entry):
    """A whole worker, declared: image, models to warm, GPU, price cap, provider order.

    `image_gb` is what a machine without the image pulls: the layers as the registry keeps them, compressed.
    `boot_deadline_s` and `boot_deadline_min_s` bound how long a rented machine may take to get ready; between them the
    offer's own figures decide.
    `idle_s` replaces both idle times of the fleet's operating point; `interruptible` also takes machines that a higher
    bid takes away (a job on them then starts again elsewhere); `ssh` rents machines into which
    `python -m provisioner ssh` can log in.
    """

    id: Slug
    image: str = Field(min_length=1)
    image_gb: float = Field(3.3, gt=0, le=100)
    command: tuple[str, ...] = ("python", "-m", "gpu_worker")
    providers: tuple[ProviderName, ...] = Field(("vast",), min_length=1)
    warm: tuple[Slug, ...] = ()
    gpu: GpuRequirements = GpuRequirements()
    device: DeviceOptions = DeviceOptions()
    disk_gb: float = Field(40, ge=8)
    max_usd_per_hour: float = Field(0.6, gt=0)
    boot_deadline_s: float = Field(600, ge=10)
    boot_deadline_min_s: float = Field(300, ge=10)
    idle_s: float | None = Field(None, ge=5)
    interruptible: bool = False
    ssh: bool = False
    environment: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _deadlines_in_order(self) -> Self:
        """Only where both are given: one that is short alone is meant to be short."""
        both = {"boot_deadline_s", "boot_deadline_min_s"} <= self.model_fields_set
        if both and self.boot_deadline_min_s > self.boot_deadline_s:
            message = (
                f"boot_deadline_min_s is {self.boot_deadline_min_s:g}, and boot_deadline_s, the longest one, "
                f"only {self.boot_deadline_s:g}"
            )
            raise ValueError(message)
        return self


class OwnGpu(Entry):
    """A machine of one's own, only counted; `id` is its worker's EASEL_WORKER_ID."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    gpu: str = Field(min_length=1, max_length=64)


class Ec2Instance(Entry):
    """An EC2 instance of one's own that is started and stopped. Prices in US dollars, as the owner pays them.

    `usd_per_hour` is the running instance without its disk; the disk costs `storage_usd_per_hour` even while it is
    stopped. `address` and `user` are for `ssh`.
    """

    instance_id: Annotated[str, StringConstraints(pattern=r"^i-[0-9a-f]{8,17}$")]
    region: str = Field(min_length=1)
    gpu: str = Field(min_length=1, max_length=64)
    vram_gb: float = Field(gt=0)
    compute_capability: float = Field(gt=0)
    cuda: float = Field(13.0, gt=0)
    usd_per_hour: float = Field(gt=0)
    storage_usd_per_hour: float = Field(0.0, ge=0)
    address: Literal["public", "private"] = "public"
    user: str = "ubuntu"


class Fleet(Entry):
    """`fleet.toml`: what the provisioner may do. The caps hold whatever the queue says.

    `operating_point` names how eager it is, `scaling` describes a point of one's own instead, and `tolerated_wait_s`
    changes that one figure of either. Within `warm_hours` one worker stays up whatever the queue says.
    `max_age_h`: a machine as old as this is replaced once it is idle. Below `credit_floor_usd` of the provider's own
    credit nothing more is rented.
    """

    deployment: Slug = "easel"
    profile: Slug = "standard"
    operating_point: PointName = "standard"
    scaling: OperatingPoint | None = None
    tolerated_wait_s: float | None = Field(None, gt=0)
    warm_hours: tuple[WarmHours, ...] = ()
    max_instances: int = Field(3, ge=0, le=100)
    max_usd_per_hour: float = Field(2.0, ge=0)
    max_usd_per_day: float = Field(10.0, ge=0)
    max_usd_per_month: float = Field(150.0, ge=0)
    max_age_h: float = Field(24.0, ge=0.1)
    credit_floor_usd: float = Field(1.0, ge=0)
    max_creates_per_10_min: int = Field(6, ge=1)
    own_gpus: tuple[OwnGpu, ...] = ()
    ec2: tuple[Ec2Instance, ...] = ()


def point_of(fleet: Fleet, profile: Profile) -> OperatingPoint:
    """The operating point with what fleet and profile change in it."""
    changes: dict[str, float] = {}
    if fleet.tolerated_wait_s is not None:
        changes["tolerated_wait_s"] = fleet.tolerated_wait_s
    if profile.idle_s is not None:
        changes |= {"idle_last_s": profile.idle_s, "idle_rest_s": profile.idle_s}
    return (fleet.scaling or POINTS[fleet.operating_point]).model_copy(update=changes)


class Quotas(Entry):
    """`quotas.toml`: how much one member may ask for at once, and how long a job may wait in all.

    `max_upload_mb`: the largest file that may be attached to `/models add` and `/loras add`.
    """

    max_outstanding_per_user: int = Field(10, ge=1)
    max_outstanding: int = Field(500, ge=1)
    max_job_age_s: float = Field(6 * 3600, ge=60)
    max_upload_mb: int = Field(500, ge=1, le=2000)
