package main

import "testing"

func TestIdleBegins(t *testing.T) {
	const mega = 1 << 20
	for _, test := range []struct {
		name      string
		allocated []uint64 // at each look
		want      []bool
	}{
		{"nobody asks", []uint64{1 * mega, 2 * mega, 3 * mega}, []bool{false, false, false}},
		{"a burst, then nothing", []uint64{100 * mega, 101 * mega, 102 * mega}, []bool{false, true, false}},
		{"two bursts", []uint64{100 * mega, 101 * mega, 200 * mega, 201 * mega}, []bool{false, true, false, true}},
		{"busy", []uint64{100 * mega, 200 * mega, 300 * mega}, []bool{false, false, false}},
		{"few requests, for long", []uint64{9 * mega, 18 * mega, 27 * mega, 36 * mega}, []bool{false, true, false, true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var idle idleness
			for i, allocated := range test.allocated {
				if got := idle.begins(allocated); got != test.want[i] {
					t.Errorf("at %d MiB: got %t, want %t", allocated/mega, got, test.want[i])
				}
			}
		})
	}
}
