# W6, one setting at a time.
package k8s.service_account_test

import data.k8s.service_account

good := {
	"kind": "Job",
	"metadata": {"name": "collector"},
	"spec": {"template": {"spec": {
		"serviceAccountName": "collector",
		"automountServiceAccountToken": false,
		"enableServiceLinks": false,
		"volumes": [{"name": "identity", "projected": {"sources": [
			{"serviceAccountToken": {"audience": "sts", "expirationSeconds": 3600, "path": "token"}},
			{"configMap": {"name": "config"}},
		]}}],
	}}},
}

pod := "/spec/template/spec"

token := "/spec/template/spec/volumes/0/projected/sources/0/serviceAccountToken"

messages(resource) := {found.msg |
	some found in service_account.violation with input as {"review": {"object": resource}}
}

test_accepts_a_token_for_somebody_else if messages(good) == set()

test_accepts_an_account_without_a_token if {
	messages({"kind": "ServiceAccount", "metadata": {"name": "a"}, "automountServiceAccountToken": false}) == set()
}

test_accepts_the_account_that_every_namespace_has if {
	messages({"kind": "ServiceAccount", "metadata": {"name": "default"}}) == set()
}

test_accepts_what_makes_no_pods if messages({"kind": "ConfigMap"}) == set()

test_refuses[note] if {
	some note, [patch, text] in {
		"a token": [{"op": "replace", "path": sprintf("%s/automountServiceAccountToken", [pod]), "value": true}, "automountServiceAccountToken must be false"],
		"a token that is not refused": [{"op": "remove", "path": sprintf("%s/automountServiceAccountToken", [pod])}, "automountServiceAccountToken must be false"],
		"variables of every Service": [{"op": "remove", "path": sprintf("%s/enableServiceLinks", [pod])}, "enableServiceLinks must be false"],
		"no account": [{"op": "remove", "path": sprintf("%s/serviceAccountName", [pod])}, "serviceAccountName must name an account of its own"],
		"everybody's account": [{"op": "replace", "path": sprintf("%s/serviceAccountName", [pod]), "value": "default"}, "serviceAccountName must name an account of its own"],
		"a token for the cluster": [{"op": "remove", "path": sprintf("%s/audience", [token])}, "the token of volume identity must have an audience"],
		"a token that lasts": [{"op": "replace", "path": sprintf("%s/expirationSeconds", [token]), "value": 86401}, "the token of volume identity must end after 86400 s"],
	}
	messages(json.patch(good, [patch])) == {sprintf("W6 Job collector: %s", [text])}
}

test_refuses_an_account_with_a_token if {
	messages({"kind": "ServiceAccount", "metadata": {"name": "a"}}) == {"W6 ServiceAccount a: automountServiceAccountToken must be false"}
}
