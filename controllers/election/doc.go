// Package election decides who leads: a pure function of the policy, the current leader, the Pods, the Lease and the time.
//
// The algorithm, in the order of section 3 of the contract:
//
//  1. Each Pod is judged against the rules of eligibility; the first rule that it fails is remembered.
//  2. A paused Service keeps its leader for as long as that Pod exists and has not finished.
//  3. With a followed Lease only its holder can lead; otherwise the preferred Pod leads if it is eligible.
//  4. Otherwise the current leader stays if it is sticky and has not lost its right to lead.
//  5. Otherwise the first Pod in the election order leads.
//  6. With nobody to lead, a leader that is terminating but still serving is drained: it stays, not ready.
//
// Two rules differ for the Pod that already leads. It does not have to have been Ready for min-ready-duration, which
// delays becoming a leader: without that, raising the duration would take a healthy leader away. And if it is merely not
// Ready, it stays for failover-min-delay.
//
// The package imports no client, no logger and no clock. The answer does not depend on the order of the Pods.
package election
