# W9, one probe at a time.
package k8s.probes_test

import data.k8s.probes

good := {
	"kind": "Deployment",
	"metadata": {"name": "api"},
	"spec": {
		"template": {"spec": {
			"initContainers": [
				{"name": "once"},
				{
					"name": "auth-proxy",
					"restartPolicy": "Always",
					"readinessProbe": {"httpGet": {"path": "/ready", "port": "proxy"}, "periodSeconds": 5},
					"livenessProbe": {"httpGet": {"path": "/ping", "port": "proxy"}},
				},
			],
			"containers": [{
				"name": "api",
				"readinessProbe": {"httpGet": {"path": "/readyz", "port": "ops"}},
				"livenessProbe": {"httpGet": {"path": "/healthz", "port": "ops"}},
			}],
		}},
	},
}

pod := "/spec/template/spec"

messages(patches) := {found.msg |
	resource := json.patch(good, patches)
	some found in probes.violation with input as {"review": {"object": resource}}
}

test_accepts[note] if {
	some note, patches in {
		"two questions": [],
		"another kind": [
			{"op": "replace", "path": "/kind", "value": "Job"},
			{"op": "remove", "path": sprintf("%s/containers/0/readinessProbe", [pod])},
		],
	}
	messages(patches) == set()
}

test_refuses[note] if {
	some note, [patch, text] in {
		"no question whether it serves": [{"op": "remove", "path": sprintf("%s/containers/0/readinessProbe", [pod])}, ", container api: readinessProbe must be set"],
		"no question whether it lives": [{"op": "remove", "path": sprintf("%s/containers/0/livenessProbe", [pod])}, ", container api: livenessProbe must be set"],
		"one question for both": [{"op": "replace", "path": sprintf("%s/containers/0/livenessProbe/httpGet/path", [pod]), "value": "/readyz"}, ", container api: readinessProbe and livenessProbe must not ask the same"],
		"one question, by a port's number": [{"op": "replace", "path": sprintf("%s/containers/0/livenessProbe/httpGet", [pod]), "value": {"path": "/readyz", "port": 9090}}, ", container api: readinessProbe and livenessProbe must not ask the same"],
		"one socket for both": [{"op": "replace", "path": sprintf("%s/containers/0", [pod]), "value": {"name": "api", "readinessProbe": {"grpc": {"port": 1}}, "livenessProbe": {"grpc": {"port": 1}}}}, ", container api: readinessProbe and livenessProbe must not ask the same"],
		"a sidecar that nobody asks": [{"op": "remove", "path": sprintf("%s/initContainers/1/livenessProbe", [pod])}, ", container auth-proxy: livenessProbe must be set"],
		"a sidecar with one question": [{"op": "replace", "path": sprintf("%s/initContainers/1/livenessProbe/httpGet/path", [pod]), "value": "/ready"}, ", container auth-proxy: readinessProbe and livenessProbe must not ask the same"],
	}
	messages([patch]) == {sprintf("W9 Deployment api%s", [text])}
}
