# syntax=docker/dockerfile:1
# Clientele with a PostgreSQL of its own, or with yours (CLIENTELE_DATABASE). See docs/operations.md.
# Microsoft's images for .NET 10 are Ubuntu's; there are none of Debian's.

FROM node:22-bookworm-slim AS console
WORKDIR /src/ui
COPY ui/package.json ui/package-lock.json ui/.npmrc ./
RUN npm ci --no-fund --no-audit
COPY ui/ ./
RUN npm run build

FROM mcr.microsoft.com/dotnet/sdk:10.0-noble AS server
WORKDIR /src
COPY . .
RUN dotnet publish src/Server/Server.csproj -c Release -o /app

FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble
# Only PostgreSQL's programs: with that one line its package creates no cluster. tini collects the processes that
# a killed PostgreSQL would leave to process 1.
RUN mkdir -p /etc/postgresql-common/createcluster.d \
    && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.d/clientele.conf \
    && apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql-16 tini \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o "$APP_UID" -g "$APP_UID" -m 700 /data
COPY --from=server /app /app
COPY --from=console /src/ui/dist /app/console

ENV CLIENTELE_DATA=/data \
    CLIENTELE_LISTEN=* \
    CLIENTELE_PORT=8080
USER $APP_UID
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --start-period=60s --interval=30s --timeout=5s CMD ["bash", "-c", \
    "exec 3<>/dev/tcp/127.0.0.1/$CLIENTELE_PORT; printf 'GET /health/ready HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3; head -n 1 <&3 | grep -q ' 200'"]
ENTRYPOINT ["tini", "--", "/app/clientele"]
CMD ["serve"]
