# syntax=docker/dockerfile:1
# The gateway as an image: built and packaged in one stage, installed from its Debian package in the other.
#
#   docker build -t heliograph .
#   docker run --rm -p 8080:8080 -v heliograph:/var/lib/heliograph heliograph
FROM debian:12 AS build
WORKDIR /src
COPY packaging/install-deps.sh packaging/
RUN packaging/install-deps.sh --build
COPY . .
RUN make deb

FROM debian:12-slim
RUN --mount=type=bind,from=build,source=/src/build/deb/packages,target=/packages \
    apt-get update \
 && apt-get install -y --no-install-recommends /packages/heliograph_*.deb curl \
 && rm -rf /var/lib/apt/lists/*
COPY packaging/docker/heliograph.toml /etc/heliograph/heliograph.toml
USER heliograph
WORKDIR /var/lib/heliograph
VOLUME /var/lib/heliograph
EXPOSE 8080 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["curl", "-fsS", "-o", "/dev/null", "http://127.0.0.1:8080/readyz"]
ENTRYPOINT ["/usr/bin/heliograph"]
CMD ["serve", "--config", "/etc/heliograph/heliograph.toml"]
