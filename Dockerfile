# pmdaemon as the main process of a container: docs/containers.md.
#
#   docker build -t pmdaemon .
#   docker run --rm -v "$PWD:/app" pmdaemon ecosystem.toml

FROM python:3.12-slim AS build
WORKDIR /source
COPY setup.cfg pyproject.toml README.md LICENSE ./
COPY pmdaemon pmdaemon
COPY share share
RUN python -m venv /opt/pmdaemon \
    && /opt/pmdaemon/bin/pip install --no-cache-dir .

FROM python:3.12-slim
COPY --from=build /opt/pmdaemon /opt/pmdaemon
RUN ln -s /opt/pmdaemon/bin/pmdaemon /usr/local/bin/pmdaemon \
    && useradd --create-home --uid 10001 app \
    && install -d -o app -g app /app /var/lib/pmdaemon
USER app
WORKDIR /app
# `docker exec` finds the daemon by it.
ENV PMDAEMON_HOME=/var/lib/pmdaemon
ENTRYPOINT ["pmdaemon", "runtime"]
