# The pods that an object makes, whatever its kind: rules that look at kind Pod alone would see a workload only once it runs.
package lib.workload

# Metadata and spec of its pods. Undefined for an object that makes none.
template(resource) := resource if resource.kind == "Pod"

template(resource) := resource.spec.jobTemplate.spec.template if resource.kind == "CronJob"

template(resource) := resource.template if resource.kind == "PodTemplate"

template(resource) := resource.spec.template if {
	resource.kind in {
		"DaemonSet",
		"Deployment",
		"Job",
		"ReplicaSet",
		"ReplicationController",
		"StatefulSet",
	}
}

# Every container of a pod, those that start first and those that are put in later included.
containers(pod) := [container |
	some list in ["initContainers", "containers", "ephemeralContainers"]
	some container in pod.spec[list]
]

labels(pod) := object.get(pod, ["metadata", "labels"], {})
