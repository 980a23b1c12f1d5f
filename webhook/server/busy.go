package server

import (
	"io"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"
	"k8s.io/apimachinery/pkg/types"
)

// answerBusy asks the client to try again in a second. It answers with an AdmissionReview: of any other answer the API
// server makes an error that no client tries again.
func answerBusy(w http.ResponseWriter, r *http.Request) {
	response := refuse(unavailable("runai-webhook has too many requests: try again"))
	response.UID = readUID(r.Body)
	writeJSON(w, http.StatusOK, appendReview(nil, &response.AdmissionResponse))
}

// readUID returns the uid that the answer to an AdmissionReview must repeat, or "". The API server sends it first,
// so that most of the request need not be read.
func readUID(review io.Reader) types.UID {
	const enough = 4096
	decoder := jsontext.NewDecoder(io.LimitReader(review, enough))
	for decoder.StackPointer() != "/request/uid" {
		if _, err := decoder.ReadToken(); err != nil {
			return ""
		}
	}
	uid, err := decoder.ReadToken()
	if err != nil {
		return ""
	}
	return types.UID(uid.String())
}
