# METADATA
# title: An image comes from a known registry and is named by its digest.
# custom:
#   kinds:
#     - {apiGroups: [""], kinds: [Pod, PodTemplate, ReplicationController]}
#     - {apiGroups: [apps], kinds: [Deployment, StatefulSet, DaemonSet, ReplicaSet]}
#     - {apiGroups: [batch], kinds: [Job, CronJob]}
#   rules:
#     W1: A tag can be moved to other bytes, and a registry that nobody chose can serve any.
package k8s.image_reference

import data.lib.report
import data.lib.workload

pod := workload.template(input.review.object)

violation contains {"msg": "there are no parameters for image_reference"} if not input.parameters.registries

violation contains report.about_container(input.review.object, container, "W1", text) if {
	some container in workload.containers(pod)
	image := object.get(container, "image", "")
	not is_trusted(image)
	text := sprintf("image %q must be REPOSITORY@sha256:… of %s", [image, concat(", ", input.parameters.registries)])
}

is_trusted(image) if {
	some registry in input.parameters.registries
	startswith(image, concat("", [registry, "/"]))
	regex.match(
		`^[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?@sha256:[a-f0-9]{64}$`,
		substring(image, count(registry) + 1, -1),
	)
}
