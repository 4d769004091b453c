# Pods are found in whatever makes them.
package lib.workload_test

import data.lib.workload

pod := {
	"metadata": {"labels": {"app.kubernetes.io/component": "api"}},
	"spec": {
		"securityContext": {"runAsUser": 2, "runAsGroup": 3},
		"initContainers": [{"name": "first"}],
		"containers": [{"name": "main", "securityContext": {"runAsUser": 1}}],
		"ephemeralContainers": [{"name": "debug"}],
		"volumes": [{"name": "config"}],
	},
}

test_finds_the_pods_of_a[kind] if {
	some kind in ["DaemonSet", "Deployment", "Job", "ReplicaSet", "ReplicationController", "StatefulSet"]
	workload.template({"kind": kind, "spec": {"template": pod}}) == pod
}

test_finds_the_pods_of_a_cron_job if {
	workload.template({"kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": pod}}}}) == pod
}

test_finds_the_pods_of_a_template if workload.template({"kind": "PodTemplate", "template": pod}) == pod

test_finds_the_pod_itself if {
	resource := object.union(pod, {"kind": "Pod"})
	workload.template(resource) == resource
}

test_finds_no_pods_elsewhere if not workload.template({"kind": "ConfigMap", "spec": {"template": pod}})

test_finds_everything_in_a_pod if {
	workload.labels(pod) == {"app.kubernetes.io/component": "api"}
	workload.component(pod) == "api"
	[container.name | some container in workload.containers(pod)] == ["first", "main", "debug"]
	[container.name | some container in workload.lasting_containers(pod)] == ["first", "main"]
	workload.volumes(pod) == [{"name": "config"}]
}

test_takes_the_word_of_the_container_first if {
	main := pod.spec.containers[0]
	workload.effective(pod, main, "runAsUser") == 1
	workload.effective(pod, main, "runAsGroup") == 3
	workload.effective(pod, main, "runAsNonRoot") == null
}

test_bears_a_pod_with[note] if {
	some note, bare in {
		"nothing": {},
		"null": {"metadata": null, "spec": {"containers": null, "volumes": null, "securityContext": null}},
		"null for labels": {"metadata": {"labels": null}},
	}
	workload.component(bare) == ""
	workload.containers(bare) == []
	workload.lasting_containers(bare) == []
	workload.volumes(bare) == []
	workload.effective(bare, {"securityContext": null}, "runAsUser") == null
}
