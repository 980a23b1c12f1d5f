package policy

// Chain is every policy in the order of its application.
var Chain = []Policy{
	{"scheduling", nil, scheduling},
	{"node-affinity", nil, nodeAffinity},
	{"gpu", asksGPU, gpu},
	{"launcher-env", nil, launcherEnv},
	{"large-shm", asksLargeShm, largeShm},
}
