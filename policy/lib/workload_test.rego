# Pods are found in whatever makes them.
package lib.workload_test

import data.lib.workload

template := {
	"metadata": {"labels": {"app.kubernetes.io/component": "api"}},
	"spec": {
		"securityContext": {"runAsUser": 2, "runAsGroup": 3},
		"initContainers": [{"name": "first"}],
		"containers": [{"name": "main", "securityContext": {"runAsUser": 1}}],
		"ephemeralContainers": [{"name": "debug"}],
		"volumes": [{"name": "config"}],
	},
}

resources := {
	"Pod": object.union(template, {"kind": "Pod"}),
	"Deployment": {"kind": "Deployment", "spec": {"template": template}},
	"StatefulSet": {"kind": "StatefulSet", "spec": {"template": template}},
	"DaemonSet": {"kind": "DaemonSet", "spec": {"template": template}},
	"ReplicaSet": {"kind": "ReplicaSet", "spec": {"template": template}},
	"Job": {"kind": "Job", "spec": {"template": template}},
	"CronJob": {"kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": template}}}},
}

test_finds_everything_in_a[kind] if {
	some kind, resource in resources
	workload.component(resource) == "api"
	[container.name | some container in workload.containers(resource)] == ["first", "main", "debug"]
	[container.name | some container in workload.lasting_containers(resource)] == ["first", "main"]
	workload.volumes(resource) == [{"name": "config"}]
}

test_takes_the_container_s_word_before_the_pod_s if {
	resource := resources.Pod
	main := resource.spec.containers[0]
	workload.effective(resource, main, "runAsUser") == 1
	workload.effective(resource, main, "runAsGroup") == 3
	workload.effective(resource, main, "runAsNonRoot") == null
}

test_finds_no_pod_elsewhere if {
	resource := {"kind": "ConfigMap", "spec": {"template": template}}
	not workload.pod(resource)
	workload.containers(resource) == []
	workload.lasting_containers(resource) == []
	workload.volumes(resource) == []
}

test_bears_a_pod_with_nothing_in_it[note] if {
	some note, resource in {
		"no template": {"kind": "Deployment", "spec": {}},
		"no spec": {"kind": "Pod"},
		"null": {"kind": "Pod", "metadata": null, "spec": {"containers": null, "volumes": null}},
	}
	workload.containers(resource) == []
	workload.volumes(resource) == []
}

test_has_no_component_without_a_label if {
	workload.component({"kind": "Pod", "metadata": {"labels": null}}) == ""
}
