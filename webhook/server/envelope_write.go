package server

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// appendReview appends the AdmissionReview with a complete response. A patch is most of it.
func appendReview(text []byte, response *admissionv1.AdmissionResponse) []byte {
	text = append(text, `{"kind":"`+reviewKind+`","apiVersion":"`+reviewVersion+`","response":{"uid":`...)
	text = appendText(text, string(response.UID))
	text = strconv.AppendBool(append(text, `,"allowed":`...), response.Allowed)
	text = appendStatus(append(text, `,"status":`...), response.Result)
	if len(response.Patch) > 0 {
		text = append(text, `,"patch":"`...)
		text = append(base64.StdEncoding.AppendEncode(text, response.Patch), '"')
	}
	if response.PatchType != nil {
		text = appendText(append(text, `,"patchType":`...), string(*response.PatchType))
	}
	if len(response.AuditAnnotations) > 0 {
		text = append(text, `,"auditAnnotations":{`...)
		for i, key := range slices.Sorted(maps.Keys(response.AuditAnnotations)) {
			text = appendText(appendComma(text, i), key)
			text = appendText(append(text, ':'), response.AuditAnnotations[key])
		}
		text = append(text, '}')
	}
	if len(response.Warnings) > 0 {
		text = append(text, `,"warnings":[`...)
		for i, warning := range response.Warnings {
			text = appendText(appendComma(text, i), warning)
		}
		text = append(text, ']')
	}
	return append(text, `}}`...)
}

// appendStatus appends a status. That of almost every answer has a code only.
func appendStatus(text []byte, status *metav1.Status) []byte {
	if *status == (metav1.Status{Code: status.Code}) {
		text = strconv.AppendInt(append(text, `{"metadata":{},"code":`...), int64(status.Code), 10)
		return append(text, '}')
	}
	full, _ := json.Marshal(status) // texts and numbers
	return append(text, full...)
}

func appendComma(text []byte, i int) []byte {
	if i == 0 {
		return text
	}
	return append(text, ',')
}

// appendText appends a JSON string. Bytes that are not UTF-8 are replaced, as everywhere in Kubernetes.
func appendText(text []byte, value string) []byte {
	text, _ = jsontext.AppendQuote(text, value)
	return text
}
