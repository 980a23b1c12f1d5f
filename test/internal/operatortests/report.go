package operatortests

import (
	"encoding/xml"
	"fmt"
	"os"
)

// A testCase is a test in a JUnit report.
type testCase struct {
	Name    string    `xml:"name,attr"`
	Failure *struct{} `xml:"failure"`
	Skipped *struct{} `xml:"skipped"`
}

func readReport(path string) ([]testCase, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the report: %w", err)
	}
	var report struct {
		Cases []testCase `xml:"testcase"`
	}
	if err := xml.Unmarshal(data, &report); err != nil {
		return nil, fmt.Errorf("cannot read the report: %w", err)
	}
	return report.Cases, nil
}
