# One image: `server`, `worker`, `migrate` and `console …` (docs/operations/install.md, "In a container").
# A registry of your own for npm: --secret id=npmrc,src=$HOME/.npmrc
ARG BUILDER=docker.io/library/node:24-bookworm
# Needs glibc and libstdc++, nothing else. Node comes from the builder.
ARG BASE=gcr.io/distroless/cc-debian12

FROM ${BUILDER} AS build
WORKDIR /build
ENV NEXT_TELEMETRY_DISABLED=1
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci
COPY . .
RUN npm run build:image && strip -o /node "$(command -v node)"

FROM ${BASE}
COPY --from=build /node /usr/local/bin/node
COPY --from=build /build/.next/image /app
WORKDIR /app
# No process listens beyond the container unless CONSOLE_URL and TRUSTED_PROXIES are set too.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 SURFACES_FILE=/etc/deploy-console/surfaces.yaml
# Health, metrics and `console --version` name the commit: --build-arg COMMIT=$(git rev-parse HEAD)
ARG COMMIT
ENV CONSOLE_COMMIT=$COMMIT
EXPOSE 3000
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/node", "/app/programs/main.mjs"]
CMD ["server"]
