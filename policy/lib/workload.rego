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

labels(pod) := object.get(pod, ["metadata", "labels"], {})

# Which part of the product a pod is, or whose an object is: by the label that NetworkPolicies select. Empty without one.
component(labelled) := object.get(labelled, ["metadata", "labels", "app.kubernetes.io/component"], "")

# Every container of a pod, those that start first and those that are put in later included.
containers(pod) := [container |
	some list in ["initContainers", "containers", "ephemeralContainers"]
	some container in pod.spec[list]
]

# Those that may have resources and probes: one that is put in later may not.
lasting_containers(pod) := [container |
	some list in ["initContainers", "containers"]
	some container in pod.spec[list]
]

volumes(pod) := [volume | some volume in pod.spec.volumes]

# A setting of security as it holds for a container: its own, else the pod's; null where neither says it.
effective(pod, container, setting) := own if {
	own := object.get(container, ["securityContext", setting], null)
	own != null
} else := object.get(pod, ["spec", "securityContext", setting], null)
