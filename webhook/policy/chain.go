package policy

// Chain is every policy in the order of its application.
var Chain = []Policy{
	{"scheduling", nil, scheduling},
	{"node-affinity", nil, nodeAffinity},
	{"gpu", asksGPU, gpu},
	{"identity", hasIdentity, runAsUser}, // before all that copies the ids of the main container
	{"home-dir", asksHome, homeDir},
	{"ssh", hasIdentity, ssh},
	{"launcher-env", nil, launcherEnv},
	{"large-shm", asksLargeShm, largeShm},
	{"git-sync", asksGitSync, gitSync},    // after ssh, whose files it mounts
	{"start-gate", gatesStart, startGate}, // last, so that a launcher waits for its code before it waits for workers
}
