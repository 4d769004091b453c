# N3: who counts as everybody.
package k8s.netpol_peers_test

import data.k8s.netpol_peers
import data.lib.patch_test as one

good := yaml.unmarshal(`
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: api }
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
    - to:
        - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: databases } }
          podSelector: { matchLabels: { app: database } }
      ports: [{ protocol: TCP, port: 5432 }]
`)

found(peer) := {v.msg |
	some v in netpol_peers.violation with input.review.object as json.patch(good, one.replace("/spec/egress/0/to/0", peer))
}

some_labels := {"matchLabels": {"app": "database"}}

negations := {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["x"]}, {"key": "app", "operator": "Exists"}]}

test_accepts[what] if {
	some what, peer in {
		"pods of a namespace": good.spec.egress[0].to[0],
		"pods of this namespace": {"podSelector": some_labels},
		"pods by an expression": {"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["x"]}]}},
		"a namespace as a whole": {"namespaceSelector": some_labels},
		"certain pods wherever they are": {"namespaceSelector": {}, "podSelector": some_labels},
		"a block": {"ipBlock": {"cidr": "10.0.0.0/24"}},
	}
	found(peer) == set()
}

test_n3_flags_every_pod_of_the_cluster[what] if {
	some what, peer in {
		"by an empty selector": {"namespaceSelector": {}},
		"by two": {"namespaceSelector": {}, "podSelector": {}},
		"by one with empty labels": {"namespaceSelector": {"matchLabels": {}}},
		"by one with null": {"namespaceSelector": {"matchLabels": null}, "podSelector": null},
		"by negations": {"namespaceSelector": negations},
		"by negations of pods": {"namespaceSelector": {}, "podSelector": negations},
	}
	found(peer) == {"N3 NetworkPolicy api: egress rule 0 goes to every pod of the cluster"}
}

test_n3_flags_every_pod_of_the_namespace[what] if {
	some what, peer in {
		"by an empty selector": {"podSelector": {}},
		"by negations": {"podSelector": negations},
		"where the other selector is null": {"podSelector": {}, "namespaceSelector": null},
	}
	found(peer) == {"N3 NetworkPolicy api: egress rule 0 goes to every pod of the namespace"}
}

test_n3_flags_a_peer_of_nobody[what] if {
	some what, peer in {"that is empty": {}, "that is null": null, "of another kind": {"toFQDNs": []}}
	found(peer) == {"N3 NetworkPolicy api: egress rule 0 goes to a peer that is nobody"}
}

test_leaves_other_kinds_alone if {
	bad := json.patch(good, array.concat(one.replace("/spec/egress/0/to/0", {}), one.replace("/kind", "Service")))
	count(netpol_peers.violation) == 0 with input.review.object as bad
}
