# The pods of each kind.
package lib.workload_test

import data.lib.workload

pod := {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [{"name": "main"}]}}

test_finds_the_pods_of[kind] if {
	some kind in [
		"DaemonSet",
		"Deployment",
		"Job",
		"ReplicaSet",
		"ReplicationController",
		"StatefulSet",
	]
	workload.template({"kind": kind, "spec": {"template": pod}}) == pod
}

test_finds_the_pods_of_a_cron_job if {
	workload.template({"kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": pod}}}}) == pod
}

test_finds_the_pods_of_a_pod_template if {
	workload.template({"kind": "PodTemplate", "template": pod}) == pod
}

test_a_pod_is_its_own_template if {
	own := object.union(pod, {"kind": "Pod"})
	workload.template(own) == own
}

test_other_kinds_have_no_pods if {
	service := {"kind": "Service", "spec": {"template": pod}}
	not workload.template(service)
}

test_finds_every_container if {
	many := {"spec": {
		"initContainers": [{"name": "first"}],
		"containers": [{"name": "main"}],
		"ephemeralContainers": [{"name": "debug"}],
	}}
	[container.name | some container in workload.containers(many)] == ["first", "main", "debug"]
}

test_pods_without_labels_have_none if {
	workload.labels({"spec": {}}) == {}
	workload.labels(pod) == {"app": "x"}
}
