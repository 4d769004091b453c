# METADATA
# title: Several replicas are kept apart and kept up, and one thing alone says how many there are.
# custom:
#   kinds: [{apiGroups: [apps], kinds: [Deployment]}]
#   inventory:
#     - {groups: [policy], versions: [v1], kinds: [PodDisruptionBudget]}
#     - {groups: [autoscaling], versions: [v2], kinds: [HorizontalPodAutoscaler]}
#   rules:
#     W9: On one node the end of the node is the end of all replicas, and without a budget a drained node takes all of them along; a manifest with replicas undoes at each deployment what the autoscaler has decided.
package k8s.replicas

import data.lib.report
import data.lib.selector
import data.lib.siblings
import data.lib.workload

resource := input.review.object if input.review.object.kind == "Deployment"

pod := workload.template(resource)

scalers := {scaler |
	some scaler in siblings.of_kind(resource, "autoscaling/v2", "HorizontalPodAutoscaler")
	scaler.spec.scaleTargetRef.kind == "Deployment"
	scaler.spec.scaleTargetRef.name == resource.metadata.name
}

budgets := {budget |
	some budget in siblings.of_kind(resource, "policy/v1", "PodDisruptionBudget")
	selector.matches(budget.spec.selector, workload.labels(pod))
}

is_several if object.get(resource, ["spec", "replicas"], 1) > 1

is_several if {
	some scaler in scalers
	scaler.spec.minReplicas > 1
}

violation contains report.about(resource, "W9", "there are several replicas and no PodDisruptionBudget selects them") if {
	is_several
	count(budgets) == 0
}

violation contains report.about(resource, "W9", "there are several replicas and no topologySpreadConstraints") if {
	is_several
	object.get(pod, ["spec", "topologySpreadConstraints"], null) in {null, []}
}

# Only in a manifest: what is in the cluster has the number that the autoscaler wrote.
violation contains report.about(resource, "W9", text) if {
	not is_live
	is_number(resource.spec.replicas)
	some scaler in scalers
	text := sprintf("replicas and HorizontalPodAutoscaler %s would fight: leave replicas out", [report.name(scaler)])
}

is_live if resource.metadata.uid
