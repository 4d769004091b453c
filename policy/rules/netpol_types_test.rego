# N6: directions that are named, and those that are not.
package k8s.netpol_types_test

import data.k8s.netpol_types
import data.lib.patch_test as one

good := yaml.unmarshal(`
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: p }
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
  ingress: [{ from: [{ podSelector: { matchLabels: { app: a } } }] }]
  egress: [{ to: [{ podSelector: { matchLabels: { app: a } } }] }]
`)

found(patch) := {v.msg | some v in netpol_types.violation with input.review.object as json.patch(good, patch)}

test_accepts[what] if {
	some what, patch in {
		"both directions": one.none,
		"one, with its rules alone": array.concat(one.replace("/spec/policyTypes", ["Egress"]), one.remove("/spec/ingress")),
		"one, with an empty list of the other": array.concat(one.replace("/spec/policyTypes", ["Egress"]), one.replace("/spec/ingress", [])),
		"another kind": array.concat(one.replace("/kind", "Service"), one.remove("/spec")),
	}
	found(patch) == set()
}

test_n6_flags_types_that_are[what] if {
	some what, patch in {
		"missing": one.remove("/spec/policyTypes"),
		"null": one.replace("/spec/policyTypes", null),
		"an empty list": one.replace("/spec/policyTypes", []),
		"missing with all the rest": one.remove("/spec"),
	}
	found(patch) == {"N6 NetworkPolicy p: policyTypes are not said"}
}

test_n6_flags_rules_that_nobody_reads[field] if {
	some field, type in {"egress": "Ingress", "ingress": "Egress"}
	some text in found(one.replace("/spec/policyTypes", [type]))
	startswith(text, sprintf("N6 NetworkPolicy p: it has %s rules, but policyTypes leave out", [field]))
}
