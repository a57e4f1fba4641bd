# The operator's image, for those with Docker; `make image` makes it without. A test compares the two.
#
#   docker buildx build --platform linux/amd64,linux/arm64 --build-arg VERSION=1.2.3 --build-arg COMMIT=$(git rev-parse --short=12 HEAD) -t zen-lead:1.2.3 .
FROM --platform=$BUILDPLATFORM golang:1.27.3 AS build
WORKDIR /source
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS TARGETARCH VERSION COMMIT
# All flags are the Makefile's.
RUN GOOS=$TARGETOS GOARCH=$TARGETARCH make build VERSION=$VERSION COMMIT=$COMMIT

# Distroless has no shell and no package manager. Of what it has besides, the operator uses nothing.
FROM gcr.io/distroless/static-debian12:nonroot@sha256:afa5c872c891853ca7fcf1f12c3edb23f7eeef36189728842dd51042ff57f7ab
ARG VERSION COMMIT
LABEL org.opencontainers.image.title="Zen-Lead"
LABEL org.opencontainers.image.description="Network-level single-active routing for Kubernetes"
LABEL org.opencontainers.image.url="https://github.com/zen-lead/zen-lead"
LABEL org.opencontainers.image.source="https://github.com/zen-lead/zen-lead"
LABEL org.opencontainers.image.licenses="Apache-2.0"
LABEL org.opencontainers.image.vendor="Zen-Lead"
LABEL org.opencontainers.image.version="$VERSION"
LABEL org.opencontainers.image.revision="$COMMIT"
COPY --from=build /source/bin/zen-lead /zen-lead
COPY LICENSE /licenses/LICENSE
COPY THIRD-PARTY-NOTICES.txt /licenses/THIRD-PARTY-NOTICES.txt
USER 65532:65532
ENTRYPOINT ["/zen-lead"]
