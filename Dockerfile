# inboxd, and a RabbitMQ that suits it. The packages are those of scripts/install-deps.
#
#   docker build -t inboxd:latest .
#   docker build -t inboxd-broker:latest --target broker .

FROM debian:bookworm-slim AS build
WORKDIR /src
COPY scripts/install-deps scripts/install-deps
RUN scripts/install-deps build
COPY CMakeLists.txt CMakePresets.json ./
COPY cmake cmake
COPY src src
RUN cmake --preset release -D INBOXD_TESTS=OFF -D INBOXD_BENCH=OFF
RUN cmake --build --preset release --target inboxd && strip build/release/inboxd

FROM debian:bookworm-slim AS runtime
COPY scripts/install-deps /usr/local/lib/install-deps
RUN /usr/local/lib/install-deps runtime && rm -rf /var/lib/apt/lists/*
COPY LICENSE /usr/share/doc/inboxd/LICENSE
COPY --from=build /src/build/release/inboxd /usr/local/bin/inboxd

# The broker of compose.rabbitmq.yaml: Debian's, the version that the tests run against. It configures itself from the same
# settings as the engine, so that the two cannot disagree.
FROM runtime AS broker
RUN /usr/local/lib/install-deps broker && rm -rf /var/lib/apt/lists/*
USER rabbitmq
WORKDIR /var/lib/rabbitmq
ENV RABBITMQ_NODENAME=rabbit@localhost
ENV RABBITMQ_CONFIG_FILE=/var/lib/rabbitmq/etc/rabbitmq.conf
ENV RABBITMQ_ADVANCED_CONFIG_FILE=/var/lib/rabbitmq/etc/advanced.config
ENV RABBITMQ_ENABLED_PLUGINS_FILE=/var/lib/rabbitmq/etc/enabled_plugins
ENV RABBITMQ_LOGS=-
VOLUME /var/lib/rabbitmq
EXPOSE 5672 1883 15675
HEALTHCHECK --interval=10s --timeout=10s --start-period=30s CMD /usr/lib/rabbitmq/bin/rabbitmq-diagnostics -q check_port_connectivity
ENTRYPOINT ["/bin/sh", "-c", "inboxd rabbitmq-config --out /var/lib/rabbitmq/etc --bind 0.0.0.0 && exec /usr/lib/rabbitmq/bin/rabbitmq-server"]

FROM runtime AS inboxd
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin inboxd && install -d -o inboxd -g inboxd -m 700 /data
USER inboxd
WORKDIR /data
ENV DATA_DIR=/data
ENV HTTP_BIND=0.0.0.0
ENV BIND=0.0.0.0
VOLUME /data
EXPOSE 1883 15675 8004 9090
# Alive, not ready: an engine whose broker is away is not cured by starting it again.
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD curl -fsS -o /dev/null "http://127.0.0.1:${HTTP_PORT:-${PORT:-8004}}/health/live"
ENTRYPOINT ["inboxd"]
CMD ["serve"]
