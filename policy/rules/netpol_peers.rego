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
	some whom in everybody(entry.peer)
	text := sprintf("egress rule %d goes to %s", [entry.rule, whom])
}

everybody(peer) := {"every pod of the cluster"} if {
	netpol.is_any_namespace(peer)
	netpol.is_any_pod(peer)
}

everybody(peer) := {"every pod of the namespace"} if {
	is_object(peer.podSelector)
	not is_object(peer.namespaceSelector)
	netpol.is_any_pod(peer)
}

everybody(peer) := {"a peer that chooses nothing"} if {
	every field in ["podSelector", "namespaceSelector", "ipBlock"] {
		not is_object(peer[field])
	}
}
