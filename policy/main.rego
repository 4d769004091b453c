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
