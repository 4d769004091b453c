# The pods that an object makes, and what is in them.
package lib.workload

templated := {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"}

# The pod that the object is, or the template of those it makes. Undefined for what makes none.
pod(resource) := resource if resource.kind == "Pod"

pod(resource) := resource.spec.template if resource.kind in templated

pod(resource) := resource.spec.jobTemplate.spec.template if resource.kind == "CronJob"

spec(resource) := object.get(pod(resource), "spec", {})

# Which part of the product it is, by the label that NetworkPolicies select; empty for a pod without.
component(resource) := component_of(pod(resource))

component_of(labelled) := object.get(labelled, ["metadata", "labels", "app.kubernetes.io/component"], "")

# Of every kind: nothing runs in a pod that is not here.
containers(resource) := [container |
	some list in ["initContainers", "containers", "ephemeralContainers"]
	some container in object.get(spec(resource), list, [])
]

# Those that have resources and probes: an ephemeral container cannot.
lasting_containers(resource) := [container |
	some list in ["initContainers", "containers"]
	some container in object.get(spec(resource), list, [])
]

volumes(resource) := [volume | some volume in object.get(spec(resource), "volumes", [])]

# A setting of security as it holds for a container: its own, else the pod's; null where neither says it.
effective(resource, container, setting) := own if {
	own := object.get(container, ["securityContext", setting], null)
	own != null
} else := object.get(spec(resource), ["securityContext", setting], null)
