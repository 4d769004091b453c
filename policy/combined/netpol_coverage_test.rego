# N8: pods under policies, and those that fell out.
package k8s.netpol_coverage_test

import data.k8s.netpol_coverage
import data.lib.patch_test as one
import data.lib.siblings

deployment := yaml.unmarshal(`
apiVersion: apps/v1
kind: Deployment
metadata: { name: api, namespace: inventory }
spec:
  template:
    metadata: { labels: { app: inventory, component: api } }
`)

denial := yaml.unmarshal(`
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: default-deny, namespace: inventory }
spec:
  podSelector: { matchLabels: { app: inventory } }
  policyTypes: [Ingress, Egress]
  ingress: []
`)

own := yaml.unmarshal(`
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: api, namespace: inventory }
spec:
  podSelector: { matchLabels: { component: api } }
  policyTypes: [Ingress, Egress]
  egress: [{ to: [{ ipBlock: { cidr: 10.20.0.0/20 } }], ports: [{ port: 5432 }] }]
`)

found(resource, others) := {v.msg |
	some v in netpol_coverage.violation with input.review.object as resource
		with data.inventory as siblings.inventory({resource} | others)
}

bare := "N8 Deployment api: no default-deny selects its pods"

no_egress := "N8 Deployment api: no NetworkPolicy with the type Egress selects its pods"

no_ingress := "N8 Deployment api: no NetworkPolicy with the type Ingress selects its pods"

test_accepts_pods_under_a_default_deny_and_rules if {
	found(deployment, {denial, own}) == set()
}

test_accepts_what_makes_no_pods if {
	found({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "api"}}, set()) == set()
}

test_n8_flags_pods[what] if {
	some what, case in {
		"under nothing": [set(), {bare, no_egress, no_ingress}],
		"under rules alone": [{own}, {bare}],
		"under policies of another namespace": [
			{json.patch(denial, one.replace("/metadata/namespace", "default"))},
			{bare, no_egress, no_ingress},
		],
		"that the default-deny does not select": [
			{own, json.patch(denial, one.replace("/spec/podSelector/matchLabels/app", "other"))},
			{bare},
		],
		"under a denial of one direction": [{json.patch(denial, one.replace("/spec/policyTypes", ["Egress"]))}, {bare, no_ingress}],
		"under a denial that allows something": [{json.patch(denial, one.replace("/spec/ingress", [{}]))}, {bare}],
	}
	[others, texts] := case
	found(deployment, others) == texts
}

test_n8_flags_pods_without_labels if {
	some patch in [
		one.remove("/spec/template/metadata/labels"),
		one.remove("/spec/template/metadata"),
		one.replace("/spec/template/metadata/labels", null),
	]
	found(json.patch(deployment, patch), {denial, own}) == {bare, no_egress, no_ingress}
}

test_a_policy_for_all_pods_selects_those_without_labels if {
	all := json.patch(denial, one.replace("/spec/podSelector", {}))
	found(json.patch(deployment, one.remove("/spec/template/metadata")), {all}) == set()
}

test_finds_siblings_where_no_namespace_is_said if {
	nowhere := {json.patch(resource, one.remove("/metadata/namespace")) | some resource in {denial, own}}
	found(json.patch(deployment, one.remove("/metadata/namespace")), nowhere) == set()
}
