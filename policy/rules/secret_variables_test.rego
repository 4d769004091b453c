# S1 and S2, one variable at a time.
package k8s.secret_variables_test

import data.k8s.secret_variables

good := {
	"kind": "CronJob",
	"metadata": {"name": "aws"},
	"spec": {"jobTemplate": {"spec": {"template": {"spec": {"containers": [{
		"name": "collector",
		"args": ["collect", "aws"],
		"env": [
			{"name": "API_TOKEN", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}},
			{"name": "LOG_LEVEL", "value": "info"},
			{"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
		],
		"envFrom": [{"configMapRef": {"name": "settings"}}],
	}]}}}}},
}

container := "/spec/jobTemplate/spec/template/spec/containers/0"

messages(patches) := {found.msg |
	resource := json.patch(good, patches)
	some found in secret_variables.violation with input as {"review": {"object": resource}}
}

test_accepts[note] if {
	some note, patches in {
		"a reference": [],
		"where a secret is": [{"op": "add", "path": sprintf("%s/env/0", [container]), "value": {"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"}}],
		"no variable at all": [{"op": "remove", "path": sprintf("%s/env", [container])}, {"op": "remove", "path": sprintf("%s/envFrom", [container])}],
		"another kind": [{"op": "replace", "path": "/kind", "value": "ConfigMap"}, {"op": "add", "path": sprintf("%s/env/0/value", [container]), "value": "a"}],
	}
	messages(patches) == set()
}

test_refuses[note] if {
	some note, [path, value, text] in {
		"a value": ["env/0", {"name": "API_TOKEN", "value": "abc"}, "S1 CronJob aws, container collector: API_TOKEN must come from a Secret (valueFrom.secretKeyRef), or be named otherwise if it is none"],
		"a secret for the place of one": ["env/0", {"name": "API_TOKEN_FILE", "value": "abc"}, "S1 CronJob aws, container collector: API_TOKEN_FILE must come from a Secret (valueFrom.secretKeyRef), or be named otherwise if it is none"],
		"a place that is not named like one": ["env/0", {"name": "API_TOKEN", "value": "/abc"}, "S1 CronJob aws, container collector: API_TOKEN must come from a Secret (valueFrom.secretKeyRef), or be named otherwise if it is none"],
		"an empty one": ["env/0", {"name": "API_TOKEN", "value": ""}, "S1 CronJob aws, container collector: API_TOKEN must come from a Secret (valueFrom.secretKeyRef), or be named otherwise if it is none"],
		"one of a ConfigMap": ["env/0", {"name": "API_TOKEN", "valueFrom": {"configMapKeyRef": {"name": "a", "key": "b"}}}, "S1 CronJob aws, container collector: API_TOKEN must come from a Secret (valueFrom.secretKeyRef), or be named otherwise if it is none"],
		"a secret under a harmless name": ["env/1/value", "http://user:pw@proxy.example:3128", "S1 CronJob aws, container collector: LOG_LEVEL holds what looks like a secret: use valueFrom.secretKeyRef"],
		"a secret among the arguments": ["args", ["collect", "postgres://a:b@c"], "S1 CronJob aws, container collector: args holds what looks like a secret: everybody who may list processes reads it"],
		"a secret in the command": ["command", ["sh", "-c", "curl https://a:b@c"], "S1 CronJob aws, container collector: command holds what looks like a secret: everybody who may list processes reads it"],
		"a secret in what is run after the start": ["lifecycle", {"postStart": {"exec": {"command": ["sh", "-c", "curl https://a:b@c"]}}}, "S1 CronJob aws, container collector: lifecycle.postStart.exec.command holds what looks like a secret: everybody who may list processes reads it"],
		"a secret in a probe": ["livenessProbe", {"exec": {"command": ["curl", "https://a:b@c"]}}, "S1 CronJob aws, container collector: livenessProbe.exec.command holds what looks like a secret: everybody who may list processes reads it"],
		"a whole Secret": ["envFrom/0", {"secretRef": {"name": "a"}}, "S2 CronJob aws, container collector: envFrom.secretRef gives it every key of a Secret: name the keys it needs in env"],
	}
	existing := [{"op": "remove", "path": sprintf("%s/%s", [container, path])} | path in {"env/0", "envFrom/0"}]
	messages(array.concat(existing, [{"op": "add", "path": sprintf("%s/%s", [container, path]), "value": value}])) == {text}
}
