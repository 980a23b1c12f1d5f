package main

// newerFlags explains flags of newer versions of Run:ai's command line. Suggesting the nearest known flag would be
// wrong: --memory-limit does not limit GPU memory.
var newerFlags = map[string]string{
	"gpu-devices-request": "use --gpu for whole GPUs, and --gpu-devices for a fraction of several",
	"gpu-portion-request": "use --gpu with a fraction, for example --gpu 0.5",
	"gpu-memory-request":  "use --gpu-memory",
	"gpu-request-type":    "it is not needed, because --gpu is a number of GPUs or a fraction, and --gpu-memory is memory",
	"gpu-portion-limit":   "a limit above --gpu is not supported: remove the flag",
	"gpu-memory-limit":    "a limit above --gpu-memory is not supported: remove the flag",
}
