# Hands each object to the policies that judge one. Generated from the policies by `npm run generate`: change those.
package main

import data.lib.documents

resources := documents.resources(input)

violation contains v if {
	some resource in resources
	review := {"review": {"object": resource}, "parameters": data.params.cilium}
	some v in data.k8s.cilium.violation with input as review
}

violation contains {"msg": "there are no parameters for cilium"} if not data.params.cilium

violation contains v if {
	some resource in resources
	review := {"review": {"object": resource}, "parameters": data.params.cluster_rights}
	some v in data.k8s.cluster_rights.violation with input as review
}

violation contains {"msg": "there are no parameters for cluster_rights"} if not data.params.cluster_rights

violation contains v if {
	some resource in resources
	review := {"review": {"object": resource}, "parameters": data.params.cronjob_bounds}
	some v in data.k8s.cronjob_bounds.violation with input as review
}

violation contains {"msg": "there are no parameters for cronjob_bounds"} if not data.params.cronjob_bounds

violation contains v if {
	some resource in resources
	review := {"review": {"object": resource}, "parameters": data.params.exposure}
	some v in data.k8s.exposure.violation with input as review
}

violation contains {"msg": "there are no parameters for exposure"} if not data.params.exposure

violation contains v if {
	some resource in resources
	review := {"review": {"object": resource}, "parameters": data.params.image_reference}
	some v in data.k8s.image_reference.violation with input as review
}

violation contains {"msg": "there are no parameters for image_reference"} if not data.params.image_reference

violation contains v if {
	some resource in resources
	review := {"review": {"object": resource}, "parameters": data.params.netpol_blocks}
	some v in data.k8s.netpol_blocks.violation with input as review
}

violation contains {"msg": "there are no parameters for netpol_blocks"} if not data.params.netpol_blocks

violation contains v if {
	some resource in resources
	review := {"review": {"object": resource}, "parameters": data.params.netpol_egress}
	some v in data.k8s.netpol_egress.violation with input as review
}

violation contains {"msg": "there are no parameters for netpol_egress"} if not data.params.netpol_egress

violation contains v if {
	some resource in resources
	review := {"review": {"object": resource}, "parameters": data.params.netpol_ingress}
	some v in data.k8s.netpol_ingress.violation with input as review
}

violation contains {"msg": "there are no parameters for netpol_ingress"} if not data.params.netpol_ingress

violation contains v if {
	some resource in resources
	review := {"review": {"object": resource}, "parameters": data.params.netpol_peers}
	some v in data.k8s.netpol_peers.violation with input as review
}

violation contains {"msg": "there are no parameters for netpol_peers"} if not data.params.netpol_peers

violation contains v if {
	some resource in resources
	review := {"review": {"object": resource}, "parameters": data.params.netpol_ports}
	some v in data.k8s.netpol_ports.violation with input as review
}

violation contains {"msg": "there are no parameters for netpol_ports"} if not data.params.netpol_ports

violation contains v if {
	some resource in resources
	review := {"review": {"object": resource}, "parameters": data.params.netpol_types}
	some v in data.k8s.netpol_types.violation with input as review
}

violation contains {"msg": "there are no parameters for netpol_types"} if not data.params.netpol_types

violation contains v if {
	some resource in resources
	review := {"review": {"object": resource}, "parameters": data.params.pod_isolation}
	some v in data.k8s.pod_isolation.violation with input as review
}

violation contains {"msg": "there are no parameters for pod_isolation"} if not data.params.pod_isolation

violation contains v if {
	some resource in resources
	review := {"review": {"object": resource}, "parameters": data.params.pod_resources}
	some v in data.k8s.pod_resources.violation with input as review
}

violation contains {"msg": "there are no parameters for pod_resources"} if not data.params.pod_resources

violation contains v if {
	some resource in resources
	review := {"review": {"object": resource}, "parameters": data.params.pod_security}
	some v in data.k8s.pod_security.violation with input as review
}

violation contains {"msg": "there are no parameters for pod_security"} if not data.params.pod_security

violation contains v if {
	some resource in resources
	review := {"review": {"object": resource}, "parameters": data.params.probes}
	some v in data.k8s.probes.violation with input as review
}

violation contains {"msg": "there are no parameters for probes"} if not data.params.probes

violation contains v if {
	some resource in resources
	review := {"review": {"object": resource}, "parameters": data.params.secret_data}
	some v in data.k8s.secret_data.violation with input as review
}

violation contains {"msg": "there are no parameters for secret_data"} if not data.params.secret_data

violation contains v if {
	some resource in resources
	review := {"review": {"object": resource}, "parameters": data.params.secret_references}
	some v in data.k8s.secret_references.violation with input as review
}

violation contains {"msg": "there are no parameters for secret_references"} if not data.params.secret_references

violation contains v if {
	some resource in resources
	review := {"review": {"object": resource}, "parameters": data.params.secret_variables}
	some v in data.k8s.secret_variables.violation with input as review
}

violation contains {"msg": "there are no parameters for secret_variables"} if not data.params.secret_variables

violation contains v if {
	some resource in resources
	review := {"review": {"object": resource}, "parameters": data.params.secret_volumes}
	some v in data.k8s.secret_volumes.violation with input as review
}

violation contains {"msg": "there are no parameters for secret_volumes"} if not data.params.secret_volumes

violation contains v if {
	some resource in resources
	review := {"review": {"object": resource}, "parameters": data.params.service_account}
	some v in data.k8s.service_account.violation with input as review
}

violation contains {"msg": "there are no parameters for service_account"} if not data.params.service_account
