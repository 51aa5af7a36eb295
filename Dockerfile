# Pages and server are built here; what is shipped is one binary that runs as nobody in particular.

FROM node:22-bookworm-slim AS pages
WORKDIR /build/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY web ./
RUN npm run build

FROM rust:1.95-bookworm AS server
WORKDIR /build
COPY . .
COPY --from=pages /build/web/dist web/dist
# The same source gives the same binary, wherever it is built: no path of the builder's in it.
ENV RUSTFLAGS="--remap-path-prefix=/build=frontdesk --remap-path-prefix=/usr/local/cargo=cargo"
RUN cargo build --release --locked --bin frontdesk

FROM debian:bookworm-slim
# Backups of a PostgreSQL are made by its own programs: `--build-arg PACKAGES=postgresql-client` adds Debian's, for
# servers up to version 15.
ARG PACKAGES=""
RUN [ -z "$PACKAGES" ] || { apt-get update && apt-get install -y --no-install-recommends $PACKAGES \
    && rm -rf /var/lib/apt/lists/*; }
RUN useradd --system --uid 10001 --home-dir /data --create-home frontdesk
# Whom to believe when it calls a model, WhatsApp or a webhook: this image has no list of its own.
COPY --from=server /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=server /build/target/release/frontdesk /usr/local/bin/frontdesk
USER frontdesk
WORKDIR /data
ENV FRONTDESK_LISTEN=0.0.0.0:8080 FRONTDESK_DATA_DIR=/data FRONTDESK_LOG=json
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=3s --start-period=5s CMD ["frontdesk", "health"]
ENTRYPOINT ["frontdesk"]
CMD ["serve"]
