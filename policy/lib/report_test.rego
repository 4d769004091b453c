# What is told can be found: by rule, object and container, also where these have no name.
package lib.report_test

import data.lib.report

job := {"kind": "Job", "metadata": {"name": "a"}}

test_names_the_object if {
	report.about(job, "W1", "wrong") == {
		"msg": "W1 Job a: wrong",
		"details": {"rule": "W1", "kind": "Job", "name": "a"},
	}
}

test_names_the_container if {
	report.about_container(job, {"name": "b"}, "W1", "wrong") == {
		"msg": "W1 Job a, container b: wrong",
		"details": {"rule": "W1", "kind": "Job", "name": "a", "container": "b"},
	}
}

test_bears_what_has_no_name if {
	report.about_container({"kind": "Pod"}, {}, "W1", "wrong").msg == "W1 Pod without a name, container without a name: wrong"
}
