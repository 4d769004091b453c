# N9: what Cilium's policies may name.
package k8s.cilium_test

import data.k8s.cilium
import data.lib.patch_test as one

good := yaml.unmarshal(`
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: c }
spec:
  endpointSelector: {}
  egress:
    - toEndpoints:
        - matchLabels: { "k8s:io.kubernetes.pod.namespace": kube-system, "k8s:k8s-app": kube-dns }
      toPorts:
        - ports: [{ port: "53", protocol: ANY }]
          rules: { dns: [{ matchPattern: "*" }] }
    - toFQDNs: [{ matchName: login.example.com }, { matchPattern: "sts.*.example.com" }]
      toPorts:
        - ports: [{ port: "443", protocol: TCP }]
`)

pods := {"toEndpoints": [{"matchLabels": {"app": "x"}}], "toPorts": [{"ports": [{"port": "3128"}]}]}

found(patch) := {v.msg |
	some v in cilium.violation with input as {
		"review": {"object": json.patch(good, patch)},
		"parameters": data.params.cilium,
	}
}

test_accepts[what] if {
	some what, patch in {
		"hosts, and the rule on DNS": one.none,
		"pods": one.add("/spec/egress/-", pods),
		"the kind for a whole cluster": one.replace("/kind", "CiliumClusterwideNetworkPolicy"),
		"several in one": one.add("/specs", [good.spec]),
		"several, and none alone": array.concat(one.add("/specs", [good.spec]), one.remove("/spec")),
		"an empty list of ingress rules": one.add("/spec/ingress", []),
		"what denies": one.add("/spec/egressDeny", [{"toEntities": ["world"]}]),
		"a pattern of many labels": one.replace("/spec/egress/1/toFQDNs/1/matchPattern", "**.cloud.example.com"),
		"SSH from whom it is for": array.concat(
			one.replace("/spec/endpointSelector", {"matchLabels": {"app.kubernetes.io/component": "collector-ssh"}}),
			one.add("/spec/egress/-", object.union(pods, {"toPorts": [{"ports": [{"port": "22"}]}]})),
		),
		"a kind of others": array.concat(one.replace("/apiVersion", "networking.k8s.io/v1"), one.remove("/spec/egress/0")),
	}
	found(patch) == set()
}

test_n9_flags[what] if {
	some what, case in {
		"ingress rules": [
			one.add("/spec/ingress", [{"fromEntities": ["all"]}]),
			"it has ingress rules, which belong into a NetworkPolicy",
		],
		"ingress rules of the second in it": [
			one.add("/specs", [{"ingress": [{}]}]),
			"it has ingress rules, which belong into a NetworkPolicy",
		],
		"ingress rules where the others are null": [
			array.concat(one.add("/spec/ingress", [{}]), one.add("/specs", null)),
			"it has ingress rules, which belong into a NetworkPolicy",
		],
		"an entity": [
			one.add("/spec/egress/1/toEntities", ["world"]),
			"egress rule 1 has toEntities: only hosts and pods are judged here",
		],
		"addresses": [
			one.add("/spec/egress/1/toCIDR", ["169.254.169.254/32"]),
			"egress rule 1 has toCIDR: only hosts and pods are judged here",
		],
		"no peers": [one.remove("/spec/egress/1/toFQDNs"), "egress rule 1 names neither hosts nor pods"],
		"an empty list of peers": [one.replace("/spec/egress/1/toFQDNs", []), "egress rule 1 names neither hosts nor pods"],
		"every pod": [one.add("/spec/egress/-", object.union(pods, {"toEndpoints": [{}]})), "egress rule 2 goes to everybody"],
		"what is reserved for the world": [
			one.add("/spec/egress/-", object.union(pods, {"toEndpoints": [{"matchLabels": {"reserved:world": ""}}]})),
			"egress rule 2 goes to everybody",
		],
		"the world in an expression": [
			one.add("/spec/egress/-", object.union(pods, {"toEndpoints": [{"matchExpressions": [{
				"key": "reserved:world",
				"operator": "In",
				"values": [""],
			}]}]})),
			"egress rule 2 goes to everybody",
		],
		"the port of SSH": [
			one.replace("/spec/egress/1/toPorts/0/ports/0/port", "22"),
			`egress rule 1 goes to port 22 from "", which has no business there`,
		],
		"the port of SSH from a collector of a cloud": [
			array.concat(
				one.replace("/spec/endpointSelector", {"matchLabels": {"app.kubernetes.io/component": "collector-aws"}}),
				one.add("/spec/egress/-", object.union(pods, {"toPorts": [{"ports": [{"port": "22"}]}]})),
			),
			`egress rule 2 goes to port 22 from "collector-aws", which has no business there`,
		],
		"a pattern for every name": [
			one.replace("/spec/egress/1/toFQDNs/1/matchPattern", "*"),
			"egress rule 1 goes to *, which is no host of one domain",
		],
		"a pattern for a top-level domain": [
			one.replace("/spec/egress/1/toFQDNs/1/matchPattern", "*.com"),
			"egress rule 1 goes to *.com, which is no host of one domain",
		],
		"a pattern for other domains that end so": [
			one.replace("/spec/egress/1/toFQDNs/1/matchPattern", "*example.com"),
			"egress rule 1 goes to *example.com, which is no host of one domain",
		],
		"a top-level domain": [
			one.replace("/spec/egress/1/toFQDNs/0/matchName", "com"),
			"egress rule 1 goes to com, which is no host of one domain",
		],
		"no ports": [one.remove("/spec/egress/1/toPorts"), "egress rule 1 names no ports, or all of them"],
		"an empty list of ports": [one.replace("/spec/egress/1/toPorts", []), "egress rule 1 names no ports, or all of them"],
		"rules without ports": [
			one.replace("/spec/egress/1/toPorts/0", {"rules": {}}),
			"egress rule 1 names no ports, or all of them",
		],
		"an empty list within": [
			one.replace("/spec/egress/1/toPorts/0/ports", []),
			"egress rule 1 names no ports, or all of them",
		],
		"port 0": [
			one.replace("/spec/egress/1/toPorts/0/ports/0/port", "0"),
			"egress rule 1 names no ports, or all of them",
		],
		"a range": [
			one.add("/spec/egress/1/toPorts/0/ports/0/endPort", 65535),
			"egress rule 1 names no ports, or all of them",
		],
		"DNS by its name": [
			one.replace("/spec/egress/1/toPorts/0/ports/0/port", "53"),
			"egress rule 1 goes to port 53 of others than the cluster's DNS",
		],
		"DNS of other pods too": [
			one.add("/spec/egress/0/toEndpoints/-", {"matchLabels": {"k8s:k8s-app": "tunnel"}}),
			"egress rule 0 goes to port 53 of others than the cluster's DNS",
		],
		"hosts without a rule on DNS": [
			one.remove("/spec/egress/0"),
			"it names hosts, but has no rule that reads the answers of DNS",
		],
		"hosts whose answers nobody reads": [
			one.remove("/spec/egress/0/toPorts/0/rules"),
			"it names hosts, but has no rule that reads the answers of DNS",
		],
		"hosts whose rule on DNS is of the other policy in it": [
			one.add("/specs", [{"egress": [good.spec.egress[1]]}]),
			"it names hosts, but has no rule that reads the answers of DNS",
		],
	}
	[patch, text] := case
	sprintf("N9 CiliumNetworkPolicy c: %s", [text]) in found(patch)
	count(found(patch) - {"N9 CiliumNetworkPolicy c: it names hosts, but has no rule that reads the answers of DNS"}) <= 1
}

test_n9_flags_an_empty_rule[what] if {
	some what, rule in {"of nothing": {}, "of null": null}
	found(one.add("/spec/egress/-", rule)) == {
		"N9 CiliumNetworkPolicy c: egress rule 2 names neither hosts nor pods",
		"N9 CiliumNetworkPolicy c: egress rule 2 names no ports, or all of them",
	}
}

test_asks_for_parameters if {
	cilium.violation[{"msg": "there are no parameters for cilium"}] with input.review.object as good
}
