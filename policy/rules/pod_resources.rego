# W5: every container says what it needs, and how much memory it may have at most.
package k8s.pod_resources

import data.lib.report
import data.lib.workload

violation contains report.on_container("W5", input.review.object, container, text) if {
	some container in workload.lasting_containers(input.review.object)
	some path in [["requests", "cpu"], ["requests", "memory"], ["limits", "memory"]]
	object.get(container, array.concat(["resources"], path), null) in {null, ""}
	text := sprintf("resources.%s must be set", [concat(".", path)])
}
