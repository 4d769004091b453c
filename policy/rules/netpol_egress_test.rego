# N1 and N2: what an egress rule may leave out, and what not.
package k8s.netpol_egress_test

import data.k8s.netpol_egress
import data.lib.patch_test as one

good := yaml.unmarshal(`
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: api }
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
    - to: [{ podSelector: { matchLabels: { app: database } } }]
      ports: [{ protocol: TCP, port: 5432 }]
`)

found(patch) := {v.msg | some v in netpol_egress.violation with input.review.object as json.patch(good, patch)}

test_accepts[what] if {
	some what, patch in {
		"peers and ports": one.none,
		"deny-all by an empty list": one.replace("/spec/egress", []),
		"deny-all by null": one.replace("/spec/egress", null),
		"deny-all by no list": one.remove("/spec/egress"),
		"a kind of that name from elsewhere": one.replace("/apiVersion", "crd.projectcalico.org/v1"),
		"another kind": one.replace("/kind", "Service"),
	}
	found(patch) == set()
}

test_n1_flags[what] if {
	some what, patch in {
		"an empty rule": one.replace("/spec/egress/0", {}),
		"a rule that is null": one.replace("/spec/egress/0", null),
	}
	found(patch) == {"N1 NetworkPolicy api: egress rule 0 is empty and allows everything"}
}

test_n2_flags_a_rule_without[what] if {
	some what, patch in {
		"peers": one.remove("/spec/egress/0/to"),
		"ports": one.remove("/spec/egress/0/ports"),
		"any in its list of peers": one.replace("/spec/egress/0/to", []),
		"any in its list of ports": one.replace("/spec/egress/0/ports", []),
		"more than null for peers": one.replace("/spec/egress/0/to", null),
		"more than null for ports": one.replace("/spec/egress/0/ports", null),
	}
	some field in ["peers", "ports"]
	found(patch) == {sprintf("N2 NetworkPolicy api: egress rule 0 names no %s: any is allowed", [field])}
	contains(what, field)
}

test_n2_flags_both_when_both_are_missing if {
	count(found(one.replace("/spec/egress/0", {"ports": []}))) == 2
}

test_n2_flags_an_entry_of_ports_with[what] if {
	some what, patch in {
		"a protocol alone": one.remove("/spec/egress/0/ports/0/port"),
		"nothing": one.replace("/spec/egress/0/ports/0", {}),
		"null": one.replace("/spec/egress/0/ports/0", null),
		"a name": one.replace("/spec/egress/0/ports/0/port", "postgres"),
		"an end": one.add("/spec/egress/0/ports/0/endPort", 65535),
	}
	found(patch) == {"N2 NetworkPolicy api: egress rule 0 has an entry of ports that is not one number"}
}

test_tells_which_rule if {
	some violation in netpol_egress.violation with input.review.object as json.patch(good, one.replace("/spec/egress/0", {}))
	violation.details == {"rule": "N1", "kind": "NetworkPolicy", "name": "api"}
}
