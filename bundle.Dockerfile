# A bundle's image, for those with Docker; `make catalog` makes both without. A test compares the labels with metadata/annotations.yaml.
#
#   docker build -f bundle.Dockerfile -t zen-lead-bundle:1.2.3 .
#   docker build -f bundle.Dockerfile -t zen-lead-bundle:1.2.3-core --build-arg VARIANT=core --build-arg CHANNELS=stable-core .
FROM scratch
ARG VARIANT=prometheus
ARG CHANNELS=stable,candidate
LABEL operators.operatorframework.io.bundle.mediatype.v1=registry+v1
LABEL operators.operatorframework.io.bundle.manifests.v1=manifests/
LABEL operators.operatorframework.io.bundle.metadata.v1=metadata/
LABEL operators.operatorframework.io.bundle.package.v1=zen-lead
LABEL operators.operatorframework.io.bundle.channels.v1=$CHANNELS
LABEL operators.operatorframework.io.bundle.channel.default.v1=stable
LABEL operators.operatorframework.io.test.mediatype.v1=scorecard+v1
LABEL operators.operatorframework.io.test.config.v1=tests/scorecard/
COPY bundle/$VARIANT/manifests /manifests/
COPY bundle/$VARIANT/metadata /metadata/
COPY bundle/$VARIANT/tests/scorecard /tests/scorecard/
