# METADATA
# title: No pod can speak to the cluster.
# custom:
#   kinds:
#     - {apiGroups: [""], kinds: [Pod, PodTemplate, ReplicationController, ServiceAccount]}
#     - {apiGroups: [apps], kinds: [Deployment, StatefulSet, DaemonSet, ReplicaSet]}
#     - {apiGroups: [batch], kinds: [Job, CronJob]}
#   rules:
#     W6: A token that nobody needs is one that somebody finds. A pod may have a token for somebody else, with an audience and an end.
package k8s.service_account

import data.lib.report
import data.lib.workload

# What the webhooks of EKS ask for.
longest_seconds := 86400

pod := workload.template(input.review.object)

violation contains report.about(input.review.object, "W6", text) if some text in faults

resource := input.review.object

spec := pod.spec

makes_pods if pod

faults contains "automountServiceAccountToken must be false" if {
	makes_pods
	object.get(spec, "automountServiceAccountToken", true) != false
}

faults contains "automountServiceAccountToken must be false" if {
	resource.kind == "ServiceAccount"

	# The cluster makes it in every namespace, and no pod may use it.
	resource.metadata.name != "default"
	object.get(resource, "automountServiceAccountToken", true) != false
}

faults contains "enableServiceLinks must be false" if {
	makes_pods
	object.get(spec, "enableServiceLinks", true) != false
}

faults contains "serviceAccountName must name an account of its own" if {
	makes_pods
	object.get(spec, "serviceAccountName", "") in {null, "", "default"}
}

# Without an audience it is a token for the cluster's own API.
faults contains sprintf("the token of volume %s must have an audience", [volume.name]) if {
	some volume in workload.volumes(pod)
	some source in volume.projected.sources
	"serviceAccountToken" in object.keys(source)
	object.get(source, ["serviceAccountToken", "audience"], "") in {null, ""}
}

faults contains sprintf("the token of volume %s must end after %d s", [volume.name, longest_seconds]) if {
	some volume in workload.volumes(pod)
	some source in volume.projected.sources
	object.get(source, ["serviceAccountToken", "expirationSeconds"], 0) > longest_seconds
}
