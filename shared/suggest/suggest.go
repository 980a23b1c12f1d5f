// Package suggest words what a user may have meant: the nearest known word, or the accepted values.
package suggest

import (
	"strings"

	"github.com/agext/levenshtein"
)

// nearEnough is the similarity, from 0 to 1, below which a suggestion would only confuse.
const nearEnough = 0.55

// longestWord is the length of the longest word that is compared: the time grows with it.
const longestWord = 64

// Nearest returns the candidate most similar to word, or "" if none is similar enough. It prefers a
// candidate that contains the word or is contained in it: --num-processes means --processes.
func Nearest(word string, candidates []string) string {
	best, bestScore := "", nearEnough
	if len(word) > longestWord {
		return ""
	}
	for _, candidate := range candidates {
		if score := similarity(word, candidate); score > bestScore {
			best, bestScore = candidate, score
		}
	}
	return best
}

func similarity(word, candidate string) float64 {
	score := levenshtein.Similarity(word, candidate, nil)
	shorter := min(len(word), len(candidate))
	if shorter >= 4 && (strings.Contains(word, candidate) || strings.Contains(candidate, word)) {
		score = (1 + score) / 2
	}
	return score
}
