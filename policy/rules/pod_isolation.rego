# METADATA
# title: No pod reaches into its node, and none keeps anything.
# custom:
#   kinds:
#     - {apiGroups: [""], kinds: [Pod, PodTemplate, ReplicationController, PersistentVolumeClaim]}
#     - {apiGroups: [apps], kinds: [Deployment, StatefulSet, DaemonSet, ReplicaSet]}
#     - {apiGroups: [batch], kinds: [Job, CronJob]}
#   rules:
#     W4: 'The node''s files, network and processes belong to every pod on it. Volumes are configuration, secrets and bounded scratch space: a database in a pod is lost with it, and every replica would have another one.'
package k8s.pod_isolation

import data.lib.report
import data.lib.workload

pod := workload.template(input.review.object)

violation contains report.about(input.review.object, "W4", text) if some text in faults

violation contains report.about_container(input.review.object, container, "W4", text) if {
	some [container, text] in container_faults
}

spec := pod.spec

allowed_sources := {"configMap", "secret", "projected", "emptyDir"}

faults contains sprintf("%s must not be set", [setting]) if {
	some setting in ["hostNetwork", "hostPID", "hostIPC"]
	value := object.get(spec, setting, false)
	not value in {false, null}
}

faults contains sprintf("volume %s must be one of %s", [volume.name, concat(", ", sort(allowed_sources))]) if {
	some volume in workload.volumes(pod)
	sources := object.keys(volume) - {"name"}
	not is_allowed(sources)
}

faults contains sprintf("emptyDir %s must have a sizeLimit", [volume.name]) if {
	some volume in workload.volumes(pod)
	"emptyDir" in object.keys(volume)
	object.get(volume, ["emptyDir", "sizeLimit"], null) == null
}

faults contains "volumeClaimTemplates must be empty: what is kept is kept in PostgreSQL" if {
	input.review.object.kind == "StatefulSet"
	claims := object.get(input.review.object, ["spec", "volumeClaimTemplates"], null)
	not claims in {null, []}
}

faults contains "nothing is kept in the cluster: use PostgreSQL" if {
	input.review.object.kind == "PersistentVolumeClaim"
}

container_faults contains [container, "hostPort must not be set"] if {
	some container in workload.containers(pod)
	some port in container.ports
	number := object.get(port, "hostPort", 0)
	not number in {0, null}
}

# Every replica would have a database of its own, and lose it with its pod.
container_faults contains [container, sprintf("emptyDir %s is scratch space: mount it at /tmp", [volume.name])] if {
	some volume in workload.volumes(pod)
	"emptyDir" in object.keys(volume)
	some container in workload.containers(pod)
	some mount in container.volumeMounts
	mount.name == volume.name
	not is_scratch(mount)
}

container_faults contains [container, sprintf("%s must be the address of a PostgreSQL server: a file is lost with its pod", [variable.name])] if {
	some container in workload.containers(pod)
	some variable in container.env
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
