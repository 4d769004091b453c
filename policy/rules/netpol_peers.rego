# METADATA
# title: Egress goes to chosen pods, not to all of a cluster or a namespace.
# custom:
#   kinds: [{apiGroups: [networking.k8s.io], kinds: [NetworkPolicy]}]
#   rules:
#     N3: An empty selector chooses everything; so does one of Exists and negations alone.
package k8s.netpol_peers

import data.lib.netpol
import data.lib.report

policy := input.review.object if netpol.is_policy(input.review.object)

violation contains report.about(policy, "N3", text) if {
	some entry in netpol.peers(policy, "egress")
	text := sprintf("egress rule %d goes to %s", [entry.rule, netpol.everybody(entry.peer)])
}
