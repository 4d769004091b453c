# S3, one reference at a time.
package k8s.secret_references_test

import data.k8s.secret_references

parameters := {"components": {"api": ["api-database", "api-session"], "ingest": ["ingest-database"]}}

pod(component, name) := {
	"kind": "Pod",
	"metadata": {"name": "a", "labels": {"app.kubernetes.io/component": component}},
	"spec": {"volumes": [{"name": "database", "secret": {"secretName": name}}]},
}

account(component, list, name) := {
	"kind": "ServiceAccount",
	"metadata": {"name": "a", "labels": {"app.kubernetes.io/component": component}},
	list: [{"name": name}],
}

messages(resource) := {found.msg |
	some found in secret_references.violation with input as {"review": {"object": resource}, "parameters": parameters}
}

test_accepts_its_own[name] if {
	some name in ["api-database", "api-session"]
	messages(pod("api", name)) == set()
	messages(account("api", "imagePullSecrets", name)) == set()
}

test_refuses_another_s if {
	messages(pod("api", "ingest-database")) == {`S3 Pod a: the Secret "ingest-database" is none of the component "api": api-database, api-session`}
}

test_refuses_any_for[component] if {
	some component in ["unknown", ""]
	messages(pod(component, "api-database")) == {sprintf(`S3 Pod a: the Secret "api-database" is none of the component %q: `, [component])}
}

test_refuses_another_s_for_the_account[list] if {
	some list in ["secrets", "imagePullSecrets"]
	messages(account("ingest", list, "api-database")) == {`S3 ServiceAccount a: the Secret "api-database" is none of the component "ingest": ingest-database`}
}

test_refuses_any_for_an_account_of_nobody if {
	count(messages({"kind": "ServiceAccount", "metadata": {"name": "a"}, "secrets": [{"name": "api-database"}]})) == 1
}

test_says_that_it_was_told_nothing if {
	{"msg": "there are no parameters for secret_references"} in secret_references.violation with input as {"review": {"object": {"kind": "ConfigMap"}}}
}
