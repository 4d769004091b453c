# W10, one kind at a time.
package k8s.cluster_rights_test

import data.k8s.cluster_rights

messages(kind) := {found.msg |
	some found in cluster_rights.violation with input as {"review": {"object": {"kind": kind, "metadata": {"name": "a"}}}}
}

test_refuses_a[kind] if {
	some kind in ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"]
	messages(kind) == {sprintf("W10 %s a: no component needs rights in the cluster: remove it", [kind])}
}

test_accepts_an_account if messages("ServiceAccount") == set()
