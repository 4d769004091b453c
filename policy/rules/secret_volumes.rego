# METADATA
# title: 'A mounted secret is read by the pod''s own user and group alone.'
# custom:
#   kinds:
#     - {apiGroups: [""], kinds: [Pod, PodTemplate, ReplicationController]}
#     - {apiGroups: [apps], kinds: [Deployment, StatefulSet, DaemonSet, ReplicaSet]}
#     - {apiGroups: [batch], kinds: [Job, CronJob]}
#   rules:
#     S5: Others in the container do not need it, and nobody has to write it.
package k8s.secret_volumes

import data.lib.report
import data.lib.workload

# 0440: nothing of it may be exceeded, so it is bits that are compared; 0377 is the smaller number.
most_bits := 288

pod := workload.template(input.review.object)

violation contains report.about(input.review.object, "S5", text) if {
	some volume in secret_volumes
	some mode in modes(volume)
	not is_narrow(mode)
	text := sprintf("the mode of volume %s must be 0440 or narrower", [volume.name])
}

violation contains report.about_container(input.review.object, container, "S5", text) if {
	some volume in secret_volumes
	some container in workload.containers(pod)
	some mount in container.volumeMounts
	mount.name == volume.name
	object.get(mount, "readOnly", false) != true
	text := sprintf("the mount of volume %s must be readOnly", [volume.name])
}

secret_volumes contains volume if {
	some volume in workload.volumes(pod)
	object.get(volume, "secret", null) != null
}

secret_volumes contains volume if {
	some volume in workload.volumes(pod)
	some source in volume.projected.sources
	object.get(source, "secret", null) != null
}

# The volume's own, which is 0644 where it is not said, and those of its files.
modes(volume) := array.concat(
	[object.get(volume, [kind, "defaultMode"], null) | some kind in ["secret", "projected"]; volume[kind]],
	[item.mode |
		[path, item] := walk(volume)
		"items" in path
	],
)

is_narrow(mode) if {
	is_number(mode)
	bits.and(mode, bits.negate(most_bits)) == 0
}
