// Package screen runs a program in a pseudo-terminal, and uses it as a person does.
package screen
