# W9: a Deployment is asked two different questions, whether it lives and whether it can serve, and its replicas do not stand on one node.
package k8s.deployment_availability

import data.lib.report
import data.lib.workload

violation contains report.on("W9", input.review.object, text) if {
	input.review.object.kind == "Deployment"
	some text in faults
}

violation contains report.on_container("W9", input.review.object, container, text) if {
	input.review.object.kind == "Deployment"
	some [container, text] in container_faults
}

# An init container that is not restarted has ended before anybody asks.
serving := [container |
	some container in workload.lasting_containers(input.review.object)
	not container in object.get(workload.spec(input.review.object), "initContainers", [])
]

sidecars := [container |
	some container in object.get(workload.spec(input.review.object), "initContainers", [])
	object.get(container, "restartPolicy", null) == "Always"
]

container_faults contains [container, sprintf("%s must be set", [probe])] if {
	some container in array.concat(serving, sidecars)
	some probe in ["readinessProbe", "livenessProbe"]
	object.get(container, probe, null) == null
}

# Else a database that is away restarts every replica.
container_faults contains [container, "readinessProbe and livenessProbe must not ask the same"] if {
	some container in array.concat(serving, sidecars)
	question(container.readinessProbe) == question(container.livenessProbe)
}

faults contains "topologySpreadConstraints must be set where there are several replicas" if {
	object.get(input.review.object, ["spec", "replicas"], 1) > 1
	object.get(workload.spec(input.review.object), "topologySpreadConstraints", null) in {null, []}
}

question(probe) := ["GET", object.get(probe.httpGet, "path", "/")] if probe.httpGet

else := {kind: value | some kind, value in probe; kind in {"tcpSocket", "grpc", "exec"}}
