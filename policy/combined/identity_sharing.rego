# METADATA
# title: Nobody shares an identity.
# custom:
#   kinds:
#     - {apiGroups: [""], kinds: [Pod, PodTemplate, ReplicationController, ServiceAccount]}
#     - {apiGroups: [apps], kinds: [Deployment, StatefulSet, DaemonSet, ReplicaSet]}
#     - {apiGroups: [batch], kinds: [Job, CronJob]}
#   inventory:
#     - {groups: [""], versions: [v1], kinds: [Pod, PodTemplate, ReplicationController, ServiceAccount]}
#     - {groups: [apps], versions: [v1], kinds: [Deployment, StatefulSet, DaemonSet, ReplicaSet]}
#     - {groups: [batch], versions: [v1], kinds: [Job, CronJob]}
#   rules:
#     W7: A service that answers requests must not be able to read an organization. Each component has a ServiceAccount of its own, and a cloud knows that of its own collector alone.
package k8s.identity_sharing

import data.lib.report
import data.lib.siblings
import data.lib.workload

resource := input.review.object

pod := workload.template(resource)

account := object.get(pod, ["spec", "serviceAccountName"], "default")

makers := [
	["v1", ["Pod", "PodTemplate", "ReplicationController"]],
	["apps/v1", ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"]],
	["batch/v1", ["Job", "CronJob"]],
]

# The marks by which clouds know whom they may trust, each of one cloud.
marks(names) := {[cloud.component, name] |
	some name in names
	some cloud in input.parameters.clouds
	startswith(name, cloud.prefix)
}

violation contains {"msg": "there are no parameters for identity_sharing"} if not input.parameters.clouds

violation contains report.about(resource, "W7", text) if {
	some [version, kinds] in makers
	some kind in kinds
	some other in siblings.of_kind(resource, version, kind)
	neighbour := workload.template(other)
	neighbour.spec.serviceAccountName == account
	workload.component(neighbour) != workload.component(pod)
	text := sprintf("it shares the ServiceAccount %s with %s %s", [account, kind, report.name(other)])
}

violation contains report.about(resource, "W7", text) if {
	resource.kind == "ServiceAccount"
	some [component, name] in marks(object.keys(resource.metadata.annotations))
	component != workload.component(resource)
	text := sprintf("%s is for %s alone", [name, component])
}

# What an account says of itself proves nothing: it is the pods that get its rights.
violation contains report.about(resource, "W7", text) if {
	some own in siblings.of_kind(resource, "v1", "ServiceAccount")
	own.metadata.name == account
	some [component, name] in marks(object.keys(own.metadata.annotations))
	component != workload.component(pod)
	text := sprintf("its ServiceAccount %s has %s, which is for %s alone", [account, name, component])
}

violation contains report.about(resource, "W7", text) if {
	some [component, name] in marks(object.keys(workload.labels(pod)))
	component != workload.component(pod)
	text := sprintf("its pods have %s, which is for %s alone", [name, component])
}
