# W9, with budgets and autoscalers beside.
package k8s.replicas_test

import data.k8s.replicas
import data.lib.siblings

deployment := {
	"apiVersion": "apps/v1",
	"kind": "Deployment",
	"metadata": {"name": "api"},
	"spec": {"template": {
		"metadata": {"labels": {"app": "api"}},
		"spec": {"topologySpreadConstraints": [{"maxSkew": 1}]},
	}},
}

budget := {
	"apiVersion": "policy/v1",
	"kind": "PodDisruptionBudget",
	"metadata": {"name": "api"},
	"spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "api"}}},
}

scaler := {
	"apiVersion": "autoscaling/v2",
	"kind": "HorizontalPodAutoscaler",
	"metadata": {"name": "api"},
	"spec": {"scaleTargetRef": {"kind": "Deployment", "name": "api"}, "minReplicas": 2, "maxReplicas": 5},
}

no_budget := "W9 Deployment api: there are several replicas and no PodDisruptionBudget selects them"

no_spread := "W9 Deployment api: there are several replicas and no topologySpreadConstraints"

messages(patches, others) := {found.msg |
	resource := json.patch(deployment, patches)
	some found in replicas.violation with input as {"review": {"object": resource}}
		with data.inventory as siblings.inventory({resource} | others)
}

replicas_of(number) := {"op": "add", "path": "/spec/replicas", "value": number}

spread_removed := {"op": "remove", "path": "/spec/template/spec/topologySpreadConstraints"}

test_accepts[note] if {
	some note, [patches, others] in {
		"one": [[replicas_of(1), spread_removed], set()],
		"one unsaid": [[spread_removed], set()],
		"several with a budget": [[replicas_of(3)], {budget}],
		"an autoscaler's several with a budget": [[], {budget, scaler}],
		"an autoscaler's one": [[spread_removed], {json.patch(scaler, [{"op": "replace", "path": "/spec/minReplicas", "value": 1}])}],
		"the autoscaler of another": [[spread_removed], {json.patch(scaler, [{"op": "replace", "path": "/spec/scaleTargetRef/name", "value": "ingest"}])}],
		"what an autoscaler wrote": [[replicas_of(4), {"op": "add", "path": "/metadata/uid", "value": "1"}], {budget, scaler}],
		"another kind": [[{"op": "replace", "path": "/kind", "value": "StatefulSet"}, replicas_of(3)], set()],
	}
	messages(patches, others) == set()
}

test_refuses[note] if {
	some note, [patches, others, text] in {
		"several without a budget": [[replicas_of(3)], set(), no_budget],
		"an autoscaler's several without one": [[], {scaler}, no_budget],
		"the budget of another": [[replicas_of(3)], {json.patch(budget, [{"op": "replace", "path": "/spec/selector/matchLabels/app", "value": "ingest"}])}, no_budget],
		"several on one node": [[replicas_of(3), spread_removed], {budget}, no_spread],
		"an autoscaler's several on one node": [[spread_removed], {budget, scaler}, no_spread],
		"a number and an autoscaler": [[replicas_of(3)], {budget, scaler}, "W9 Deployment api: replicas and HorizontalPodAutoscaler api would fight: leave replicas out"],
	}
	messages(patches, others) == {text}
}
