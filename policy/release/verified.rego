# W2, a pass of its own for who deploys a release: what is deployed are bytes whose signature was verified. Rego alone can compare digests, not verify them.
package release

import data.lib.documents
import data.lib.report
import data.lib.workload

# What `cosign verify --output json` printed, entry by entry; or a bare digest of an image that others made and somebody looked at.
digests contains entry.critical.image["docker-manifest-digest"] if some entry in data.verified

digests contains entry if {
	some entry in data.verified
	is_string(entry)
}

violation contains report.about_container(resource, container, "W2", text) if {
	some resource in documents.resources(input)
	some container in workload.containers(workload.template(resource))
	image := object.get(container, "image", "")
	not is_verified(image)
	text := sprintf("image %q is none of those that were verified", [image])
}

violation contains {"msg": "W2: nothing was verified: give data.verified"} if not data.verified

is_verified(image) if {
	[_, digest] := split(image, "@")
	digest in digests
}
