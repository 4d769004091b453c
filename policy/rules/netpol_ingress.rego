# METADATA
# title: Ingress rules say from whom, and to which ports.
# custom:
#   kinds: [{apiGroups: [networking.k8s.io], kinds: [NetworkPolicy]}]
#   rules:
#     N7: An ingress rule that is empty, or lacks peers or ports, lets everybody in; so does one for pods of any namespace.
package k8s.netpol_ingress

import data.lib.netpol
import data.lib.report

policy := input.review.object if netpol.is_policy(input.review.object)

violation contains report.about(policy, "N7", text) if {
	some index, rule in policy.spec.ingress
	netpol.is_empty(rule)
	text := sprintf("ingress rule %d is empty and lets everybody in", [index])
}

violation contains report.about(policy, "N7", text) if {
	some index, rule in policy.spec.ingress
	not netpol.is_empty(rule)
	some field, what in {"from": "peers", "ports": "ports"}
	not netpol.is_listed(rule, field)
	text := sprintf("ingress rule %d names no %s: any is allowed", [index, what])
}

violation contains report.about(policy, "N7", text) if {
	some index, rule in policy.spec.ingress
	some port in rule.ports
	not is_one(port)
	text := sprintf("ingress rule %d allows more than one port by one entry", [index])
}

violation contains report.about(policy, "N7", text) if {
	some entry in netpol.peers(policy, "ingress")
	some whom in everybody(entry.peer)
	text := sprintf("ingress rule %d lets in %s", [entry.rule, whom])
}

# A name will do: it is a port of the policy's own pods.
is_one(port) if {
	port.port
	not port.endPort
}

# Labels are no proof of who somebody is outside the namespaces that one knows.
everybody(peer) := {"pods of every namespace" |
	netpol.has(peer, "namespaceSelector")
	not netpol.chooses(peer, "namespaceSelector")
} | {whom | whom := netpol.everybody(peer)}
