# METADATA
# title: A Deployment is asked two questions, whether it lives and whether it can serve.
# custom:
#   kinds: [{apiGroups: [apps], kinds: [Deployment]}]
#   rules:
#     W9: With one question for both, a database that is away restarts every replica.
package k8s.probes

import data.lib.report
import data.lib.workload

pod := workload.template(input.review.object)

violation contains report.about_container(input.review.object, container, "W9", text) if {
	input.review.object.kind == "Deployment"
	some [container, text] in container_faults
}

serving := [container | some container in pod.spec.containers]

# An init container that is not restarted has ended before anybody asks.
sidecars := [container |
	some container in pod.spec.initContainers
	object.get(container, "restartPolicy", null) == "Always"
]

container_faults contains [container, sprintf("%s must be set", [probe])] if {
	some container in array.concat(serving, sidecars)
	some probe in ["readinessProbe", "livenessProbe"]
	object.get(container, probe, null) == null
}

container_faults contains [container, "readinessProbe and livenessProbe must not ask the same"] if {
	some container in array.concat(serving, sidecars)
	question(container.readinessProbe) == question(container.livenessProbe)
}

question(probe) := ["GET", object.get(probe.httpGet, "path", "/")] if probe.httpGet

else := {kind: value | some kind, value in probe; kind in {"tcpSocket", "grpc", "exec"}}
