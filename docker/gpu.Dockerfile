# The image of a GPU worker, on a rented machine or on one's own card. Everything is in it: nothing is installed at boot.
# Three layers on top of each other: torch (gigabytes, seldom new), libraries, our code (a release is a pull of this one).
# There is no CUDA base image: torch's wheels bring CUDA's libraries, the host brings the driver.
#   docker build -f docker/gpu.Dockerfile --target worker -t easel-gpu --build-arg EASEL_RELEASE=… .

FROM python:3.11-slim-bookworm AS base
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python3 -m venv /opt/venv && useradd --uid 10001 --create-home easel && install -d -o easel /data
WORKDIR /app

# What each layer installs, to the last version. The layers below look at these two files alone.
FROM base AS versions
COPY docker/pinned.py requirements/base.in requirements/gpu.in requirements/pins.txt ./
RUN --mount=type=cache,target=/root/.cache/pip \
    resolve() { pip install --dry-run --ignore-installed --quiet --report - -c pins.txt "$@"; } \
    && grep -E '^torch(vision)?==' gpu.in > torch.in \
    && resolve -r torch.in > torch.json && python pinned.py < torch.json > torch.txt \
    && resolve -r gpu.in > all.json && python pinned.py < all.json | grep -vxFf torch.txt > libraries.txt

FROM base AS torch
COPY --from=versions /app/torch.txt /opt/versions/
RUN --mount=type=cache,target=/root/.cache/pip pip install --no-deps -r /opt/versions/torch.txt

FROM torch AS libraries
COPY --from=versions /app/libraries.txt /opt/versions/
RUN --mount=type=cache,target=/root/.cache/pip pip install --no-deps -r /opt/versions/libraries.txt && pip check

# Our code as one layer, after a look whether all of it can start. A rented machine holds nothing of the trusted side's:
# the ledger is not even in its image.
FROM libraries AS code
COPY config config
COPY tasks tasks
COPY gpu_worker gpu_worker
COPY docker/health.py ./
RUN --mount=type=bind,source=docker/imports.py,target=/opt/imports.py \
    rm -rf tasks/ledger \
    && PYTHONPATH=. python /opt/imports.py --without sqlalchemy config tasks gpu_worker && python -m compileall -q .

FROM libraries AS worker
# The host adds its driver by the first two. Kernels are loaded when first used; no library reports to its maker.
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility CUDA_MODULE_LOADING=LAZY \
    HF_HUB_DISABLE_TELEMETRY=1 DO_NOT_TRACK=1 HF_HOME=/data/huggingface EASEL_DATA_DIR=/data
COPY --from=code /app /app
ARG EASEL_RELEASE=development
ENV EASEL_RELEASE=$EASEL_RELEASE
LABEL org.opencontainers.image.title="Easel GPU worker" org.opencontainers.image.version=$EASEL_RELEASE
# Root inside the container, as rented machines expect it; on a machine of one's own docker-compose.yml says otherwise.
CMD ["python", "-m", "gpu_worker"]

# For tests without a card: the same worker beside the sandbox's Vast and Discord and tiny weights.
FROM worker AS sandbox
COPY requirements/sandbox.in requirements/pins.txt /opt/versions/
RUN --mount=type=cache,target=/root/.cache/pip pip install -c /opt/versions/pins.txt -r /opt/versions/sandbox.in
COPY sandbox sandbox
RUN python -m sandbox.weights.build_tiny_sdxl && chmod -R a+rX var
USER easel
