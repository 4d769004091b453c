# METADATA
# title: A NetworkPolicy says which directions it is for.
# custom:
#   kinds: [{apiGroups: [networking.k8s.io], kinds: [NetworkPolicy]}]
#   rules:
#     N6: Without policyTypes they are guessed, and the rules of a direction that is not named are silently ignored.
package k8s.netpol_types

import data.lib.netpol
import data.lib.report

policy := input.review.object if netpol.is_policy(input.review.object)

violation contains report.about(policy, "N6", "policyTypes are not said") if {
	not has_types
}

violation contains report.about(policy, "N6", text) if {
	has_types
	some field, type in {"egress": "Egress", "ingress": "Ingress"}
	netpol.is_listed(policy.spec, field)
	not is_named(type)
	text := sprintf("it has %s rules, but policyTypes leave out %s", [field, type])
}

has_types if netpol.is_listed(policy.spec, "policyTypes")

is_named(type) if type in policy.spec.policyTypes
