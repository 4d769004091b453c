# W4: no pod reaches into its node, and none keeps anything: volumes are configuration, secrets and bounded scratch space.
package k8s.pod_isolation

import data.lib.report
import data.lib.workload

violation contains report.on("W4", input.review.object, text) if some text in faults

violation contains report.on_container("W4", input.review.object, container, text) if {
	some [container, text] in container_faults
}

spec := workload.spec(input.review.object)

allowed_sources := {"configMap", "secret", "projected", "emptyDir"}

faults contains sprintf("%s must not be set", [setting]) if {
	some setting in ["hostNetwork", "hostPID", "hostIPC"]
	not object.get(spec, setting, false) in {false, null}
}

faults contains sprintf("volume %s must be one of %s", [volume.name, concat(", ", sort(allowed_sources))]) if {
	some volume in workload.volumes(input.review.object)
	sources := object.keys(volume) - {"name"}
	not is_allowed(sources)
}

faults contains sprintf("emptyDir %s must have a sizeLimit", [volume.name]) if {
	some volume in workload.volumes(input.review.object)
	"emptyDir" in object.keys(volume)
	object.get(volume, ["emptyDir", "sizeLimit"], null) == null
}

faults contains "volumeClaimTemplates must be empty: what is kept is kept in PostgreSQL" if {
	input.review.object.kind == "StatefulSet"
	not object.get(input.review.object, ["spec", "volumeClaimTemplates"], null) in {null, []}
}

faults contains "nothing is kept in the cluster: use PostgreSQL" if {
	input.review.object.kind == "PersistentVolumeClaim"
}

container_faults contains [container, "hostPort must not be set"] if {
	some container in workload.containers(input.review.object)
	some port in object.get(container, "ports", [])
	not object.get(port, "hostPort", 0) in {0, null}
}

# Every replica would have a database of its own, and lose it with its pod.
container_faults contains [container, sprintf("emptyDir %s is scratch space: mount it at /tmp", [volume.name])] if {
	some volume in workload.volumes(input.review.object)
	"emptyDir" in object.keys(volume)
	some container in workload.containers(input.review.object)
	some mount in object.get(container, "volumeMounts", [])
	mount.name == volume.name
	not is_scratch(mount)
}

container_faults contains [container, sprintf("%s must be the address of a PostgreSQL server: a file is lost with its pod", [variable.name])] if {
	some container in workload.containers(input.review.object)
	some variable in object.get(container, "env", [])
	variable.name in {"DB_PATH", "DATABASE_URL"}
	value := object.get(variable, "value", null)
	is_string(value)
	not regex.match(`^postgres(ql)?://`, value)
}

is_allowed(sources) if {
	count(sources) == 1
	count(sources - allowed_sources) == 0
}

is_scratch(mount) if regex.match(`^/tmp(/[^.][^/]*)*/?$`, mount.mountPath)
