# METADATA
# title: Egress rules say to whom, and on which ports.
# custom:
#   kinds: [{apiGroups: [networking.k8s.io], kinds: [NetworkPolicy]}]
#   rules:
#     N1: An egress rule that holds nothing allows everything. No rule at all is deny-all, and welcome.
#     N2: An egress rule without peers or ports means any; a range or a name of a port hides which ones.
package k8s.netpol_egress

import data.lib.netpol
import data.lib.report

policy := input.review.object if netpol.is_policy(input.review.object)

violation contains report.about(policy, "N1", text) if {
	some index, rule in policy.spec.egress
	netpol.is_empty(rule)
	text := sprintf("egress rule %d is empty and allows everything", [index])
}

violation contains report.about(policy, "N2", text) if {
	some index, rule in policy.spec.egress
	not netpol.is_empty(rule)
	some field, what in {"to": "peers", "ports": "ports"}
	not netpol.is_listed(rule, field)
	text := sprintf("egress rule %d names no %s: any is allowed", [index, what])
}

violation contains report.about(policy, "N2", text) if {
	some index, rule in policy.spec.egress
	some port in rule.ports
	not is_one(port)
	text := sprintf("egress rule %d has an entry of ports that is not one number", [index])
}

is_one(port) if {
	is_number(port.port)
	not port.endPort
}
