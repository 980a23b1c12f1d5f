// Command gitsync stands in for git-sync.
package main

func main() {}
