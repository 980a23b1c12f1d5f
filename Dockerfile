FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o /runai-webhook ./webhook

FROM gcr.io/distroless/static:nonroot
COPY --from=build /runai-webhook /runai-webhook
ENTRYPOINT ["/runai-webhook"]
