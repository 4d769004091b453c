# The adapters: each object, lists of them, all of them together, and nothing passes for want of parameters.
package main_test

import data.combined
import data.main

bad := yaml.unmarshal(`
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: p }
spec:
  ingress: [{}]
  egress:
    - {}
    - to: [{ podSelector: {} }, { ipBlock: { cidr: 0.0.0.0/1 } }]
      ports: [{ port: 53 }]
`)

cilium := {
	"apiVersion": "cilium.io/v2",
	"kind": "CiliumNetworkPolicy",
	"metadata": {"name": "c"},
	"spec": {"ingress": [{}]},
}

pod := {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}

rules(violations) := {v.details.rule | some v in violations}

texts(violations) := {v.msg | some v in violations}

test_every_policy_judges_an_object_that_comes_alone if {
	rules(main.violation) == {"N1", "N3", "N4", "N5", "N6", "N7"} with input as bad
	rules(main.violation) == {"N9"} with input as cilium
}

test_every_policy_judges_the_objects_of_a_list if {
	list := {"apiVersion": "v1", "kind": "List", "items": [bad, cilium]}
	rules(main.violation) == {"N1", "N3", "N4", "N5", "N6", "N7", "N9"} with input as list
}

# As kubectl takes it: whatever has items is a list.
test_every_policy_judges_the_objects_of_any_list[kind] if {
	some kind, items in {
		"NetworkPolicyList": [bad],
		"ConfigMapList": [bad, pod],
		"List": [{"apiVersion": "v1", "kind": "List", "items": [pod, {"kind": "PodList", "items": [bad]}]}],
	}
	rules(main.violation) & {"N1"} == {"N1"} with input as {"apiVersion": "v1", "kind": kind, "items": items}
}

test_nothing_is_no_object if {
	main.violation == set() with input as null
}

test_policies_see_all_objects_together if {
	files := [{"path": "a.yaml", "contents": pod}, {"path": "b.yaml", "contents": bad}]
	rules(combined.violation) == {"N8"} with input as files
	rules(combined.violation) == {"N8"} with input as [{"path": "a.yaml", "contents": {"kind": "PodList", "items": [pod]}}]
}

test_without_parameters_nothing_passes if {
	asked := {sprintf("there are no parameters for %s", [name]) | some name, _ in data.params}
	alone := texts(main.violation) with input as pod with data.params as {}
	together := texts(combined.violation) with input as [] with data.params as {}
	count(together) > 0
	alone | together == asked
}
