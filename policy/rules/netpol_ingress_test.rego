# N7: whom an ingress rule may let in.
package k8s.netpol_ingress_test

import data.k8s.netpol_ingress
import data.lib.patch_test as one

good := yaml.unmarshal(`
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: api }
spec:
  podSelector: {}
  policyTypes: [Ingress]
  ingress:
    - from:
        - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: monitoring } }
          podSelector: { matchLabels: { app: prometheus } }
      ports: [{ protocol: TCP, port: 9090 }]
`)

found(patch) := {v.msg | some v in netpol_ingress.violation with input.review.object as json.patch(good, patch)}

test_accepts[what] if {
	some what, patch in {
		"peers and ports": one.none,
		"a port by its name, for the pods are our own": one.replace("/spec/ingress/0/ports/0/port", "metrics"),
		"deny-all by an empty list": one.replace("/spec/ingress", []),
		"deny-all by no list": one.remove("/spec/ingress"),
		"a block": one.replace("/spec/ingress/0/from/0", {"ipBlock": {"cidr": "10.30.0.0/16"}}),
		"pods beside": one.remove("/spec/ingress/0/from/0/namespaceSelector"),
		"another kind": array.concat(one.replace("/kind", "Service"), one.replace("/spec/ingress/0", {})),
	}
	found(patch) == set()
}

test_n7_flags[what] if {
	some what, case in {
		"an empty rule": [one.replace("/spec/ingress/0", {}), "is empty and lets everybody in"],
		"a rule that is null": [one.replace("/spec/ingress/0", null), "is empty and lets everybody in"],
		"no peers": [one.remove("/spec/ingress/0/from"), "names no peers: any is allowed"],
		"an empty list of peers": [one.replace("/spec/ingress/0/from", []), "names no peers: any is allowed"],
		"no ports": [one.remove("/spec/ingress/0/ports"), "names no ports: any is allowed"],
		"an empty list of ports": [one.replace("/spec/ingress/0/ports", []), "names no ports: any is allowed"],
		"a protocol alone": [one.remove("/spec/ingress/0/ports/0/port"), "allows more than one port by one entry"],
		"a range": [one.add("/spec/ingress/0/ports/0/endPort", 65535), "allows more than one port by one entry"],
		"an entry that is null": [one.replace("/spec/ingress/0/ports/0", null), "allows more than one port by one entry"],
		"pods of every namespace": [
			one.replace("/spec/ingress/0/from/0/namespaceSelector", {}),
			"lets in pods of every namespace",
		],
		"every pod beside": [one.replace("/spec/ingress/0/from/0", {"podSelector": {}}), "lets in every pod of the namespace"],
		"nobody": [one.replace("/spec/ingress/0/from/0", {}), "lets in a peer that is nobody"],
	}
	[patch, text] := case
	found(patch) == {sprintf("N7 NetworkPolicy api: ingress rule 0 %s", [text])}
}

test_n7_flags_the_whole_cluster_both_ways if {
	found(one.replace("/spec/ingress/0/from/0", {"namespaceSelector": {}})) == {
		"N7 NetworkPolicy api: ingress rule 0 lets in pods of every namespace",
		"N7 NetworkPolicy api: ingress rule 0 lets in every pod of the cluster",
	}
}
