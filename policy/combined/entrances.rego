# METADATA
# title: A way in leads to the Service of its own component.
# custom:
#   kinds:
#     - {apiGroups: [networking.k8s.io], kinds: [Ingress]}
#     - {apiGroups: [gateway.networking.k8s.io], kinds: [HTTPRoute]}
#   inventory: [{groups: [""], versions: [v1], kinds: [Service]}]
#   rules:
#     W11: A host name of the API that leads to another Service hands its users and their sessions to that one.
package k8s.entrances

import data.lib.report
import data.lib.routes
import data.lib.siblings
import data.lib.workload

resource := input.review.object

violation contains report.about(resource, "W11", text) if {
	some name in routes.services(resource)
	own := own_services
	not name in own
	text := sprintf("it leads to the Service %s, which is none of the component %q", [name, workload.component(resource)])
}

own_services := {service.metadata.name |
	some service in siblings.of_kind(resource, "v1", "Service")
	workload.component(service) == workload.component(resource)
}
