# W10: nothing of the product has rights in the cluster.
package k8s.cluster_rights

import data.lib.report

violation contains report.on("W10", input.review.object, "no component needs rights in the cluster: remove it") if {
	input.review.object.kind in {"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"}
}
