# S4, one entry at a time.
package k8s.secret_data_test

import data.k8s.secret_data

messages(resource) := {found.msg |
	some found in secret_data.violation with input as {"review": {"object": object.union({"metadata": {"name": "a"}}, resource)}}
}

test_refuses_a_secret if {
	messages({"kind": "Secret"}) == {"S4 Secret a: make it in the cluster, or let an ExternalSecret do that: a manifest is no place for a secret"}
}

test_accepts[note] if {
	some note, resource in {
		"configuration": {"kind": "ConfigMap", "data": {"api.yaml": "url: postgres://api@db/inventory"}},
		"other bytes": {"kind": "ConfigMap", "binaryData": {"logo": base64.encode("PNG")}},
		"nothing": {"kind": "ConfigMap", "data": null},
		"another kind": {"kind": "Other", "data": {"token": "https://a:b@c"}},
	}
	messages(resource) == set()
}

test_refuses_what_looks_like_one[note] if {
	some note, entries in {
		"text": {"data": {"api.yaml": "url: postgres://api:pw@db/inventory"}},
		"bytes": {"binaryData": {"api.yaml": base64.encode("url: postgres://api:pw@db/inventory")}},
	}
	messages(object.union({"kind": "ConfigMap"}, entries)) == {"S4 ConfigMap a: api.yaml holds what looks like a secret: keep it in a Secret"}
}

test_refuses_what_is_named_like_one if {
	messages({"kind": "ConfigMap", "data": {"db_password": "x"}}) == {"S4 ConfigMap a: db_password is named like a secret: keep it in a Secret, or name it otherwise if it is none"}
}
