# METADATA
# title: Every pod is under a default-deny and under rules for both directions.
# custom:
#   kinds:
#     - {apiGroups: [""], kinds: [Pod, PodTemplate, ReplicationController]}
#     - {apiGroups: [apps], kinds: [Deployment, StatefulSet, DaemonSet, ReplicaSet]}
#     - {apiGroups: [batch], kinds: [Job, CronJob]}
#   inventory: [{groups: [networking.k8s.io], versions: [v1], kinds: [NetworkPolicy]}]
#   rules:
#     N8: A pod that no NetworkPolicy selects reaches everybody and is reached by everybody, however strict the policies are.
package k8s.netpol_coverage

import data.lib.report
import data.lib.selector
import data.lib.siblings
import data.lib.workload

resource := input.review.object

policies := {policy |
	labels := workload.labels(workload.template(resource))
	some policy in siblings.of_kind(resource, "networking.k8s.io/v1", "NetworkPolicy")
	selector.matches(policy.spec.podSelector, labels)
}

violation contains report.about(resource, "N8", text) if {
	workload.template(resource)
	some type in ["Egress", "Ingress"]
	not is_governed(type)
	text := sprintf("no NetworkPolicy with the type %s selects its pods", [type])
}

violation contains report.about(resource, "N8", "no default-deny selects its pods") if {
	workload.template(resource)
	not is_denied_by_default
}

is_governed(type) if {
	some policy in policies
	type in policy.spec.policyTypes
}

# Both directions, and not a rule.
is_denied_by_default if {
	some policy in policies
	every type, field in {"Egress": "egress", "Ingress": "ingress"} {
		type in policy.spec.policyTypes
		count(object.get(policy.spec, field, [])) == 0
	}
}
