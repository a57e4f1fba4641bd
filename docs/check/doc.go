// Package check is what can be checked of the documentation: where its links lead, and the commands that it tells readers to
// run. Those are run by test/apiserver, test/e2e and test/plugin.
//
// A comment before each block of commands says what becomes of it:
//
//	<!-- run: controlplane -->             the API-server suite runs it, on an embedded control plane
//	<!-- run: cluster -->                  the e2e suite runs it, on a real cluster
//	<!-- run: plugin -->                   the plugin's suite runs it, on an embedded control plane, with kubectl's plugin on the PATH
//	<!-- not run: it takes 30 minutes -->  nobody does, and why
//
// Blocks of one section are one script, which begins in the repository's root, in a namespace where config/samples/my-app.yaml is
// applied, its Pods are Ready and one of them leads. A command that fails is tried again for a while, as a reader would. More
// lines in the comment say more of the block:
//
//	before: a command that a reader need not see, such as what causes the symptom
//	prints: words that the block's last command has to print
//	fails:  the last command has to fail
package check
