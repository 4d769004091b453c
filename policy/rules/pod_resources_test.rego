# W5, one quantity at a time.
package k8s.pod_resources_test

import data.k8s.pod_resources

good := {
	"kind": "Job",
	"metadata": {"name": "migrate"},
	"spec": {"template": {"spec": {"containers": [{
		"name": "migrate",
		"resources": {"requests": {"cpu": "50m", "memory": "96Mi"}, "limits": {"memory": "256Mi"}},
	}]}}},
}

container := "/spec/template/spec/containers/0"

messages(patches) := {found.msg |
	resource := json.patch(good, patches)
	some found in pod_resources.violation with input as {"review": {"object": resource}}
}

test_accepts_requests_and_a_limit_of_memory if messages([]) == set()

test_refuses_a_container_without[quantity] if {
	some quantity in ["requests/cpu", "requests/memory", "limits/memory"]
	some patches in [
		[{"op": "remove", "path": sprintf("%s/resources/%s", [container, quantity])}],
		[{"op": "replace", "path": sprintf("%s/resources/%s", [container, quantity]), "value": ""}],
	]
	messages(patches) == {sprintf("W5 Job migrate, container migrate: resources.%s must be set", [replace(quantity, "/", ".")])}
}

test_refuses_an_init_container_without_any if {
	patches := [{"op": "add", "path": "/spec/template/spec/initContainers", "value": [{"name": "wait"}]}]
	messages(patches) == {
		"W5 Job migrate, container wait: resources.requests.cpu must be set",
		"W5 Job migrate, container wait: resources.requests.memory must be set",
		"W5 Job migrate, container wait: resources.limits.memory must be set",
	}
}

# Kubernetes refuses one that has resources.
test_accepts_an_ephemeral_container_without_any if {
	messages([{"op": "add", "path": "/spec/template/spec/ephemeralContainers", "value": [{"name": "debug"}]}]) == set()
}
