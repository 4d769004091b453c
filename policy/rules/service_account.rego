# W6: no pod can speak to the cluster: it is given no token, only one made for somebody else where it needs that.
package k8s.service_account

import data.lib.report
import data.lib.workload

longest_seconds := 3600

violation contains report.on("W6", input.review.object, text) if some text in faults

resource := input.review.object

spec := workload.spec(resource)

makes_pods if workload.pod(resource)

faults contains "automountServiceAccountToken must be false" if {
	makes_pods
	object.get(spec, "automountServiceAccountToken", true) != false
}

faults contains "automountServiceAccountToken must be false" if {
	resource.kind == "ServiceAccount"
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
	some volume in workload.volumes(resource)
	some source in object.get(volume, ["projected", "sources"], [])
	"serviceAccountToken" in object.keys(source)
	object.get(source, ["serviceAccountToken", "audience"], "") in {null, ""}
}

faults contains sprintf("the token of volume %s must end after %d s", [volume.name, longest_seconds]) if {
	some volume in workload.volumes(resource)
	some source in object.get(volume, ["projected", "sources"], [])
	object.get(source, ["serviceAccountToken", "expirationSeconds"], 0) > longest_seconds
}
