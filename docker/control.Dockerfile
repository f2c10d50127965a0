# The image of the trusted side: bot, courier, provisioner and Flower are the same image with another command.
#   docker build -f docker/control.Dockerfile -t easel-control --build-arg EASEL_RELEASE=… .

FROM python:3.11-slim-bookworm AS base
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python3 -m venv /opt/venv && useradd --uid 10001 --create-home easel && install -d -o easel /data
WORKDIR /app

# What the libraries' layer installs, to the last version: it is rebuilt when one of these changes, not when pins.txt does.
FROM base AS versions
COPY docker/pinned.py requirements/*.in requirements/pins.txt ./
RUN --mount=type=cache,target=/root/.cache/pip \
    pip install --dry-run --ignore-installed --quiet --report report.json \
        -c pins.txt -r bot.in -r provisioner.in -r flower.in \
    && python pinned.py < report.json > libraries.txt

FROM base AS libraries
COPY --from=versions /app/libraries.txt /opt/versions/
RUN --mount=type=cache,target=/root/.cache/pip pip install --no-deps -r /opt/versions/libraries.txt && pip check

# Our code as one layer, after a look whether all of it can start.
FROM libraries AS code
COPY config config
COPY tasks tasks
COPY bot bot
COPY provisioner provisioner
COPY docker/health.py ./
RUN --mount=type=bind,source=docker/imports.py,target=/opt/imports.py \
    PYTHONPATH=. python /opt/imports.py --without torch config tasks bot provisioner && python -m compileall -q .

FROM libraries AS control
ENV EASEL_DATA_DIR=/data
COPY --from=code /app /app
ARG EASEL_RELEASE=development
ENV EASEL_RELEASE=$EASEL_RELEASE
LABEL org.opencontainers.image.title="Easel control plane" org.opencontainers.image.version=$EASEL_RELEASE
USER easel
CMD ["python", "-m", "bot"]
