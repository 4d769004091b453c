# W1: an image comes from a known registry and is named by its digest, for a tag can be moved.
package k8s.image_reference

import data.lib.report
import data.lib.workload

violation contains report.on_container("W1", input.review.object, container, text) if {
	some container in workload.containers(input.review.object)
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
