# The image that "make image" writes without a container engine, for those who have one: first run "make image".
FROM scratch
ARG TARGETPLATFORM
COPY bin/${TARGETPLATFORM}/runai-webhook /runai-webhook
USER 65532:65532
WORKDIR /
ENTRYPOINT ["/runai-webhook"]
